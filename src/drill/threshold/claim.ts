import { formatCount, sayMs } from '../checker/exact-durations.ts'
import { failureAtMost } from './binomial.ts'
import { type Method, type Outcomes, standing } from './method.ts'
import { quantileBound, quantileEarned } from './order-statistics.ts'

/** What a search may say by what it has measured so far. Times are milliseconds. */
export interface Claim {
  /** `R0.9 <= 9.3 s (95 %, n=29)`. */
  readonly text: string
  /** p of the claim: the one that was asked for, or the highest that was earned. */
  readonly pass: number
  readonly confidence: number
  /** R_p is at most this; null when it is more than the cap, or nothing was earned. */
  readonly thresholdMs: number | null
  /** How many measured outages it rests on. */
  readonly trials: number
  /** Runs of the one-retry producer at this threshold that held, of those that count; null without any. */
  readonly confirmed: {
    readonly held: number
    /** The probability that a job fails is at most this, at the same confidence. */
    readonly failureAtMost: number
  } | null
  /** How often a failure raised the candidate. */
  readonly raised: number
  /** Whether it is what was asked for: the p, the number of outages, and every run of the confirmation. */
  readonly asWanted: boolean
  /** What it is short of, one sentence each; empty when it is as wanted. */
  readonly shortOf: readonly string[]
}

/** The strongest claim that these outcomes allow. Never more than they do: fewer runs earn a weaker one. */
export function claimOf(method: Method, outcomes: Outcomes): Claim {
  const now = standing(method, outcomes)
  const n = now.counted.length
  const thresholds = now.counted.map(({ thresholdMs }) =>
    thresholdMs === null || thresholdMs > method.capMs ? Number.POSITIVE_INFINITY : thresholdMs,
  )
  const wanted = quantileBound(thresholds, method.pass, method.confidence)
  // Two digits, and down: never more than was earned.
  const pass = wanted === undefined ? Math.floor(quantileEarned(n, method.confidence) * 100) / 100 : method.pass
  const bound = wanted ?? quantileBound(thresholds, quantileEarned(n, method.confidence), method.confidence)
  const censored = now.phase === 'censored' || bound === Number.POSITIVE_INFINITY
  const thresholdMs =
    censored || bound === undefined || pass === 0
      ? null
      : (now.candidateMs ?? Math.ceil(bound / method.gridMs) * method.gridMs)
  const held = thresholdMs === null ? 0 : now.held
  const shortOf = [...shortage(method, n, wanted, censored)]
  if (shortOf.length === 0 && now.phase !== 'confirmed') {
    shortOf.push(`${formatCount(held)} of ${formatCount(method.confirmRuns)} runs of the one-retry producer were done.`)
  }
  if (shortOf.length === 0 && method.confirmRuns === 0) {
    shortOf.push('No run of the one-retry producer confirmed it.')
  }
  return {
    text: textOf(method, { n, pass, thresholdMs, censored }),
    pass,
    confidence: method.confidence,
    thresholdMs,
    trials: n,
    confirmed: held === 0 ? null : { held, failureAtMost: failureAtMost(0, held, method.confidence) },
    raised: Math.max(0, now.stage - 1),
    asWanted: shortOf.length === 0,
    shortOf,
  }
}

function* shortage(method: Method, n: number, wanted: number | undefined, censored: boolean): Iterable<string> {
  if (n === 0) yield 'No outage was measured.'
  else if (wanted === undefined) {
    const earned = String(Math.floor(quantileEarned(n, method.confidence) * 100) / 100)
    yield `${formatCount(n)} measured ${n === 1 ? 'outage earns' : 'outages earn'} p = ${earned}, and ${method.pass} was wanted.`
  }
  if (censored) yield `The threshold is more than the cap of ${sayMs(method.capMs)}.`
}

function textOf(
  { confidence, capMs }: Method,
  earned: {
    readonly n: number
    readonly pass: number
    readonly thresholdMs: number | null
    readonly censored: boolean
  },
): string {
  const { n, pass, thresholdMs, censored } = earned
  if (n === 0 || pass === 0) return 'nothing was earned'
  if (censored) return `R${pass}: more than ${sayMs(capMs)} cannot be excluded (n=${n})`
  return `R${pass} <= ${sayMs(thresholdMs ?? 0)} (${sayPercent(confidence)}, n=${n})`
}

/** `95 %`, `99.5 %`, `99.99 %`: three digits of what it is away from nothing or all, so that it is never said to be it. */
export function sayPercent(share: number): string {
  const away = Number((Math.min(share, 1 - share) * 100).toPrecision(3))
  return `${share > 0.5 ? Number((100 - away).toFixed(10)) : away} %`
}
