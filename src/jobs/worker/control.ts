import type { Connection } from '../../connection.ts'
import { SendError, UnderstudyError } from '../../errors.ts'
import type { Responder } from '../../request/responder.ts'
import { WORKERS_TOPIC } from '../job-host.ts'
import type { WorkerDescription } from './description.ts'
import { readDescription } from './read-description.ts'

/** What workers can be told. */
export type WorkerCommand =
  | { readonly command: 'describe' }
  /** Take nothing more from these queues, all by default. Holds until the worker ends or is told to resume. */
  | { readonly command: 'pause' | 'resume'; readonly queues?: readonly string[] }
  /** Abort this job where it runs. */
  | { readonly command: 'abort'; readonly jobId: string }

/** Which workers are asked, and for how long. */
export interface WorkersOptions {
  /** How long answers are gathered, in milliseconds: nobody knows how many there will be. Defaults to 1,000. */
  readonly wait?: number
  /** The id or the name of the one that is meant. Defaults to all. */
  readonly worker?: string
}

/** What a command may do to a worker. */
export interface Commanded {
  readonly id: string
  readonly name: string
  describe(): WorkerDescription
  pause(queues?: readonly string[]): void
  /** Resolves when it knows what is paused for all workers, so that its answer is true. Never rejects. */
  resume(queues?: readonly string[]): Promise<void>
  abort(jobId: string): number
}

const DEFAULT_WAIT_MS = 1000
const PREFETCH = 10

/** All workers of the broker that serves now, by their names: those that answer within the wait. */
export function workersOf(connection: Connection, options: WorkersOptions = {}): Promise<readonly WorkerDescription[]> {
  return tellWorkers(connection, { command: 'describe' }, options)
}

/**
 * Tells workers something, and resolves with those that have done so, as they are afterwards.
 *
 * @throws UnderstudyError `unsupported` where a broker of the list has no topics, and what sending throws.
 */
export async function tellWorkers(
  connection: Connection,
  command: WorkerCommand,
  { wait = DEFAULT_WAIT_MS, worker }: WorkersOptions = {},
): Promise<readonly WorkerDescription[]> {
  const found = new Map<string, WorkerDescription>()
  const said = { ...command, ...(worker === undefined ? {} : { worker }) }
  const gathering = connection.scatter(WORKERS_TOPIC, said, {
    timeoutMs: wait,
    persistent: false,
    expireAfterMs: Math.max(1000, wait),
  })
  try {
    for await (const reply of gathering) {
      const description = reply.kind === 'result' ? readDescription(reply) : undefined
      if (description) found.set(description.id, description)
    }
  } catch (error) {
    // Nobody listens at all.
    if (!(error instanceof SendError && error.outcome === 'returned')) throw error
  }
  return [...found.values()].toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
}

/** Has a worker do what it is told, and answer with its description. */
export function answerCommands(connection: Connection, worker: Commanded): Responder {
  return connection.respond(
    WORKERS_TOPIC,
    async (request) => {
      const { command, meant } = readCommand(request.value())
      if (meant !== undefined && meant !== worker.id && meant !== worker.name) return null
      switch (command.command) {
        case 'describe':
          break
        case 'pause':
          worker.pause(command.queues)
          break
        case 'resume':
          await worker.resume(command.queues)
          break
        case 'abort':
          worker.abort(command.jobId)
          break
      }
      return worker.describe()
    },
    { name: worker.id, persistent: false, prefetch: PREFETCH },
  )
}

/** @throws UnderstudyError `decode` for anything that is no command. */
function readCommand(value: unknown): { readonly command: WorkerCommand; readonly meant: string | undefined } {
  if (typeof value !== 'object' || value === null) throw invalid('it is no object')
  const said = value as { command?: unknown; queues?: unknown; jobId?: unknown; worker?: unknown }
  const meant = typeof said.worker === 'string' ? said.worker : undefined
  switch (said.command) {
    case 'describe':
      return { command: { command: 'describe' }, meant }
    case 'pause':
    case 'resume': {
      const { command, queues } = said
      if (queues === undefined) return { command: { command }, meant }
      if (!isTexts(queues)) throw invalid('its queues are no list of names')
      return { command: { command, queues }, meant }
    }
    case 'abort':
      if (typeof said.jobId !== 'string' || said.jobId === '') throw invalid('it names no job')
      return { command: { command: 'abort', jobId: said.jobId }, meant }
    default:
      throw invalid(`it is none of describe, pause, resume and abort`)
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function invalid(what: string): UnderstudyError {
  return new UnderstudyError('decode', `a command to workers cannot be read: ${what}`)
}
