import { UnderstudyError } from '../errors.ts'
import { didYouMean } from '../transport/option-names.ts'

/** What a failover URI decides, validated and frozen. Times are milliseconds; -1 means without limit. */
export interface FailoverOptions {
  /** Delay before the list is tried for the second time. Defaults to 10 (ActiveMQ's). */
  readonly initialReconnectDelayMs: number
  /** No delay is longer. Defaults to 30,000 (ActiveMQ's). */
  readonly maxReconnectDelayMs: number
  /** Whether delays grow. Defaults to true (ActiveMQ's). */
  readonly useExponentialBackOff: boolean
  /** The factor from one delay to the next. Defaults to 2 (ActiveMQ's). */
  readonly reconnectDelayExponent: number
  /**
   * While attempts are unlimited no delay is longer than this share of the outage so far (nor shorter
   * than the initial delay), so that the client's own part of an outage stays that small. Within the first
   * 15 s, which takeovers last, none is longer than 20 ms either, unless the share is 1, which comes
   * closest to ActiveMQ's pure doubling. Defaults to 0.05.
   */
  readonly reconnectDelayShare: number
  /** Each delay is shortened at random by up to this share of itself. Defaults to 0.2, and to 0 for fixed delays. */
  readonly jitter: number
  /** How many times the whole list is tried again; 0 for never. Defaults to -1 (ActiveMQ's). */
  readonly maxReconnectAttempts: number
  /** The same until the first connection. Defaults to `maxReconnectAttempts`. */
  readonly startupMaxReconnectAttempts: number
  /** A warning is logged after this many failed passes, then at every doubling. Defaults to 10. */
  readonly warnAfterReconnectAttempts: number
  /** Whether the list is shuffled, the first pick included. Defaults to true (ActiveMQ's). */
  readonly randomize: boolean
  /** Whether to go back to a preferred broker when it answers again. Defaults to false. */
  readonly priorityBackup: boolean
  /** The preferred brokers. Defaults to the first of the list. */
  readonly priorityUris: readonly string[]
  /** The longest a send may wait while no broker is connected. Defaults to -1 (ActiveMQ's). */
  readonly timeoutMs: number
  /** The longest a job may stay unconfirmed, counted from its first attempt. Defaults to 60,000. */
  readonly retryThresholdMs: number
  /** How long a connection must live before delays start from the beginning again. Defaults to 5,000. */
  readonly stabilityWindowMs: number
  /** The longest one endpoint may take from the first packet to its greeting. Defaults to 3,000. */
  readonly connectTimeoutMs: number
  /** How often each side shows that it is alive; 0 for never. Defaults to 5,000. */
  readonly heartbeatMs: number
  /** The longest a live connection may keep a confirm to itself before it is given up. Defaults to 15,000. */
  readonly confirmTimeoutMs: number
  /** The longest that `close` waits for handlers and pending sends. Defaults to 10,000. */
  readonly drainTimeoutMs: number
  /** How many sends may be unconfirmed. Defaults to 10,000. */
  readonly maxPending: number
  /** How many bytes of bodies may be unconfirmed. Defaults to 67,108,864 (64 MiB). */
  readonly maxPendingBytes: number
  /** What a send does when either bound is reached. Defaults to `wait`. */
  readonly whenFull: 'wait' | 'reject'
}

interface Numeric {
  readonly kind: 'whole' | 'fraction'
  readonly fallback: number
  readonly least: number
  readonly most: number
}

type Rule =
  | Numeric
  | { readonly kind: 'flag'; readonly fallback: boolean }
  | { readonly kind: 'choice'; readonly fallback: string; readonly choices: readonly string[] }
  | { readonly kind: 'list' }
  /** Known from ActiveMQ and refused, but for the one value that says what is so anyway. */
  | { readonly kind: 'refused'; readonly tolerated: string | undefined; readonly why: string }

const LONGEST_MS = 2 ** 31 - 1
const delay = (fallback: number): Numeric => ({ kind: 'whole', fallback, least: 0, most: LONGEST_MS })
const limit = (fallback: number): Numeric => ({ kind: 'whole', fallback, least: -1, most: LONGEST_MS })
const refused = (why: string, tolerated?: string): Rule => ({ kind: 'refused', tolerated, why })

const RULES = {
  initialReconnectDelay: { kind: 'whole', fallback: 10, least: 1, most: LONGEST_MS },
  maxReconnectDelay: { kind: 'whole', fallback: 30_000, least: 1, most: LONGEST_MS },
  useExponentialBackOff: { kind: 'flag', fallback: true },
  reconnectDelayExponent: { kind: 'fraction', fallback: 2, least: 1, most: 100 },
  reconnectDelayShare: { kind: 'fraction', fallback: 0.05, least: 0, most: 1 },
  jitter: { kind: 'fraction', fallback: 0.2, least: 0, most: 1 },
  maxReconnectAttempts: limit(-1),
  startupMaxReconnectAttempts: limit(-1),
  warnAfterReconnectAttempts: limit(10),
  randomize: { kind: 'flag', fallback: true },
  priorityBackup: { kind: 'flag', fallback: false },
  priorityURIs: { kind: 'list' },
  timeout: limit(-1),
  retryThreshold: limit(60_000),
  stabilityWindow: delay(5000),
  connectTimeout: { kind: 'whole', fallback: 3000, least: 1, most: LONGEST_MS },
  heartbeat: delay(5000),
  confirmTimeout: { kind: 'whole', fallback: 15_000, least: 1, most: LONGEST_MS },
  drainTimeout: delay(10_000),
  maxPending: { kind: 'whole', fallback: 10_000, least: 1, most: 10_000_000 },
  maxPendingBytes: { kind: 'whole', fallback: 64 * 1024 * 1024, least: 1, most: Number.MAX_SAFE_INTEGER },
  whenFull: { kind: 'choice', fallback: 'wait', choices: ['wait', 'reject'] },
  backup: refused('a standby that waits for a shared lock accepts no connection to hold in reserve', 'false'),
  backupPoolSize: refused('a standby that waits for a shared lock accepts no connection to hold in reserve'),
  trackMessages: refused('unconfirmed sends are always kept and sent again', 'true'),
  trackTransactionProducers: refused('there are no transactions to track'),
  maxCacheSize: refused('the bound is maxPendingBytes, and reaching it is told instead of dropping the eldest'),
  maxPullCacheSize: refused('there are no pull consumers'),
  updateURIsSupported: refused('brokers do not announce others over STOMP or AMQP', 'false'),
  updateURIsURL: refused('the list of brokers is the URI itself'),
  rebalanceUpdateURIs: refused('brokers do not announce others over STOMP or AMQP', 'false'),
  nestedExtraQueryOptions: refused('write nested.NAME=VALUE for each'),
  reconnectSupported: refused('reconnecting is what this URI is for', 'true'),
  useExponentialBackoff: refused('the option is spelled useExponentialBackOff'),
} as const satisfies Record<string, Rule>

type FailoverOptionName = keyof typeof RULES

/** ActiveMQ calls the same thing by a second name in its source. */
const ALIASES: Readonly<Record<string, FailoverOptionName>> = { backOffMultiplier: 'reconnectDelayExponent' }

/** Every name that a failover URI may carry, for error messages and documentation. */
export const failoverOptionNames: readonly string[] = [...Object.keys(RULES), ...Object.keys(ALIASES)]

export function isFailoverOption(name: string): boolean {
  return failoverOptionNames.includes(name)
}

/**
 * Reads the options of a failover URI.
 *
 * @throws UnderstudyError `invalid-option`, naming the option, for an unknown, malformed, repeated or
 * refused one.
 */
export function readFailoverOptions(given: ReadonlyMap<string, string>): FailoverOptions {
  const values = new Map<FailoverOptionName, string>()
  for (const [written, value] of given) {
    const name = Object.hasOwn(ALIASES, written) ? ALIASES[written] : written
    if (name === undefined || !Object.hasOwn(RULES, name)) {
      throw invalid(`unknown option ${quote(written)}${didYouMean(written, failoverOptionNames)}`)
    }
    const known = name as FailoverOptionName
    if (values.has(known)) throw invalid(`option ${known} is given twice (${written} is the same option)`)
    const rule: Rule = RULES[known]
    if (rule.kind === 'refused' && value !== rule.tolerated)
      throw invalid(`option ${known} is not supported: ${rule.why}`)
    values.set(known, value)
  }
  const number = (name: FailoverOptionName): number => readNumber(name, RULES[name], values.get(name))
  const flag = (name: FailoverOptionName): boolean => readFlag(name, RULES[name], values.get(name))
  const maxReconnectAttempts = number('maxReconnectAttempts')
  const startup = number('startupMaxReconnectAttempts')
  const options: FailoverOptions = {
    initialReconnectDelayMs: number('initialReconnectDelay'),
    maxReconnectDelayMs: number('maxReconnectDelay'),
    useExponentialBackOff: flag('useExponentialBackOff'),
    reconnectDelayExponent: number('reconnectDelayExponent'),
    reconnectDelayShare: number('reconnectDelayShare'),
    // Whoever asks for a fixed delay means that delay.
    jitter: flag('useExponentialBackOff') || values.has('jitter') ? number('jitter') : 0,
    maxReconnectAttempts,
    startupMaxReconnectAttempts: startup === -1 ? maxReconnectAttempts : startup,
    warnAfterReconnectAttempts: number('warnAfterReconnectAttempts'),
    randomize: flag('randomize'),
    priorityBackup: flag('priorityBackup'),
    priorityUris: readList(values.get('priorityURIs')),
    timeoutMs: number('timeout'),
    retryThresholdMs: number('retryThreshold'),
    stabilityWindowMs: number('stabilityWindow'),
    connectTimeoutMs: number('connectTimeout'),
    heartbeatMs: number('heartbeat'),
    confirmTimeoutMs: number('confirmTimeout'),
    drainTimeoutMs: number('drainTimeout'),
    maxPending: number('maxPending'),
    maxPendingBytes: number('maxPendingBytes'),
    whenFull: readChoice('whenFull', values.get('whenFull')),
  }
  return Object.freeze(options)
}

/** Reads one whole number of milliseconds for an option that an inner URI may carry as well. */
export function readEndpointMs(name: 'connectTimeout' | 'heartbeat', text: string): number {
  return readNumber(name, RULES[name], text)
}

function readNumber(name: string, rule: Rule, text: string | undefined): number {
  if (rule.kind !== 'whole' && rule.kind !== 'fraction') throw new TypeError(`${name} is not a number`)
  if (text === undefined) return rule.fallback
  const pattern = rule.kind === 'whole' ? /^-?\d{1,16}$/ : /^\d{1,9}(\.\d{1,9})?$/
  const value = Number(text)
  if (!pattern.test(text) || value < rule.least || value > rule.most) {
    const what = rule.kind === 'whole' ? 'a whole number' : 'a number'
    throw invalid(`option ${name} must be ${what} from ${rule.least} to ${rule.most}, not ${quote(text)}`)
  }
  return value
}

function readFlag(name: string, rule: Rule, text: string | undefined): boolean {
  if (rule.kind !== 'flag') throw new TypeError(`${name} is not a flag`)
  if (text === undefined) return rule.fallback
  if (text !== 'true' && text !== 'false') throw invalid(`option ${name} must be true or false, not ${quote(text)}`)
  return text === 'true'
}

function readChoice(name: 'whenFull', text: string | undefined): 'wait' | 'reject' {
  if (text === undefined) return RULES[name].fallback
  if (text !== 'wait' && text !== 'reject') throw invalid(`option ${name} must be wait or reject, not ${quote(text)}`)
  return text
}

function readList(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return []
  return Object.freeze(text.split(',').map((entry) => entry.trim()))
}

function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', message)
}
