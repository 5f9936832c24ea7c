import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { abortReason } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { wrongActivemqHome } from '../labs/activemq/installation.ts'
import { wrongHaproxyHome } from '../labs/haproxy/installation.ts'
import { wrongRabbitmqHome } from '../labs/rabbitmq/installation.ts'
import { findProgram } from '../mariadb/find-server.ts'
import { type MissingPart, missingParts } from './needed-packages.ts'
import { type CommandEnd, runCommand } from './run-command.ts'
import { SERVICE_POLICY, withoutServices } from './service-policy.ts'

/** What an installation came to. */
export type InstallOutcome =
  /** Everything was there before. */
  | { readonly kind: 'complete' }
  | { readonly kind: 'installed'; readonly packages: readonly string[] }
  /** Nothing was done; these lines tell what a person has to do. */
  | { readonly kind: 'by-hand'; readonly lines: readonly string[] }

export interface InstallOptions {
  /** Stops after the step that runs; the packages' service policy is put back in any case. */
  readonly signal?: AbortSignal
  /** One line each: what will be run, then what is being run. */
  readonly onProgress?: (line: string) => void
  /** The machine, for a test. Defaults to this one. */
  readonly machine?: Machine
}

/** What an installation needs to know of a machine. */
export interface Machine {
  missing(): readonly MissingPart[]
  /** What the environment says wrongly of where something is, so that no package would be found. */
  misled(): string | undefined
  /** The path of a program, where there is one. */
  find(program: string): string | undefined
  readonly isRoot: boolean
  /** Whether sudo works without asking for a password. */
  canSudo(): boolean
  readonly servicePolicy: string
}

const UPDATE_WITHIN_MS = 5 * 60_000
const INSTALL_WITHIN_MS = 20 * 60_000
const QUIETLY = {
  DEBIAN_FRONTEND: 'noninteractive',
  DEBIAN_PRIORITY: 'critical',
  // Ubuntu's needrestart would restart services of others.
  NEEDRESTART_SUSPEND: '1',
}

/**
 * Installs what the labs need and this machine has not, with apt-get on Debian and its kin. No service
 * is started while it runs. Where it cannot be done, says what a person has to do.
 *
 * @throws UnderstudyError `unsupported` when apt-get fails, with the last of its own words, or when the
 * environment names a place that is wrong; `deadline` after 25 minutes; `aborted` when the signal fires.
 */
export async function install(options: InstallOptions = {}): Promise<InstallOutcome> {
  const machine = options.machine ?? thisMachine()
  const missing = machine.missing()
  if (missing.length === 0) return { kind: 'complete' }
  const misled = machine.misled()
  if (misled !== undefined) {
    throw new UnderstudyError('unsupported', `${misled}; set it to an unpacked distribution, or unset it`)
  }
  const packages = missing.map((part) => part.package)
  const aptGet = machine.find('apt-get')
  if (aptGet === undefined) return { kind: 'by-hand', lines: withoutApt(missing) }
  const commands = [
    [aptGet, '-q', '-o', 'DPkg::Lock::Timeout=120', 'update'],
    [aptGet, '-q', '-y', '-o', 'DPkg::Lock::Timeout=120', 'install', '--no-install-recommends', ...packages],
  ] as const
  if (!machine.isRoot && !machine.canSudo()) {
    return { kind: 'by-hand', lines: asRoot(missing, commands.map(shown), machine.servicePolicy) }
  }
  const prefix = machine.isRoot ? [] : ['sudo', '-n']
  const say = options.onProgress ?? ((): void => {})
  say(`missing: ${missing.map((part) => part.what).join(', ')}`)
  for (const command of commands) say(`will run: ${[...prefix, shown(command)].join(' ')}`)
  say(`no package may start a service meanwhile (${machine.servicePolicy} answers 101, and is put back afterwards)`)

  await withoutServices(
    prefix,
    async () => {
      // A repository of others that cannot be reached is no reason to stop, but may be why the next one fails.
      const warning = await apt(prefix, commands[0], UPDATE_WITHIN_MS, options)
      await apt(prefix, commands[1], INSTALL_WITHIN_MS, options).catch((error: unknown) => {
        if (!(error instanceof UnderstudyError) || error.code !== 'unsupported' || warning === undefined) throw error
        throw new UnderstudyError('unsupported', `${error.message} (update before it: ${warning})`, { cause: error })
      })
    },
    machine.servicePolicy,
  )
  const still = machine.missing().map((part) => part.what)
  if (still.length > 0) {
    throw new UnderstudyError('unsupported', `apt-get succeeded, and yet there is no ${still.join(', no ')}`)
  }
  return { kind: 'installed', packages }
}

function thisMachine(): Machine {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/sbin'].filter((part) => part !== '')
  return {
    missing: () => missingParts(),
    misled: () => wrongActivemqHome() ?? wrongRabbitmqHome() ?? wrongHaproxyHome(),
    find: (program) => findProgram([program], folders),
    isRoot: userInfo().uid === 0,
    canSudo: () => spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore', timeout: 5000 }).status === 0,
    servicePolicy: SERVICE_POLICY,
  }
}

/** Returns the last complaint of a command that succeeded all the same. */
async function apt(
  prefix: readonly string[],
  command: readonly string[],
  withinMs: number,
  { signal, onProgress }: InstallOptions,
): Promise<string | undefined> {
  if (signal?.aborted) throw abortReason(signal)
  onProgress?.(`running: ${shown(command)}`)
  // sudo clears the environment, so that it is set behind it.
  const quietly = Object.entries(QUIETLY).map(([name, value]) => `${name}=${value}`)
  const end = await runCommand([...prefix, 'env', ...quietly, ...command], { withinMs, signal })
  if (signal?.aborted) throw abortReason(signal)
  if (end.timedOut) throw new UnderstudyError('deadline', `${shown(command)}: not within ${withinMs / 60_000} minutes`)
  if (end.code !== 0) throw new UnderstudyError('unsupported', `${shown(command)} failed: ${wordsOf(end)}`)
  return end.tail.findLast((line) => /^(Err:|W: Failed)/.test(line))
}

function shown(command: readonly string[]): string {
  return command
    .filter((word) => word !== '-q' && word !== '-o' && !word.startsWith('DPkg::'))
    .map((word, index) => (index === 0 ? 'apt-get' : word))
    .join(' ')
}

/** apt says its reason in lines that begin with E:, and often repeats itself after it. */
function wordsOf({ tail, code }: CommandEnd): string {
  const errors = tail.filter((line) => /^(E:|Err:|dpkg: error)/.test(line))
  return (errors.length > 0 ? errors : tail.slice(-3)).join(' · ') || `code ${code}`
}

/** To be read, and to be pasted into a shell as it is. */
function asRoot(missing: readonly MissingPart[], commands: readonly string[], servicePolicy: string): string[] {
  return [
    `# Missing: ${missing.map((part) => part.what).join(', ')}. Installing takes root, and sudo asks for a password here.`,
    '# The packages would start services of their own, which no lab uses. The first line prevents that and the last',
    `# one ends it; leave both out where there is a ${servicePolicy} already.`,
    `printf '#!/bin/sh\\nexit 101\\n' | sudo install -m 755 /dev/stdin ${servicePolicy}`,
    ...commands.map((command) => `sudo ${command}`),
    `sudo rm ${servicePolicy}`,
  ]
}

function withoutApt(missing: readonly MissingPart[]): string[] {
  return [
    'There is no apt-get here. Install by hand:',
    ...missing.map((part) => `  ${part.what}`),
    'An unpacked ActiveMQ Classic is found through ACTIVEMQ_HOME (put the JDBC driver, MariaDB Connector/J,',
    'into its lib folder), MariaDB or MySQL through PATH or MYSQL_HOME, Java through PATH or JAVA_HOME, an',
    'unpacked RabbitMQ through RABBITMQ_HOME, Erlang, Redis, Valkey and Prometheus through PATH, and HAProxy through',
    'PATH or HAPROXY_HOME.',
  ]
}
