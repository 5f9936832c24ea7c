import { execFile, spawnSync } from 'node:child_process'
import { UnderstudyError } from '../../src/errors.ts'
import { findProgram } from '../mariadb/find-server.ts'

const WITHIN_MS = 10_000
const OPTIONS = {
  env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin', LC_ALL: 'C' },
  timeout: WITHIN_MS,
  killSignal: 'SIGKILL',
  encoding: 'utf8',
} as const

/** Where iproute2's `ip` is; undefined where it is not installed. */
export function findIp(): string | undefined {
  return findProgram(['ip'], ['/usr/sbin', '/sbin', '/usr/bin', '/bin'])
}

/**
 * Has `ip` carry out these commands in their order, in a namespace where one is named. The first that fails is
 * the last.
 *
 * @throws UnderstudyError `unsupported` with what `ip` said.
 */
export async function ip(commands: readonly string[], namespace?: string): Promise<void> {
  await run([...inside(namespace), '-batch', '-'], commands.map((command) => `${command}\n`).join(''))
}

/** What `ip` lists, in a namespace where one is named. @throws UnderstudyError `unsupported` with what it said. */
export async function ipLists(
  question: readonly string[],
  namespace?: string,
): Promise<Readonly<Record<string, unknown>>[]> {
  const answer = await run([...inside(namespace), '-4', '-json', ...question], '')
  const entries: unknown = JSON.parse(answer.trim() === '' ? '[]' : answer)
  return Array.isArray(entries) ? (entries as Readonly<Record<string, unknown>>[]) : []
}

function inside(namespace: string | undefined): string[] {
  return namespace === undefined ? [] : ['-n', namespace]
}

async function run(args: readonly string[], input: string): Promise<string> {
  const file = findIp()
  if (file === undefined) throw new UnderstudyError('unsupported', 'iproute2 (the command ip) is not installed')
  return await new Promise((resolve, reject) => {
    const child = execFile(file, args, OPTIONS, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      const said = firstLine(stderr) ?? `no answer within ${WITHIN_MS / 1000} s`
      reject(new UnderstudyError('unsupported', `ip did not do what was asked of it: ${said}`, { cause: error }))
    })
    // One that was never started has said why already.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** One command of `ip`, waited for on the spot: undefined when it went well, else what was said. */
export function ipFails(file: string, args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(file, args, OPTIONS)
  if (status === 0) return undefined
  return firstLine(stderr ?? '') ?? error?.message ?? 'ip failed'
}

function firstLine(text: string): string | undefined {
  return text.split('\n').find((line) => line.trim() !== '')
}
