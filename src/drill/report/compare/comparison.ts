import type { DrillResult, Verdict } from '../../result.ts'
import { formatMs } from '../durations.ts'
import { formatBounds } from '../figures.ts'
import { duplicates } from '../headline.ts'
import { sayStandings } from './say-standings.ts'

/** How B stands against A. `other` is a difference that is neither better nor worse. */
export type Standing = 'better' | 'worse' | 'same' | 'other'

/** One thing that two drills are compared by. */
export interface Row {
  readonly name: string
  readonly a: string
  readonly b: string
  readonly standing: Standing
  /** By how much, in words, such as `3.1 s shorter`; empty where they are the same. */
  readonly difference: string
}

/** Two drills side by side. */
export interface Comparison {
  /** In one sentence, B against A. */
  readonly summary: string
  readonly verdict: Row
  /** What was measured: fates first, then durations. */
  readonly measured: readonly Row[]
  /** What was run: only what differs. */
  readonly circumstances: readonly Row[]
  /** Why the figures should be read with care, as sentences. */
  readonly cautions: readonly string[]
}

// Two runs of one and the same drill differ by more than this: by the phase, and by the machine's own noise.
const NOISE_SHARE = 0.1
const NOISE_MS = 5

const RANK: Readonly<Record<Verdict, number>> = { pass: 0, unknown: 1, fail: 2 }

/** Compares drill B with drill A by everything that both measured. */
export function compareResults(a: DrillResult, b: DrillResult): Comparison {
  const verdict = verdictRow(a, b)
  const measured = [...fateRows(a, b), ...durationRows(a, b)]
  const circumstances = circumstancesOf(a, b)
  return { summary: summaryOf(verdict, measured), verdict, measured, circumstances, cautions: cautionsOf(a, b) }
}

function verdictRow(a: DrillResult, b: DrillResult): Row {
  const standing = standingOf(RANK[b.verdict] - RANK[a.verdict])
  const difference = standing === 'same' ? '' : `${a.verdict} became ${b.verdict}`
  return { name: 'verdict', a: a.verdict.toUpperCase(), b: b.verdict.toUpperCase(), standing, difference }
}

function fateRows(a: DrillResult, b: DrillResult): readonly Row[] {
  const counts: readonly (readonly [name: string, of: (result: DrillResult) => number | null])[] = [
    ['lost jobs', ({ jobs }) => jobs.lost],
    ['failed jobs', ({ jobs }) => jobs.failed],
    ['jobs in doubt', ({ jobs }) => jobs.indeterminate],
    ['duplicates', duplicates],
    ['of them post-ack', ({ jobs }) => jobs.duplicated.postAck],
    ['unexpected jobs', ({ jobs }) => jobs.unexpected],
    ['resurrected jobs', ({ jobs }) => jobs.resurrected],
    ['reordered jobs', ({ jobs }) => jobs.reordered],
  ]
  const always: ReadonlySet<string> = new Set(['lost jobs', 'failed jobs', 'duplicates'])
  return counts.flatMap(([name, of]) => {
    const [one, other] = [of(a), of(b)]
    if (!always.has(name) && !one && !other) return []
    const shown = (count: number | null): string => (count === null ? 'unknown' : String(count))
    const row = { name, a: shown(one), b: shown(other) }
    if (one === null || other === null) return [unknowable(row, one === other)]
    const by = other - one
    const difference = by === 0 ? '' : `${Math.abs(by)} ${by > 0 ? 'more' : 'fewer'}`
    return [{ ...row, standing: standingOf(by), difference }]
  })
}

function durationRows(a: DrillResult, b: DrillResult): readonly Row[] {
  const durations: readonly (readonly [name: string, of: (result: DrillResult) => number | null])[] = [
    ['failover time', ({ failoverMs }) => failoverMs],
    ['time to detect', ({ detectionMs }) => detectionMs],
    ['consumer outage', ({ outage }) => outage.consumerMs],
    ['recovery', ({ recoveryMs }) => recoveryMs],
    ['retry threshold', ({ retryThresholdMs }) => retryThresholdMs],
    ['median latency', ({ latencyMs }) => latencyMs?.p50 ?? null],
    ['p99 latency', ({ latencyMs }) => latencyMs?.p99 ?? null],
    ['longest latency', ({ latencyMs }) => latencyMs?.max ?? null],
  ]
  const rows = durations.map(([name, of]) => durationRow(name, of(a), of(b)))
  return [...rows.slice(0, 2), outageRow(a, b), ...rows.slice(2)]
}

function durationRow(name: string, a: number | null, b: number | null): Row {
  const row = { name, a: formatMs(a), b: formatMs(b) }
  if (a === null || b === null) return unknowable(row, a === b)
  const by = b - a
  if (Math.abs(by) <= Math.max(NOISE_MS, NOISE_SHARE * Math.max(a, b))) {
    return { ...row, standing: 'same', difference: by === 0 ? '' : 'about the same' }
  }
  return { ...row, standing: standingOf(by), difference: `${formatMs(Math.abs(by))} ${by > 0 ? 'longer' : 'shorter'}` }
}

// The truth lies between the bounds, so that only ranges apart from each other differ for certain.
function outageRow({ outage: { producerMs: a } }: DrillResult, { outage: { producerMs: b } }: DrillResult): Row {
  const shown = (bounds: typeof a): string => (bounds === null ? 'not observed' : formatBounds(bounds))
  const row = { name: 'producer outage', a: shown(a), b: shown(b) }
  if (a === null || b === null) return unknowable(row, a === b)
  const [longer, shorter] = b.upper >= a.upper ? [b, a] : [a, b]
  const apart = longer.lower - shorter.upper
  if (apart <= 0) {
    const equal = a.lower === b.lower && a.upper === b.upper
    return { ...row, standing: 'same', difference: equal ? '' : 'the bounds overlap' }
  }
  const worse = longer === b
  return {
    ...row,
    standing: worse ? 'worse' : 'better',
    difference: `${formatMs(apart)} ${worse ? 'longer' : 'shorter'} at least`,
  }
}

function unknowable(row: Pick<Row, 'name' | 'a' | 'b'>, same: boolean): Row {
  return { ...row, standing: same ? 'same' : 'other', difference: same ? '' : 'only one of them was observed' }
}

function standingOf(by: number): Standing {
  return by === 0 ? 'same' : by > 0 ? 'worse' : 'better'
}

function circumstancesOf(a: DrillResult, b: DrillResult): readonly Row[] {
  const brokers = ({ target }: DrillResult): string =>
    [...new Set(target.brokers.map(({ version }) => version))].join(', ')
  const asked = ({ objectives }: DrillResult): string =>
    objectives.map(({ name, target }) => [name, target].filter(Boolean).join(' ')).join(', ')
  const facts: readonly (readonly [name: string, a: string, b: string])[] = [
    ['lab', a.target.lab, b.target.lab],
    ['fault', [a.fault.name, a.fault.node].join(' ').trim(), [b.fault.name, b.fault.node].join(' ').trim()],
    ['brokers', brokers(a), brokers(b)],
    ['jobs sent', String(a.jobs.attempted), String(b.jobs.attempted)],
    ['phase', formatMs(a.fault.phaseMs), formatMs(b.fault.phaseMs)],
    ['seed', String(a.seed), String(b.seed)],
    ['taken over by', a.takenOverBy ?? 'nobody', b.takenOverBy ?? 'nobody'],
    ['asked', asked(a), asked(b)],
    ['signs', (a.signs ?? []).join(', ') || 'none', (b.signs ?? []).join(', ') || 'none'],
    ...both('setting', a.target.settings, b.target.settings),
    ...both('version', a.versions, b.versions),
  ]
  return facts
    .filter(([, one, other]) => one !== other)
    .map(([name, one, other]) => ({ name, a: one, b: other, standing: 'other', difference: '' }))
}

function both(
  kind: string,
  a: Readonly<Record<string, string | number>>,
  b: Readonly<Record<string, string | number>>,
): readonly (readonly [string, string, string])[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  const shown = (held: Readonly<Record<string, string | number>>, name: string): string =>
    Object.hasOwn(held, name) ? String(held[name]) : 'none'
  return names.map((name) => [`${kind} ${name}`, shown(a, name), shown(b, name)])
}

function cautionsOf(a: DrillResult, b: DrillResult): readonly string[] {
  const cautions: string[] = []
  if (a.runId === b.runId) cautions.push('Both are the same run.')
  else
    cautions.push(
      'One run each: the phase of the fault alone can make an outage many times longer. `understudy threshold` measures many.',
    )
  if (a.fault.name !== b.fault.name) cautions.push(`The faults differ: ${a.fault.name} and ${b.fault.name}.`)
  if (a.target.lab !== b.target.lab) cautions.push(`The labs differ: ${a.target.lab} and ${b.target.lab}.`)
  for (const [name, { verdict, fault }] of [
    ['A', a],
    ['B', b],
  ] as const) {
    if (verdict === 'unknown') cautions.push(`The verdict of ${name} is unknown, so its figures prove nothing.`)
    if (fault.injectedAt === null) cautions.push(`In ${name} nothing was injected.`)
  }
  return cautions
}

function summaryOf(verdict: Row, measured: readonly Row[]): string {
  const rows = measured.filter(({ name }) => !name.startsWith('of them'))
  const told = sayStandings(rows, ({ name, difference }) => `${name} (${difference})`)
  if (told === '') return `${verdicts(verdict)}; B is about the same as A in everything that was measured.`
  return `${verdicts(verdict)}. ${told}`
}

const PASSES: Readonly<Record<string, string>> = { PASS: 'passes', FAIL: 'fails', UNKNOWN: 'is unknown' }

function verdicts({ a, b, standing }: Row): string {
  if (standing !== 'same') return `B ${PASSES[b]} where A ${PASSES[a]}`
  return a === 'UNKNOWN' ? 'The verdict of both is unknown' : `Both ${a === 'PASS' ? 'pass' : 'fail'}`
}
