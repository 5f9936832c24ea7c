import { InvalidArgumentError, Option } from 'commander'
import type { BrokerControl, Topology } from '../../drill/broker-control.ts'
import type { Expectation } from '../../drill/fault.ts'
import type { Objectives } from '../../drill/history.ts'
import { DRILL_CLIENT_OPTIONS, DRILL_DEFAULTS, type DrillPlan, holdFor } from '../../drill/plan.ts'
import { UnderstudyError } from '../../errors.ts'
import { parseFailoverUri } from '../../failover/uri.ts'
import { parseDestination } from '../../transport/destination.ts'
import { duration, durationOption } from '../arguments/duration.ts'
import { wholeNumber } from '../arguments/whole-number.ts'

/** What one drill is asked to do, as the command line or a line of a plan says it. Times are milliseconds. */
export interface DrillOptions {
  readonly lab?: string
  readonly haproxy?: HaproxyCheck
  /** Brokers of the user's own, credentials included; in place of a lab. */
  readonly uri?: string
  readonly inject?: string
  readonly heal?: string
  readonly proof?: string
  readonly expects?: Expectation
  /** Who serves at the URI. Defaults to `quorum` for AMQP and `lock` for STOMP. */
  readonly topology?: Topology
  readonly to: string
  readonly yes?: boolean
  readonly fault?: string
  readonly every: number
  readonly seed?: number
  readonly hold?: number
  readonly steady: number
  readonly window: number
  readonly delay?: number
  readonly rto?: number
  readonly rpo: number
  readonly allowFailed: number
  readonly exactlyOnce?: boolean
  readonly abortOutage?: number
  readonly abortFailed?: number
  readonly clientOptions?: Readonly<Record<string, string>>
}

const HAPROXY_CHECKS = ['amqp', 'plain'] as const
const EXPECTATIONS = ['takeover', 'service'] as const
const TOPOLOGIES = ['lock', 'quorum', 'home-node'] as const
type HaproxyCheck = (typeof HAPROXY_CHECKS)[number]

// With fewer jobs than one in 5 s a window of 10 s says nothing.
const SLOWEST_RATE_MS = 5000
const LARGEST_SEED = 2 ** 32 - 1

/** The options of one drill, each under the name that it has in a plan too. */
export function drillOptions(): readonly Option[] {
  return [...targetOptions(), ...courseOptions(), ...objectiveOptions()]
}

/** Which brokers, and what is done to them. */
function targetOptions(): readonly Option[] {
  return [
    new Option('--lab <name>', 'which brokers; `lab list` names them (default: "embedded")'),
    new Option('--haproxy [check]', 'with HAProxy in front of that lab, and which check it makes')
      .preset('amqp')
      .choices(HAPROXY_CHECKS)
      .argParser(oneOf(HAPROXY_CHECKS)),
    new Option(
      '--fault <name>',
      'what is done to the brokers; `lab list` names what each lab can suffer (default: "kill")',
    ),
    new Option('--delay <duration>', 'how much later everything arrives, each way, with the fault slow').argParser(
      duration(1, 60_000),
    ),
    new Option('--uri <uri>', 'brokers of your own in place of a lab; with a network fault, or with --inject'),
    new Option(
      '--inject <command>',
      'the shell command that hurts them, ended after 60 s; it finds UNDERSTUDY_NODE, UNDERSTUDY_ENDPOINT, ' +
        'UNDERSTUDY_HOST, UNDERSTUDY_PORT (of the broker that the producer is connected to) and UNDERSTUDY_QUEUE',
    ).argParser(shellCommand),
    new Option('--heal <command>', 'the shell command that undoes it; also run when the drill ends early').argParser(
      shellCommand,
    ),
    new Option('--proof <command>', 'run again and again until it ends with 0: the fault took effect').argParser(
      shellCommand,
    ),
    new Option(
      '--expects <what>',
      'of --inject: takeover, by another broker; or service, by whichever (default: "service")',
    )
      .choices(EXPECTATIONS)
      .argParser(oneOf(EXPECTATIONS)),
    new Option(
      '--topology <kind>',
      'who serves at the --uri: lock, one; quorum or home-node, every broker (default: lock for STOMP, quorum for AMQP)',
    )
      .choices(TOPOLOGIES)
      .argParser(oneOf(TOPOLOGIES)),
    new Option('--to <queue>', 'the queue that the jobs go to').argParser(queue).default(DRILL_DEFAULTS.destination),
    new Option('--yes', 'hurt brokers that are not on this machine'),
  ]
}

/** How the drill goes. */
function courseOptions(): readonly Option[] {
  const { everyMs, steadyMs, windowMs } = DRILL_DEFAULTS
  return [
    durationOption('--every <duration>', 'from one job to the next', duration(1, SLOWEST_RATE_MS), everyMs),
    new Option('--seed <n>', 'repeat the random phase of an earlier drill').argParser(wholeNumber(0, LARGEST_SEED)),
    durationOption('--steady <duration>', 'how long all must flow before the fault', duration(100), steadyMs),
    new Option(
      '--hold <duration>',
      'how long a fault lasts that is not healed by recovery, such as a pause (default: 2 s longer than the longest ' +
        'takeover by the settings of the brokers, 8 s at least)',
    ).argParser(duration(100)),
    durationOption(
      '--window <duration>',
      'how long all must be back in bounds to call it recovered',
      duration(100),
      windowMs,
    ),
    new Option('--abort-outage <duration>', 'heal at once when no job is confirmed for that long').argParser(
      duration(1),
    ),
    new Option('--abort-failed <n>', 'heal at once when so many jobs have failed').argParser(wholeNumber(1, 1e9)),
    clientOptionsOption("failover options for the drill's client: name=value&name=value"),
  ]
}

/** `--client-options`, read and checked as the drill's client will. */
export function clientOptionsOption(description: string): Option {
  return new Option('--client-options <query>', description).argParser(clientOptions)
}

/** What is asked of a drill, or of a history that is judged again. */
export function objectiveOptions(): readonly Option[] {
  return [
    new Option('--rto <duration>', 'the recovery time objective; without one, recovery is only measured').argParser(
      duration(1),
    ),
    new Option('--rpo <n>', 'the recovery point objective: how many confirmed jobs may be lost')
      .argParser(wholeNumber(0, 1e9))
      .default(0),
    new Option('--allow-failed <n>', 'how many jobs may fail').argParser(wholeNumber(0, 1e9)).default(0),
    new Option('--exactly-once', 'fail the drill when a job was delivered twice'),
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

/** The name of the lab that is meant, HAProxy in front of it included; `uri` for brokers of the user's own. */
export function labOf({ lab = 'embedded', haproxy, uri }: Pick<DrillOptions, 'lab' | 'haproxy' | 'uri'>): string {
  if (uri !== undefined) return 'uri'
  if (haproxy === undefined) return lab
  return haproxy === 'amqp' ? `${lab}-haproxy` : `${lab}-haproxy-${haproxy}`
}

/** The name of the fault that is meant. */
export function faultOf({ fault, inject }: Pick<DrillOptions, 'fault' | 'inject'>): string {
  return fault ?? (inject === undefined ? DRILL_DEFAULTS.fault : 'inject')
}

/** What the runner is to do with these brokers. */
export function planOf(
  options: DrillOptions,
  seed: number,
  control: Pick<BrokerControl, 'slowestTakeoverMs'>,
): DrillPlan {
  const { abortOutage, abortFailed } = options
  return {
    fault: faultOf(options),
    everyMs: options.every,
    destination: options.to,
    seed,
    holdMs: options.hold ?? holdFor(control),
    steadyMs: options.steady,
    windowMs: options.window,
    abort: {
      ...(abortOutage === undefined ? {} : { outageMs: abortOutage }),
      ...(abortFailed === undefined ? {} : { failedJobs: abortFailed }),
    },
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

function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text)
    if (found === undefined) throw new InvalidArgumentError(`It must be ${words.join(' or ')}.`)
    return found
  }
}

/** An empty one is a variable that was not set: a shell would carry it out, and nothing would be hurt or healed. */
function shellCommand(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is no command.')
  return text
}

function queue(text: string): string {
  try {
    if (parseDestination(text).kind === 'queue') return text.startsWith('queue://') ? text : `queue://${text}`
  } catch (error) {
    if (error instanceof UnderstudyError) throw new InvalidArgumentError(error.message)
    throw error
  }
  throw new InvalidArgumentError('It must be a queue.')
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
