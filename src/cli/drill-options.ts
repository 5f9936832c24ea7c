import { InvalidArgumentError, Option } from 'commander'
import type { Objectives } from '../drill/history.ts'
import { DRILL_CLIENT_OPTIONS, DRILL_DEFAULTS, type DrillPlan } from '../drill/plan.ts'
import { UnderstudyError } from '../errors.ts'
import { parseFailoverUri } from '../failover/uri.ts'
import { duration, durationOption, wholeNumber, writeDuration } from './duration.ts'

/** What one drill is asked to do, as the command line or a line of a plan says it. Times are milliseconds. */
export interface DrillOptions {
  readonly lab: string
  readonly haproxy?: HaproxyCheck
  readonly fault: string
  readonly every: number
  readonly seed?: number
  readonly hold: number
  readonly window: number
  readonly rto?: number
  readonly rpo: number
  readonly allowFailed: number
  readonly exactlyOnce?: boolean
  readonly clientOptions?: Readonly<Record<string, string>>
}

const HAPROXY_CHECKS = ['amqp', 'plain'] as const
type HaproxyCheck = (typeof HAPROXY_CHECKS)[number]

// With fewer jobs than one in 5 s a window of 10 s says nothing.
const SLOWEST_RATE_MS = 5000
const LARGEST_SEED = 2 ** 32 - 1

/** The options of one drill, each under the name that it has in a plan too. */
export function drillOptions(): readonly Option[] {
  const { fault, everyMs, holdMs, windowMs } = DRILL_DEFAULTS
  return [
    new Option('--lab <name>', 'which brokers; `lab list` names them').default('embedded'),
    new Option('--haproxy [check]', 'with HAProxy in front of that lab, and which check it makes: amqp or plain')
      .preset('amqp')
      .argParser(haproxyCheck),
    new Option('--fault <name>', 'what is done to the brokers; `lab list` names what each lab can suffer').default(
      fault,
    ),
    durationOption('--every <duration>', 'from one job to the next', duration(1, SLOWEST_RATE_MS), everyMs),
    new Option('--seed <n>', 'repeat the random phase of an earlier drill').argParser(wholeNumber(0, LARGEST_SEED)),
    durationOption(
      '--hold <duration>',
      'how long a paused broker stays paused, and a home node that none replaces stays away',
      duration(100),
      holdMs,
    ),
    durationOption(
      '--window <duration>',
      'how long all must be back in bounds to call it recovered',
      duration(100),
      windowMs,
    ),
    new Option('--rto <duration>', 'the recovery time objective; without one, recovery is only measured').argParser(
      duration(1),
    ),
    new Option('--rpo <n>', 'the recovery point objective: how many confirmed jobs may be lost')
      .argParser(wholeNumber(0, 1e9))
      .default(0),
    new Option('--allow-failed <n>', 'how many jobs may fail').argParser(wholeNumber(0, 1e9)).default(0),
    new Option('--exactly-once', 'fail the drill when a job was delivered twice'),
    new Option('--client-options <query>', "failover options for the drill's client: name=value&name=value").argParser(
      clientOptions,
    ),
  ]
}

/** A seed that no one has asked for. */
export function randomSeed(): number {
  return Math.floor(Math.random() * (LARGEST_SEED + 1))
}

/** Seeds for the runs of one drill: the first is the seed itself, as for a single drill. */
export function seedOfRun(seed: number, run: number): number {
  return (seed + run) % (LARGEST_SEED + 1)
}

/** The name of the lab that is meant, HAProxy in front of it included. */
export function labOf({ lab, haproxy }: Pick<DrillOptions, 'lab' | 'haproxy'>): string {
  if (haproxy === undefined) return lab
  return haproxy === 'amqp' ? `${lab}-haproxy` : `${lab}-haproxy-${haproxy}`
}

/** What the runner is to do. */
export function planOf(options: DrillOptions, seed: number): DrillPlan {
  return {
    fault: options.fault,
    everyMs: options.every,
    destination: DRILL_DEFAULTS.destination,
    seed,
    holdMs: options.hold,
    windowMs: options.window,
    clientOptions: options.clientOptions ?? {},
    prefetch: DRILL_DEFAULTS.prefetch,
  }
}

/** What is asked of it. */
export function objectivesOf(
  options: Pick<DrillOptions, 'window' | 'rto' | 'rpo' | 'allowFailed' | 'exactlyOnce'>,
): Objectives {
  return {
    windowMs: options.window,
    failedJobs: options.allowFailed,
    ...(options.rto === undefined ? {} : { rtoMs: options.rto }),
    ...(options.rpo === 0 ? {} : { rpoJobs: options.rpo }),
    ...(options.exactlyOnce ? { exactlyOnce: true } : {}),
  }
}

/** The command that repeats this drill: what differs from the defaults, and the seed. */
export function commandLine(understudy: string, options: DrillOptions, seed: number): string {
  const words = [understudy, 'drill', '--lab', labOf(options), '--fault', options.fault, '--seed', String(seed)]
  if (options.every !== DRILL_DEFAULTS.everyMs) words.push('--every', writeDuration(options.every))
  if (options.hold !== DRILL_DEFAULTS.holdMs) words.push('--hold', writeDuration(options.hold))
  if (options.window !== DRILL_DEFAULTS.windowMs) words.push('--window', writeDuration(options.window))
  if (options.rto !== undefined) words.push('--rto', writeDuration(options.rto))
  if (options.rpo > 0) words.push('--rpo', String(options.rpo))
  if (options.allowFailed > 0) words.push('--allow-failed', String(options.allowFailed))
  if (options.exactlyOnce) words.push('--exactly-once')
  if (options.clientOptions)
    words.push('--client-options', `'${new URLSearchParams(options.clientOptions).toString()}'`)
  return words.join(' ')
}

/**
 * A mistake in the fault's name is told before any broker is started.
 *
 * @throws UnderstudyError `invalid-option`, naming the faults that there are.
 */
export function checkFault(options: DrillOptions, known: readonly string[]): void {
  if (known.includes(options.fault)) return
  const names = known.join(', ')
  throw new UnderstudyError(
    'invalid-option',
    `option --fault: ${labOf(options)} has no fault ${JSON.stringify(options.fault)}; it has ${names}`,
  )
}

function haproxyCheck(text: string): HaproxyCheck {
  const check = HAPROXY_CHECKS.find((one) => one === text)
  if (check === undefined) throw new InvalidArgumentError(`It must be ${HAPROXY_CHECKS.join(' or ')}.`)
  return check
}

/** Reads `name=value&name=value` and has the client check it, so that a mistake is found before the lab is up. */
function clientOptions(query: string): Readonly<Record<string, string>> {
  const given: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(query)) {
    // An option of the transport; it is asked for in drills of its own, so it needs no `nested.` here.
    given[name === 'mandatory' ? 'nested.mandatory' : name] = value
  }
  const merged = new URLSearchParams({ ...DRILL_CLIENT_OPTIONS, ...given }).toString()
  try {
    parseFailoverUri(`failover:(stomp://localhost:1)?${merged}`)
  } catch (error) {
    if (error instanceof UnderstudyError) throw new InvalidArgumentError(error.message)
    throw error
  }
  return given
}
