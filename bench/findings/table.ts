import { formatMs } from '../../src/drill/report/durations.ts'
import type { DrillResult } from '../../src/drill/result.ts'
import type { SuiteDrillResult } from '../../src/drill/suite/suite-result.ts'

/** What was run of one drill, with the results that its runs left behind. */
export interface DrillRuns {
  readonly drill: Pick<SuiteDrillResult, 'name' | 'counts' | 'predicted'>
  readonly results: readonly DrillResult[]
}

const COLUMNS = [
  'drill',
  'runs',
  'verdicts',
  'took over',
  'without a confirm',
  'predicted',
  'jobs lost, failed',
  'seen',
]

/** Said of nearly every outage, so that it tells topologies apart from nothing. */
const PLAIN_SIGNS: ReadonlySet<string> = new Set(['refusal', 'client-refusal', 'duplicates'])

/**
 * A Markdown table of what was expected and what was seen, one line for each drill. The time without a confirm is the
 * upper bound of each run: the median, and in brackets the shortest and the longest.
 */
export function findingsTable(drills: readonly DrillRuns[]): string {
  const rows = drills.map(({ drill, results }) => [
    drill.name,
    String(results.length),
    verdicts(drill),
    `${results.filter(({ takenOverBy }) => takenOverBy !== null).length} of ${results.length}`,
    silence(results),
    predicted(drill),
    `${sum(results, ({ jobs }) => jobs.lost ?? 0)}, ${sum(results, ({ jobs }) => jobs.failed)}`,
    signs(results),
  ])
  return [COLUMNS, COLUMNS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function verdicts({ counts }: DrillRuns['drill']): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

function silence(results: readonly DrillResult[]): string {
  const times = results
    .flatMap(({ outage }) => outage.withoutConfirmMs?.upper ?? outage.producerMs?.upper ?? [])
    .toSorted((one, other) => one - other)
  const [least] = times
  const most = times.at(-1)
  if (least === undefined || most === undefined) return '–'
  const middle = ((times[(times.length - 1) >> 1] ?? least) + (times[times.length >> 1] ?? most)) / 2
  return `${formatMs(middle)} (${formatMs(least)} to ${formatMs(most)})`
}

function predicted({ predicted: told }: DrillRuns['drill']): string {
  if (told === null) return '–'
  return told.upperMs === null
    ? `${formatMs(told.lowerMs)} until healed`
    : `${formatMs(told.lowerMs)} to ${formatMs(told.upperMs)}`
}

function signs(results: readonly DrillResult[]): string {
  const counts = new Map<string, number>()
  for (const result of results) {
    for (const sign of result.signs) if (!PLAIN_SIGNS.has(sign)) counts.set(sign, (counts.get(sign) ?? 0) + 1)
  }
  if (counts.size === 0) return '–'
  return [...counts].map(([sign, count]) => (count === results.length ? sign : `${sign} in ${count}`)).join(', ')
}

function sum(results: readonly DrillResult[], of: (result: DrillResult) => number): number {
  return results.reduce((total, result) => total + of(result), 0)
}
