import {
  RUN_STATES,
  type RunState,
  type SuiteDrillResult,
  type SuiteResult,
  type SuiteRun,
} from '../../suite/suite-result.ts'
import { sayLost } from '../../suite/suite-words.ts'
import { plural } from '../durations.ts'
import type { Row } from './comparison.ts'
import { sayStandings } from './say-standings.ts'
import { spreadRow } from './spread-row.ts'

/** One drill that both suites have, by its name. */
interface ComparedDrill {
  readonly name: string
  readonly rows: readonly Row[]
}

/** Two suites side by side, drill by drill. */
export interface SuiteComparison {
  /** In one sentence, B against A. */
  readonly summary: string
  readonly drills: readonly ComparedDrill[]
  /** What was run: only what differs. */
  readonly circumstances: readonly Row[]
  /** Why the figures should be read with care, as sentences. */
  readonly cautions: readonly string[]
}

/** Compares suite B with suite A: the drills of one name with each other, all their runs with all. */
export function compareSuites(a: SuiteResult, b: SuiteResult): SuiteComparison {
  const drills = a.drills.flatMap((one) => {
    const other = b.drills.find(({ name }) => name === one.name)
    return other ? [{ name: one.name, rows: rowsOf(one, other) }] : []
  })
  return { summary: summaryOf(drills), drills, circumstances: circumstancesOf(a, b), cautions: cautionsOf(a, b) }
}

function rowsOf(a: SuiteDrillResult, b: SuiteDrillResult): readonly Row[] {
  const values = (of: (run: SuiteRun) => number | null): [readonly number[], readonly number[]] => [
    a.runs.flatMap((run) => of(run) ?? []),
    b.runs.flatMap((run) => of(run) ?? []),
  ]
  return [
    endedRow(a, b),
    lostRow(a.runs, b.runs),
    spreadRow('outage', ...values((run) => run.outageMs?.upper ?? unended(run))),
    spreadRow('failover time', ...values((run) => run.failoverMs)),
    spreadRow('recovery', ...values((run) => run.recoveryMs)),
    spreadRow('retry threshold', ...values((run) => run.retryThresholdMs ?? unended(run))),
    ...signRows(a.runs, b.runs),
  ]
}

/** `Infinity` for a run whose service was not back by its end; null for one that says nothing of it. */
function unended({ state, retryThresholdMs }: SuiteRun): number | null {
  return state === 'fail' && retryThresholdMs === null ? Number.POSITIVE_INFINITY : null
}

function endedRow(a: SuiteDrillResult, b: SuiteDrillResult): Row {
  const row = { name: 'verdicts', a: sayStates(a.runs), b: sayStates(b.runs) }
  if (a.state === b.state) return { ...row, standing: 'same', difference: '' }
  const difference = `${a.state} became ${b.state}`
  // What was not judged is neither better nor worse than what was.
  if (!isJudged(a.state) || !isJudged(b.state)) return { ...row, standing: 'other', difference }
  return { ...row, standing: b.state === 'fail' ? 'worse' : 'better', difference }
}

function isJudged(state: RunState): boolean {
  return state === 'pass' || state === 'fail'
}

function sayStates(runs: readonly SuiteRun[]): string {
  const told = RUN_STATES.toReversed().flatMap((state) => {
    const count = runs.filter((run) => run.state === state).length
    return count === 0 ? [] : [`${count} ${state}`]
  })
  return told.join(', ') || 'not run'
}

function lostRow(a: readonly SuiteRun[], b: readonly SuiteRun[]): Row {
  const lost = (runs: readonly SuiteRun[]): number | null => {
    const judged = runs.flatMap(({ jobs }) => jobs ?? [])
    if (judged.length === 0 || judged.some((jobs) => jobs.lost === null)) return null
    return judged.reduce((sum, jobs) => sum + (jobs.lost ?? 0), 0)
  }
  const shown = (runs: readonly SuiteRun[]): string => (runs.some(({ jobs }) => jobs) ? sayLost(runs) : 'unknown')
  const row = { name: 'lost jobs', a: shown(a), b: shown(b) }
  const [one, other] = [lost(a), lost(b)]
  if (one === null || other === null) return { ...row, standing: 'other', difference: 'not known of every run' }
  if (one === other) return { ...row, standing: 'same', difference: '' }
  const difference = `${Math.abs(other - one)} ${other > one ? 'more' : 'fewer'}`
  return { ...row, standing: other > one ? 'worse' : 'better', difference }
}

/** The signs that one suite's runs showed more often. */
function signRows(a: readonly SuiteRun[], b: readonly SuiteRun[]): readonly Row[] {
  const seen = (runs: readonly SuiteRun[], sign: string): string =>
    `in ${runs.filter(({ signs }) => signs.includes(sign)).length} of ${runs.length}`
  const signs = new Set([...a, ...b].flatMap(({ signs: own }) => own))
  return [...signs]
    .map((sign): Row => ({ name: sign, a: seen(a, sign), b: seen(b, sign), standing: 'other', difference: '' }))
    .filter((row) => row.a !== row.b)
}

function circumstancesOf(a: SuiteResult, b: SuiteResult): readonly Row[] {
  const names = ({ drills }: SuiteResult): ReadonlySet<string> => new Set(drills.map(({ name }) => name))
  const only = (one: SuiteResult, other: SuiteResult): string =>
    [...names(one)].filter((name) => !names(other).has(name)).join(', ') || 'none'
  const versions = [...new Set([...Object.keys(a.versions), ...Object.keys(b.versions)])]
  const facts: readonly (readonly [name: string, a: string, b: string])[] = [
    ['plan', a.plan, b.plan],
    ['drills that only it has', only(a, b), only(b, a)],
    ...versions.map((name) => [`version ${name}`, a.versions[name] ?? 'none', b.versions[name] ?? 'none'] as const),
  ]
  return facts
    .filter(([, one, other]) => one !== other)
    .map(([name, one, other]) => ({ name, a: one, b: other, standing: 'other', difference: '' }))
}

function cautionsOf(a: SuiteResult, b: SuiteResult): readonly string[] {
  const cautions: string[] = []
  if (a.startedAt === b.startedAt && a.command === b.command) cautions.push('Both are the same suite.')
  cautions.push(
    'A duration is called different when a rank test of all runs tells the two apart at 95 %: by chance alone that happens in one row of twenty.',
  )
  for (const one of a.drills) {
    const other = b.drills.find(({ name }) => name === one.name)
    if (!other) continue
    if (one.lab !== other.lab) cautions.push(`The labs of ${one.name} differ: ${one.lab} and ${other.lab}.`)
    if (one.fault !== other.fault) cautions.push(`The faults of ${one.name} differ: ${one.fault} and ${other.fault}.`)
  }
  return cautions
}

function summaryOf(drills: readonly ComparedDrill[]): string {
  if (drills.length === 0) return 'The two have no drill of the same name, so there is nothing to compare.'
  const both = `${plural(drills.length, 'drill')} in both`
  const rows = drills.flatMap(({ name: drill, rows }) => rows.map((row) => ({ ...row, drill })))
  const told = sayStandings(rows, ({ name, drill, difference }) => `${name} of ${drill} (${difference})`)
  return told === '' ? `${both}; these runs show no difference.` : `${both}. ${told}`
}
