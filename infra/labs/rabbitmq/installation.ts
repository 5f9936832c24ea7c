import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { findProgram } from '../../mariadb/find-server.ts'

/** A RabbitMQ found on this machine: an unpacked distribution, or Debian's package. */
export interface RabbitmqInstallation {
  readonly home: string
  /** Such as `RabbitMQ 3.10.8`. */
  readonly product: string
  /** Starts a node and becomes it; not the wrapper of a package, which changes the user. */
  readonly server: string
}

/** The Erlang programs that a node is run with. */
export interface ErlangInstallation {
  /** The folder of `erl`, which the server's script looks for on `PATH`. */
  readonly folder: string
  /** The port mapper through which nodes find each other. */
  readonly epmd: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Each holds `rabbitmq_server-<version>`. */
const USUAL_PARENTS = ['/usr/lib/rabbitmq/lib', '/opt', '/opt/rabbitmq', '/usr/local/lib/rabbitmq/lib']
const USUAL_HOMES = ['/opt/rabbitmq', '/opt/homebrew/opt/rabbitmq', '/usr/local/opt/rabbitmq']

/** Looks at `RABBITMQ_HOME` where it is set, and nowhere else then; otherwise in the usual places. */
export function findRabbitmq(env: Environment = process.env): RabbitmqInstallation | undefined {
  const named = env['RABBITMQ_HOME']
  const homes = named === undefined || named === '' ? usualHomes() : [named]
  for (const home of homes) {
    const server = findProgram(['rabbitmq-server'], [join(home, 'sbin')])
    const version = versionOf(home)
    if (server === undefined || version === undefined) continue
    return { home, product: `RabbitMQ ${version}`, server }
  }
  return undefined
}

/** That `RABBITMQ_HOME` is set to a folder that is none, which no installation mends; undefined otherwise. */
export function wrongRabbitmqHome(env: Environment = process.env): string | undefined {
  const named = env['RABBITMQ_HOME']
  if (named === undefined || named === '' || findRabbitmq(env) !== undefined) return undefined
  return `RABBITMQ_HOME (${named}) holds no RabbitMQ`
}

/** The Erlang on `PATH`, or where distributions put it. */
export function findErlang(env: Environment = process.env): ErlangInstallation | undefined {
  const onPath = (env['PATH'] ?? '').split(':').filter((part) => part !== '')
  const erl = findProgram(['erl'], [...onPath, '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'])
  if (erl === undefined) return undefined
  const epmd = findProgram(['epmd'], [dirname(erl), dirname(realpathSync(erl)), ...onPath])
  return epmd === undefined ? undefined : { folder: dirname(erl), epmd }
}

/** The newest first. */
function usualHomes(): string[] {
  const unpacked = USUAL_PARENTS.flatMap((parent) =>
    entries(parent)
      .filter((name) => /^rabbitmq_server-\d/.test(name))
      .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))
      .map((name) => join(parent, name)),
  )
  return [...unpacked, ...USUAL_HOMES].filter((home) => existsSync(home))
}

/** By the name of the folder, or of the server's own application in it. */
function versionOf(home: string): string | undefined {
  const versions = [basename(home), ...entries(join(home, 'plugins'))].flatMap(
    (name) => /^rabbit(?:mq_server)?-(\d+(?:\.\d+)+[\w.+-]*?)(?:\.ez)?$/.exec(name)?.[1] ?? [],
  )
  return versions[0]
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
