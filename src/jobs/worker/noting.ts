import { isImpossible, messageOf, UnderstudyError } from '../../errors.ts'
import type { LedgerEntry } from '../ledger/ledger.ts'
import type { JobState } from '../results/results.ts'
import { Patience } from './patience.ts'
import type { Shop, Task } from './task.ts'

// What is done must be acknowledged some time, whatever is down: so long is tried before.
const IN_ALL_MS = 30_000

/**
 * What the ledger knows of a run that begins now. Without an answer nothing may be run: it is asked until it answers.
 * Undefined when the delivery has gone stale or the worker lets go meanwhile.
 */
export async function beginRun(shop: Shop, task: Task): Promise<LedgerEntry | undefined> {
  const { ledger, clock, logger } = shop.host
  // The first try is nearly always the only one.
  let patience: Patience | undefined
  for (;;) {
    try {
      const entry = await ledger.begin(task.key, shop.worker)
      task.begun = true
      return entry
    } catch (error) {
      logger.error({ jobId: task.jobId, error: messageOf(error) }, 'the ledger does not answer; the job waits for it')
    }
    if (shop.letGo.aborted || task.delivery.isStale) return undefined
    patience ??= new Patience(clock)
    await patience.wait(shop.letGo)
  }
}

/**
 * Notes that a run is finished. Where the ledger is down for longer than 30 s it is acknowledged without: another copy
 * of it comes only if that is lost too.
 */
export async function finishRun(shop: Shop, task: Task): Promise<void> {
  await insist(shop, task, 'a finished job could not be noted', () => shop.host.ledger.finish(task.key))
}

/** That start of it does not count, told once. Best effort: where it fails, the run has one start more. */
export async function interruptRun(shop: Shop, task: Task): Promise<void> {
  if (!task.begun) return
  task.begun = false
  const { ledger, logger } = shop.host
  try {
    await shop.bounds.within('the ledger', () => ledger.interrupted(task.key))
  } catch (error) {
    logger.warn({ jobId: task.jobId, error: messageOf(error) }, 'a job that was let go could not be noted as such')
  }
}

/**
 * Tells what came of a job, where somebody may want to know; given up after 30 s. Where it is what the job returned
 * that cannot be told, it is told as done without that: nobody should wait for it for ever.
 */
export async function tellOutcome(shop: Shop, task: Task, state: JobState): Promise<void> {
  const { results, logger } = shop.host
  if (results === undefined) return
  const address = { jobId: task.jobId, replyTo: task.delivery.replyTo }
  let told = state
  const tell = async (): Promise<void> => {
    try {
      await results.put(address, told)
    } catch (error) {
      if (told.kind !== 'succeeded' || told.value === undefined || !isUnkeepable(error)) throw error
      const fields = { jobId: task.jobId, error: messageOf(error) }
      logger.error(fields, 'what a job returned cannot be told; the job is told as done, without it')
      told = { ...told, value: undefined }
      await results.put(address, told)
    }
  }
  const isHopeless = (error: unknown): boolean => isImpossible(error) || isUnkeepable(error)
  await insist(shop, task, 'the outcome of a job could not be told', tell, isHopeless)
}

/** Tells how far a job is. Lost progress is no failure of the job. */
export async function tellProgress(
  { host, bounds }: Shop,
  task: Task,
  percent: number,
  message: string | undefined,
): Promise<void> {
  const { results, clock, logger } = host
  if (results === undefined) return
  const state: JobState = { kind: 'progress', percent, message, at: clock.wallTime() }
  const address = { jobId: task.jobId, replyTo: task.delivery.replyTo }
  try {
    await bounds.within('the results', () => results.put(address, state))
  } catch (error) {
    logger.warn({ jobId: task.jobId, error: messageOf(error) }, 'the progress of a job could not be told')
  }
}

/** The job that an operator sent back is done: its failure is history. */
export async function tellResolved({ host, bounds }: Shop, task: Task): Promise<void> {
  const { failures, clock, logger } = host
  const { requeues } = task.envelope
  if (failures === undefined || requeues === 0) return
  try {
    await bounds.within('the failure store', () => failures.resolved(task.jobId, requeues, clock.wallTime()))
  } catch (error) {
    logger.warn({ jobId: task.jobId, error: messageOf(error) }, 'the failure that a job made good could not be marked')
  }
}

/** A store will not take this, now or later. */
function isUnkeepable(error: unknown): boolean {
  return error instanceof UnderstudyError && error.code === 'storage' && !error.retriable
}

async function insist(
  shop: Shop,
  task: Task,
  what: string,
  action: () => Promise<void>,
  isHopeless: (error: unknown) => boolean = isImpossible,
): Promise<void> {
  const { clock, logger } = shop.host
  const until = clock.now() + IN_ALL_MS
  let patience: Patience | undefined
  for (;;) {
    try {
      await shop.bounds.within('the store', action)
      return
    } catch (error) {
      const isOver = isHopeless(error) || shop.letGo.aborted || clock.now() >= until
      const fields = { jobId: task.jobId, error: messageOf(error) }
      logger.error(fields, isOver ? `${what}; given up` : `${what}; tried again`)
      if (isOver) return
    }
    patience ??= new Patience(clock)
    await patience.wait(shop.letGo)
  }
}
