import { formatMs, plural } from '../report/durations.ts'
import { printableLine } from '../report/printable.ts'
import { textWidth, wrap } from '../report/text-width.ts'
import type { Prediction } from '../fault.ts'
import { RUN_STATES, type SuiteDrillResult, type SuiteResult } from './suite-result.ts'

const HEADINGS = ['drill', 'runs', 'pass', 'fail', 'unknown', 'skipped', 'outage', 'from', 'to', 'predicted'] as const
/** These are words; the others are numbers, and stand at the right. */
const LEFT: ReadonlySet<string> = new Set(['drill', 'predicted'])
const MOST_REASONS = 3

/**
 * The end of a suite for a terminal: a line of figures for each drill, with what was seen under it. `outage` is the
 * median of the runs' upper bounds, `from` the least lower bound, `to` the greatest upper one.
 */
export function renderSuiteTable(
  result: Pick<SuiteResult, 'verdict' | 'drills'>,
  options: { readonly folder: string; readonly width?: number },
): string {
  const width = Math.max(60, options.width ?? 100)
  const rows = result.drills.map(rowOf)
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => textWidth(row[column] ?? ''))),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, LEFT.has(HEADINGS[column] ?? '')))
      .join('  ')
      .trimEnd()
  const lines = [line(HEADINGS)]
  for (const [index, drill] of result.drills.entries()) {
    lines.push(line(rows[index] ?? []))
    for (const told of seenIn(drill)) {
      const pieces = wrap(printableLine(told, 400), width - 6)
      lines.push(...pieces.map((piece, at) => (at === 0 ? '    ' : '      ') + piece))
    }
  }
  return `${result.verdict.toUpperCase()} · ${totals(result.drills)}\n\n${lines.join('\n')}\n\nresult  ${options.folder}\n`
}

function totals(drills: readonly SuiteDrillResult[]): string {
  const runs = drills.reduce((sum, drill) => sum + drill.runs.length, 0)
  const states = RUN_STATES.toReversed().flatMap((state) => {
    const count = drills.reduce((sum, drill) => sum + drill.counts[state], 0)
    return count === 0 ? [] : [`${count} ${state}`]
  })
  return `${plural(drills.length, 'drill')}, ${plural(runs, 'run')}: ${states.join(', ')}`
}

function rowOf(drill: SuiteDrillResult): readonly string[] {
  const { counts, outageMs, predicted } = drill
  return [
    printableLine(drill.name, 60),
    String(drill.runs.length),
    count(counts.pass),
    count(counts.fail),
    count(counts.unknown + counts.broken + counts.interrupted),
    count(counts.skipped),
    outageMs ? formatMs(outageMs.upper.median) : '–',
    outageMs ? formatMs(outageMs.lower.min) : '–',
    outageMs ? formatMs(outageMs.upper.max) : '–',
    predicted ? sayPrediction(predicted) : '–',
  ]
}

/** `200 ms to 10.0 s`, or `until healed`. */
function sayPrediction({ lowerMs, upperMs }: Prediction): string {
  return upperMs === null ? 'until healed' : sayRange({ min: lowerMs, max: upperMs })
}

/** What the runs showed beside their times, and why those that did not pass did not. */
function seenIn({ runs, signs, failoverMs, recoveryMs, retryThresholdMs }: SuiteDrillResult): readonly string[] {
  const judged = runs.filter((run) => run.jobs !== null)
  const facts: string[] = []
  const takenOver = judged.filter((run) => run.takenOverBy !== null).length
  if (judged.length > 0) facts.push(takenOver === 0 ? 'no takeover' : `takeover in ${takenOver} of ${judged.length}`)
  const sum = (of: 'lost' | 'failed'): number => judged.reduce((all, run) => all + (run.jobs?.[of] ?? 0), 0)
  const unknownLoss = judged.some((run) => run.jobs?.lost === null)
  if (judged.length > 0) facts.push(`${sum('lost')} lost${unknownLoss ? ' at least' : ''}, ${sum('failed')} failed`)
  if (failoverMs) facts.push(`failover ${sayRange(failoverMs)}`)
  if (recoveryMs) facts.push(`recovered after ${sayRange(recoveryMs)}`)
  if (retryThresholdMs) facts.push(`r* up to ${formatMs(retryThresholdMs.max)}`)
  for (const [sign, times] of Object.entries(signs)) facts.push(`${sign} in ${times}`)
  const reasons = new Map<string, number>()
  for (const run of runs) {
    const [reason] = run.reasons
    if (reason !== undefined) {
      const text = `${run.state}: ${reason}`
      reasons.set(text, (reasons.get(text) ?? 0) + 1)
    }
  }
  const told = [...reasons].map(([text, times]) => (times === 1 ? text : `${text} (${times} times)`))
  const more = told.length - MOST_REASONS
  return [
    ...(facts.length > 0 ? [facts.join(' · ')] : []),
    ...told.slice(0, MOST_REASONS),
    ...(more > 0 ? [`and ${plural(more, 'other reason')}, in result.json`] : []),
  ]
}

/** `213 ms`, or `213 ms to 9.20 s`. */
function sayRange({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? formatMs(min) : `${formatMs(min)} to ${formatMs(max)}`
}

function count(value: number): string {
  return value === 0 ? '·' : String(value)
}

function pad(text: string, width: number, left: boolean): string {
  const room = ' '.repeat(Math.max(0, width - textWidth(text)))
  return left ? text + room : room + text
}
