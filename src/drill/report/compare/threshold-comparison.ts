import { formatCount, sayMs } from '../../checker/exact-durations.ts'
import { sayPercent } from '../../threshold/claim.ts'
import { measuredOutages } from '../../threshold/measured.ts'
import type { Search } from '../../threshold/search-file.ts'
import type { TrialRecord } from '../../threshold/trial-record.ts'
import { formatMs } from '../durations.ts'
import { outageOf } from '../threshold/distributions.ts'
import { stateOf, type ThresholdState } from '../threshold/state.ts'
import type { Row } from './comparison.ts'
import { sayStandings } from './say-standings.ts'
import { spreadRow } from './spread-row.ts'

/** Two searches for the retry threshold, or two verifications, side by side. */
export interface ThresholdComparison {
  /** B against A, in a sentence or a few. */
  readonly summary: string
  /** The answer, the claim and what it rests on, then what was measured. */
  readonly rows: readonly Row[]
  /** What was asked and run: only what differs. */
  readonly circumstances: readonly Row[]
  /** Why the figures should be read with care, as sentences. */
  readonly cautions: readonly string[]
}

/** Compares search B with search A by all their runs. */
export function compareThresholds(a: Search, b: Search): ThresholdComparison {
  const rows = [
    answerRow(a, b),
    claimRow(a, b),
    factRow('runs that held', heldWords(a), heldWords(b)),
    factRow('measured outages', outageCount(a), outageCount(b)),
    spreadRow(
      'pause just enough',
      durations(a, ({ thresholdMs }) => thresholdMs),
      durations(b, ({ thresholdMs }) => thresholdMs),
    ),
    spreadRow('outage', durations(a, outageOf), durations(b, outageOf)),
    ...enoughRows(a, b),
    ...policyRows(a, b),
  ]
  return { summary: summaryOf(rows), rows, circumstances: circumstancesOf(a, b), cautions: cautionsOf(a, b) }
}

/** What a search claims, or how the runs of a verification fared, in a few words. */
export function claimWords({ claim, verify }: Search): string {
  if (verify) return `verified at ${sayMs(verify.atMs)}`
  return claim?.text ?? 'nothing was earned'
}

const RANK: Readonly<Record<ThresholdState['tone'], number>> = { pass: 0, unknown: 1, fail: 2 }

function answerRow(a: Search, b: Search): Row {
  const [one, other] = [stateOf(a), stateOf(b)]
  const row = { name: 'answer', a: one.words, b: other.words }
  if (one.words === other.words) return { ...row, standing: 'same', difference: '' }
  // An answer to another question is neither better nor worse.
  if (questionOf(a) !== questionOf(b)) return { ...row, standing: 'other', difference: 'not asked the same' }
  const standing = RANK[other.tone] > RANK[one.tone] ? 'worse' : 'better'
  return { ...row, standing, difference: `${one.words.toLowerCase()} became ${other.words.toLowerCase()}` }
}

function questionOf({ method, verify }: Search): string {
  return [method.pass, method.confidence, verify?.atMs ?? 'search', verify?.early ?? false].join()
}

function claimRow(a: Search, b: Search): Row {
  const row = factRow('claim', claimWords(a), claimWords(b))
  const [one, other] = [a.claim, b.claim]
  const comparable = one && other && one.pass === other.pass && one.confidence === other.confidence
  if (row.standing === 'same' || !comparable || one.thresholdMs === null || other.thresholdMs === null) return row
  const by = other.thresholdMs - one.thresholdMs
  return by === 0 ? row : { ...row, difference: `${formatMs(Math.abs(by))} ${by > 0 ? 'longer' : 'shorter'}` }
}

function heldWords({ trials, verify, claim, method }: Search): string {
  if (!verify) return claim?.confirmed ? outOf(claim.confirmed.held, method.confirmRuns) : 'none yet'
  const runs = trials.filter(({ kind }) => kind === 'verify')
  return outOf(runs.filter(({ article }) => article?.held !== false).length, runs.length)
}

function outOf(some: number, all: number): string {
  return `${formatCount(some)} of ${formatCount(all)}`
}

function outageCount({ trials }: Search): string {
  return formatCount(measuredOutages(trials).length)
}

function durations({ trials }: Search, of: (trial: TrialRecord) => number | null): readonly number[] {
  return measuredOutages(trials).map((trial) => of(trial) ?? Number.POSITIVE_INFINITY)
}

/** The value that was enough in a share of the outages, where both asked for the same share. */
function enoughRows(a: Search, b: Search): readonly Row[] {
  if (a.method.pass !== b.method.pass) return []
  const enough = ({ measured }: Search): string => formatMs(measured?.atPassMs ?? null)
  return [factRow(`enough in ${sayPercent(a.method.pass)}`, enough(a), enough(b))]
}

/** Retry policies that were replayed over the outages of both. */
function policyRows(a: Search, b: Search): readonly Row[] {
  return a.schedules.flatMap((one) => {
    const other = b.schedules.find(({ schedule }) => schedule === one.schedule)
    if (!other) return []
    const fared = ({ failed, outages }: typeof one): string => `fails in ${outOf(failed, outages)}`
    return [factRow(one.schedule, fared(one), fared(other))]
  })
}

function factRow(name: string, a: string, b: string): Row {
  return { name, a, b, standing: a === b ? 'same' : 'other', difference: '' }
}

function circumstancesOf(a: Search, b: Search): readonly Row[] {
  const facts: readonly (readonly [name: string, of: (search: Search) => string])[] = [
    ['lab', ({ lab }) => lab],
    ['fault', ({ trial }) => trial.fault],
    ['what was asked', ({ verify }) => (verify ? 'a verification' : 'a search')],
    ['p', ({ method }) => String(method.pass)],
    ['confidence', ({ method }) => sayPercent(method.confidence)],
    ['grid', ({ method }) => formatMs(method.gridMs)],
    ['cap', ({ method }) => formatMs(method.capMs)],
    ['a probing job every', ({ trial }) => formatMs(trial.everyMs)],
    ['a job of the one-retry producer every', ({ trial }) => formatMs(trial.jobEveryMs)],
    ['its dial and confirm within', ({ trial }) => formatMs(trial.deadlineMs)],
    ['a fault is held for', ({ trial }) => formatMs(trial.holdMs)],
    ['brokers', ({ target }) => [...new Set((target?.brokers ?? []).map(({ version }) => version))].join(', ')],
    ['predicted', ({ target }) => target?.predicted?.because ?? 'nothing'],
    ['seed', ({ seed }) => String(seed)],
    ...named('setting', a.target?.settings ?? {}, b.target?.settings ?? {}, ({ target }) => target?.settings ?? {}),
    ...named('version', a.versions, b.versions, ({ versions }) => versions),
  ]
  return facts.map(([name, of]) => factRow(name, of(a), of(b))).filter(({ standing }) => standing !== 'same')
}

type Facts = Readonly<Record<string, string | number>>

function named(
  kind: string,
  a: Facts,
  b: Facts,
  of: (search: Search) => Facts,
): readonly (readonly [name: string, of: (search: Search) => string])[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [
    `${kind} ${name}`,
    (search) => {
      const held = of(search)
      return Object.hasOwn(held, name) ? String(held[name]) : 'none'
    },
  ])
}

function cautionsOf(a: Search, b: Search): readonly string[] {
  const cautions: string[] = []
  if (a.seed === b.seed && a.trials[0] !== undefined && a.trials[0].at === b.trials[0]?.at)
    cautions.push('Both are the same search.')
  if (a.lab !== b.lab) cautions.push(`The labs differ: ${a.lab} and ${b.lab}.`)
  if (a.trial.fault !== b.trial.fault) cautions.push(`The faults differ: ${a.trial.fault} and ${b.trial.fault}.`)
  if (questionOf(a) !== questionOf(b)) cautions.push('What was asked differs, so the answers are to two questions.')
  cautions.push(
    'A claim is an upper bound: a shorter one says what was earned, not that these brokers are faster. A duration is called different when a rank test of all runs tells the two apart at 95 %.',
  )
  for (const [name, { claim }] of [
    ['A', a],
    ['B', b],
  ] as const) {
    for (const why of claim?.shortOf ?? []) cautions.push(`${name} is short of what was wanted: ${why}`)
  }
  return cautions
}

function summaryOf(rows: readonly Row[]): string {
  const [, claim] = rows
  const claims = claim && claim.difference !== '' ? `B claims a threshold that is ${claim.difference}. ` : ''
  const told = sayStandings(rows, ({ name, difference }) => `${name} (${difference})`)
  return `${claims}${told === '' ? 'What was measured shows no clear difference.' : told}`
}
