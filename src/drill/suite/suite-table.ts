import { join } from 'node:path'
import { formatMs, plural } from '../report/durations.ts'
import { printableLine } from '../../page/printable.ts'
import { textWidth, wrap } from '../../text-width.ts'
import type { SuiteDrillResult, SuiteResult } from './suite-result.ts'
import { reasonsOf, sayPrediction, sayTotals, seenInRuns } from './suite-words.ts'

const HEADINGS = ['drill', 'runs', 'pass', 'fail', 'unknown', 'skipped', 'outage', 'from', 'to', 'predicted'] as const
/** These are words; the others are numbers, and stand at the right. */
const LEFT: ReadonlySet<string> = new Set(['drill', 'predicted'])
const MOST_REASONS = 3

/**
 * The end of a suite for a terminal: a line of figures for each drill, with what was seen under it. `outage` is the
 * median of the runs' upper bounds, `from` the least lower bound, `to` the greatest upper one.
 */
export function renderSuiteTable(
  result: Pick<SuiteResult, 'verdict' | 'drills' | 'files'>,
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
  return `${result.verdict.toUpperCase()} · ${sayTotals(result.drills)}\n\n${lines.join('\n')}\n\nreport  ${join(options.folder, result.files.report)}\n`
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

/** What the runs showed beside their times, and why those that did not pass did not. */
function seenIn(drill: SuiteDrillResult): readonly string[] {
  const facts = seenInRuns(drill)
  const told = reasonsOf(drill.runs)
  const more = told.length - MOST_REASONS
  return [
    ...(facts.length > 0 ? [facts.join(' · ')] : []),
    ...told.slice(0, MOST_REASONS),
    ...(more > 0 ? [`and ${plural(more, 'other reason')}, in result.json`] : []),
  ]
}

function count(value: number): string {
  return value === 0 ? '·' : String(value)
}

function pad(text: string, width: number, left: boolean): string {
  const room = ' '.repeat(Math.max(0, width - textWidth(text)))
  return left ? text + room : room + text
}
