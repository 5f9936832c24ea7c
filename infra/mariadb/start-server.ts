import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { UnderstudyError, messageOf } from '../../src/errors.ts'
import type { LabFolder } from '../labs/lab-folder.ts'
import { lastMeaningfulLine } from '../labs/log-lines.ts'
import { type StartedProcess, spawnProcess } from '../labs/processes/spawn-process.ts'
import { waitUntil } from '../labs/wait-until.ts'
import { type DatabaseLogin, withDatabase } from './connection.ts'
import type { DatabaseProgram } from './find-server.ts'

const INSTALL_WITHIN_MS = 60_000
const START_WITHIN_MS = 60_000

/**
 * Makes an empty data directory in the lab's folder.
 *
 * @throws UnderstudyError `unsupported` with the program's own last words.
 */
export async function installDatabase(folder: LabFolder, program: DatabaseProgram, signal: AbortSignal): Promise<void> {
  const started = spawnProcess(folder, 'database-install', {
    file: program.installer ?? program.server,
    args: program.flavour === 'mariadb' ? mariadbInstall(program) : mysqlInstall(folder, program),
    env: ownTemporaries(folder),
  })
  const how = await exit(folder, 'database-install', started, INSTALL_WITHIN_MS, signal)
  if (how !== 'code 0' || !existsSync(folder.at('database', 'mysql'))) {
    const what = `${program.product} could not make its data directory (${how})`
    // Behind its error it says at length where to look and whom to ask.
    const said = await firstError(folder.log('database-install'))
    throw said === undefined
      ? await failure(folder, 'database-install', what)
      : new UnderstudyError('unsupported', `${what}: ${said}`)
  }
}

/**
 * Starts the server for the first time and returns once it lets `login` in. `setup` is run by the server itself
 * before it listens to anybody; it must create that user. `more` are arguments for this start alone.
 *
 * @throws UnderstudyError `unsupported` with the server's own last words.
 */
export async function startNewDatabase(
  folder: LabFolder,
  program: DatabaseProgram,
  login: DatabaseLogin,
  setup: readonly string[],
  signal: AbortSignal,
  more: readonly string[] = [],
): Promise<void> {
  const setupFile = folder.at('database-setup.sql')
  // It holds passwords, and is needed once.
  writeFileSync(setupFile, `${[...lockOut(program), ...setup].join(';\n')};\n`, { mode: 0o600 })
  try {
    await startAndWait(folder, program, login, [`--init-file=${setupFile}`, ...more], signal)
  } finally {
    rmSync(setupFile, { force: true })
  }
}

/**
 * Starts the server again on what it has, and returns once it lets `login` in.
 *
 * @throws UnderstudyError `unsupported` with the server's own last words.
 */
export async function startDatabase(folder: LabFolder, program: DatabaseProgram, login: DatabaseLogin): Promise<void> {
  await startAndWait(folder, program, login, [], undefined)
}

async function startAndWait(
  folder: LabFolder,
  program: DatabaseProgram,
  login: DatabaseLogin,
  more: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const started = spawnProcess(folder, 'database', {
    file: program.server,
    args: [...serverArguments(folder, program, login), ...more],
    env: ownTemporaries(folder),
  })
  let ended: string | undefined
  void started.ended.then((how) => (ended = how))
  let refusal: unknown
  await waitUntil(
    async () => {
      if (ended !== undefined) throw new UnderstudyError('unsupported', `it ended with ${ended}`)
      return await withDatabase(login, async () => true as const).catch((error: unknown) => {
        refusal = error
        return undefined
      })
    },
    { what: 'the database', withinMs: START_WITHIN_MS, everyMs: 20, signal },
  ).catch(async (error: unknown) => {
    if (signal?.aborted) throw error
    const why = ended === undefined ? messageOf(refusal ?? error) : `it ended with ${ended}`
    throw await failure(folder, 'database', `${program.product} did not start (${why})`)
  })
}

function mariadbInstall(program: DatabaseProgram): string[] {
  return [
    '--no-defaults',
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    // The script quotes no path, and the lab's may hold a space. It runs in the lab's folder; without `./` the
    // server would take its own.
    '--datadir=./database',
    ...home(program),
    ...asRoot(),
    ...SMALL,
    '--innodb-log-file-size=16M',
  ]
}

function mysqlInstall(folder: LabFolder, program: DatabaseProgram): string[] {
  return ['--no-defaults', '--initialize-insecure', `--datadir=${folder.at('database')}`, ...home(program), ...asRoot()]
}

// Of these none decides how long a transaction or a lock takes.
const SMALL = ['--innodb-buffer-pool-size=64M']

function serverArguments(
  folder: LabFolder,
  program: DatabaseProgram,
  { host = '127.0.0.1', port }: DatabaseLogin,
): string[] {
  return [
    '--no-defaults',
    `--datadir=${folder.at('database')}`,
    // Relative to the data directory: a whole path may be longer than a socket's may be.
    '--socket=server.sock',
    `--pid-file=${folder.at('database.pid')}`,
    `--port=${port}`,
    `--bind-address=${host}`,
    '--skip-name-resolve',
    '--skip-log-bin',
    '--max-connections=100',
    // Who holds a lock is read from the report of the InnoDB monitor, which names locks only with this.
    '--innodb-status-output-locks=ON',
    ...SMALL,
    ...(program.flavour === 'mariadb' ? ['--innodb-log-file-size=16M'] : ['--mysqlx=OFF']),
    ...home(program),
    ...asRoot(),
  ]
}

/**
 * A server that starts removes what looks like a dead one's temporary tables, also those of one that lives and has the
 * same directory for them: of two that were installed at once in `/tmp` one lost a table in the middle of it.
 */
function ownTemporaries(folder: LabFolder): { readonly TMPDIR: string } {
  const path = folder.at('database-tmp')
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return { TMPDIR: path }
}

/** A new data directory lets everybody on this machine in as root, without a password. */
function lockOut(program: DatabaseProgram): string[] {
  return program.flavour === 'mariadb'
    ? ["DELETE FROM mysql.global_priv WHERE User IN ('root', '')", 'FLUSH PRIVILEGES']
    : ["DROP USER IF EXISTS 'root'@'localhost'"]
}

function home(program: DatabaseProgram): string[] {
  return program.home === undefined ? [] : [`--basedir=${program.home}`]
}

/** The servers refuse to run as root unless they are told to. */
function asRoot(): string[] {
  return userInfo().uid === 0 ? ['--user=root'] : []
}

async function exit(
  folder: LabFolder,
  name: string,
  started: StartedProcess,
  withinMs: number,
  signal: AbortSignal,
): Promise<string> {
  let how: string | undefined
  void started.ended.then((text) => (how = text))
  const what = `the end of ${name} of ${folder.id}`
  return await waitUntil(() => how, { what, withinMs, signal })
}

async function firstError(path: string): Promise<string | undefined> {
  const log = await readFile(path, 'utf8').catch(() => '')
  return log
    .split('\n')
    .map((line) => line.trim())
    .find((line) => /^ERROR\b|\[ERROR\]/.test(line))
}

async function failure(folder: LabFolder, name: string, what: string): Promise<UnderstudyError> {
  const said = await lastMeaningfulLine(folder.log(name))
  return new UnderstudyError('unsupported', said === undefined ? what : `${what}: ${said}`)
}
