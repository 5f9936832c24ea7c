import { UnderstudyError } from '../../errors.ts'
import { failureAtMost } from './binomial.ts'
import { type Downtime, type TrialRecord } from './trial-record.ts'

/** A retry policy: how often a job is tried again, and after which pauses. Times are milliseconds. */
export interface RetrySchedule {
  /** As it was written. */
  readonly text: string
  readonly retries: number
  /** Before the first retry. */
  readonly delayMs: number
  /** From one pause to the next. */
  readonly factor: number
  /** No pause is longer; `Infinity` for no limit. */
  readonly maxMs: number
}

/** How a policy would have fared over measured outages. */
export interface ScheduleFate {
  readonly schedule: string
  /** From the first attempt to the last, in milliseconds. */
  readonly spanMs: number
  readonly outages: number
  /** In how many of them some job would have failed. */
  readonly failed: number
  /** The probability of that is at most this, at the confidence of the search. */
  readonly failureAtMost: number
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }
const MOST_RETRIES = 1000
const LONGEST_MS = 24 * 3_600_000

/**
 * Reads `retries=5,delay=500ms,factor=2,max=5s`. `retries` and `delay` must be there; `factor` defaults to 1, `max` to
 * no limit. Pauses are delay, delay × factor, delay × factor², …, none longer than max.
 *
 * @throws UnderstudyError `invalid-option`, naming what is wrong.
 */
export function parseRetrySchedule(text: string): RetrySchedule {
  const wrong = (why: string): UnderstudyError =>
    new UnderstudyError('invalid-option', `schedule ${JSON.stringify(text)} ${why}`)
  const given = new Map<string, string>()
  for (const part of text.split(',')) {
    const [name = '', value] = part.trim().split('=')
    if (!NAMES.includes(name)) throw wrong(`has an unknown part ${JSON.stringify(name)}; there are ${NAMES.join(', ')}`)
    if (value === undefined || value === '') throw wrong(`gives ${name} no value`)
    if (given.has(name)) throw wrong(`gives ${name} twice`)
    given.set(name, value)
  }
  const number = (name: string, least: number, most: number, fallback?: number): number => {
    const value = given.get(name)
    if (value === undefined && fallback !== undefined) return fallback
    if (value === undefined) throw wrong(`has no ${name}, as in retries=5,delay=500ms`)
    if (!/^\d+(\.\d+)?$/.test(value) || Number(value) < least || Number(value) > most) {
      throw wrong(`needs ${name} from ${least} to ${most}`)
    }
    return Number(value)
  }
  const duration = (name: string, fallback?: number): number => {
    const value = given.get(name)
    if (value === undefined && fallback !== undefined) return fallback
    if (value === undefined) throw wrong(`has no ${name}, as in retries=5,delay=500ms`)
    const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(value)
    const ms = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN)
    if (!(ms <= LONGEST_MS)) throw wrong(`needs a duration for ${name}, such as 500ms or 5s`)
    return ms
  }
  const retries = number('retries', 0, MOST_RETRIES)
  if (!Number.isInteger(retries)) throw wrong('needs a whole number of retries')
  const schedule: RetrySchedule = {
    text,
    retries,
    delayMs: duration('delay'),
    factor: number('factor', 1, 100, 1),
    maxMs: duration('max', Number.POSITIVE_INFINITY),
  }
  // A pause without end would outlast every outage in the replay, also one that has none itself.
  if ((attemptOffsets(schedule).at(-1) ?? 0) > Number.MAX_SAFE_INTEGER)
    throw wrong('has pauses that grow without end; give it a max, as in max=5s')
  return schedule
}

const NAMES: readonly string[] = ['retries', 'delay', 'factor', 'max']

/** When a job is tried, in milliseconds from its first attempt, which is the 0 at the beginning. */
export function attemptOffsets({ retries, delayMs, factor, maxMs }: RetrySchedule): readonly number[] {
  const offsets = [0]
  let pauseMs = delayMs
  let at = 0
  for (let retry = 0; retry < retries; retry++) {
    at += Math.min(pauseMs, maxMs)
    offsets.push(at)
    pauseMs = Math.min(pauseMs * factor, maxMs)
  }
  return offsets
}

/**
 * Replays a policy over measured outages: in how many is there a moment at which a job could have begun such that
 * every one of its attempts met no service? An attempt takes no time in the replay, which is the safe side where a
 * broker refuses; attempts that hang are not in it. An outage whose end is not known lasts for ever.
 */
export function replaySchedule(
  schedule: RetrySchedule,
  trials: readonly Pick<TrialRecord, 'down'>[],
  confidence: number,
): ScheduleFate {
  const offsets = attemptOffsets(schedule)
  const failed = trials.filter(({ down }) => someJobFails(offsets, down)).length
  return {
    schedule: schedule.text,
    spanMs: offsets.at(-1) ?? 0,
    outages: trials.length,
    failed,
    failureAtMost: failureAtMost(failed, trials.length, confidence),
  }
}

interface Interval {
  readonly from: number
  readonly until: number
}

/** Whether a job that begins at some moment has each of its attempts in one of the times without service. */
function someJobFails(offsets: readonly number[], down: readonly Downtime[]): boolean {
  const downs = down.map(({ fromMs, untilMs }) => ({ from: fromMs, until: untilMs ?? Number.POSITIVE_INFINITY }))
  let begins: readonly Interval[] = downs
  for (const offset of offsets) {
    begins = begins.flatMap((begin) =>
      downs
        .map(({ from, until }) => ({
          from: Math.max(begin.from, from - offset),
          until: Math.min(begin.until, until - offset),
        }))
        .filter(({ from, until }) => from < until),
    )
    if (begins.length === 0) return false
  }
  return begins.length > 0
}
