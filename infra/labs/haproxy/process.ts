import { connect } from 'node:net'
import { UnderstudyError, messageOf } from '../../../src/errors.ts'
import { answersAmqp } from '../amqp-greeting.ts'
import {
  BACKEND,
  HAPROXY,
  HAPROXY_STATS,
  type HaproxyCheck,
  haproxyConfigFile,
  writeHaproxyConfiguration,
} from './config.ts'
import type { HaproxyInstallation } from './installation.ts'
import type { LabFolder } from '../lab-folder.ts'
import { lastMeaningfulLine } from '../log-lines.ts'
import { portOf } from '../processes/node-control.ts'
import { spawnProcess } from '../processes/spawn-process.ts'
import { waitUntil } from '../wait-until.ts'

const READY_WITHIN_MS = 10_000
const ANSWER_WITHIN_MS = 2_000

/**
 * Starts the lab's HAProxy, and returns once an AMQP client is answered through it and every node
 * has passed a check.
 *
 * @throws UnderstudyError `unsupported` when it ended before that, with the last meaningful line of its log;
 * `deadline` after 10 s, with the same.
 */
export async function startHaproxy(
  folder: LabFolder,
  { program }: HaproxyInstallation,
  check: HaproxyCheck,
  signal: AbortSignal,
): Promise<void> {
  writeHaproxyConfiguration(folder, check)
  // In the foreground: one process, which is the lab's own.
  const { ended } = spawnProcess(folder, HAPROXY, { file: program, args: ['-f', haproxyConfigFile(folder), '-db'] })
  let end: string | undefined
  void ended.then((how) => (end = how))
  const port = portOf(folder.read().ports, HAPROXY)
  const look = async (): Promise<true | undefined> => {
    if (end !== undefined) throw new UnderstudyError('unsupported', `it ended with ${end}`)
    if (!(await answersAmqp(port))) return undefined
    // Before its first check a server is up on trust (`UP 1/3`), and down with the first one that fails.
    const servers = await readServers(folder).catch(() => new Map<string, string>())
    return (servers.size > 0 && [...servers.values()].every((status) => status === 'UP')) || undefined
  }
  const wait = { what: 'no answer to an AMQP client from every node', withinMs: READY_WITHIN_MS, everyMs: 20, signal }
  await waitUntil(look, wait).catch(async (error: unknown) => {
    if (signal.aborted) throw error
    const said = await lastMeaningfulLine(folder.log(HAPROXY))
    const code = error instanceof UnderstudyError ? error.code : 'unsupported'
    const text = `HAProxy did not start (${messageOf(error)})${said === undefined ? '' : `: ${said}`}`
    throw new UnderstudyError(code, text, { cause: error })
  })
}

/**
 * Which nodes HAProxy hands sessions to, by its own statistics: `UP`, `DOWN`, and what it says in between, such as
 * `UP 1/3` while checks fail.
 *
 * @throws UnderstudyError `unsupported` when it does not answer within 2 s.
 */
export async function readServers(folder: LabFolder): Promise<ReadonlyMap<string, string>> {
  const answer = await askHaproxy(portOf(folder.read().ports, HAPROXY_STATS), 'show stat')
  const [head = '', ...rows] = answer.split('\n')
  const names = head.replace(/^# /, '').split(',')
  const column = (row: readonly string[], name: string): string => row[names.indexOf(name)] ?? ''
  const servers = rows
    .map((row) => row.split(','))
    .filter((row) => column(row, 'pxname') === BACKEND && column(row, 'svname') !== 'BACKEND')
  return new Map(servers.map((row) => [column(row, 'svname'), column(row, 'status')]))
}

function askHaproxy(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1' })
    const fail = (why: string): void => {
      socket.destroy()
      reject(new UnderstudyError('unsupported', `HAProxy does not tell its statistics (${why})`))
    }
    socket.setTimeout(ANSWER_WITHIN_MS, () => fail(`silence for ${ANSWER_WITHIN_MS / 1000} s`))
    socket.once('error', (error) => fail(messageOf(error)))
    socket.once('connect', () => socket.write(`${command}\n`))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
  })
}
