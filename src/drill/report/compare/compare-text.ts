import { styleText } from 'node:util'
import { printableLine } from '../../../page/printable.ts'
import { clip, textWidth, wrap } from '../../../text-width.ts'
import type { Comparison, Row, Standing } from './comparison.ts'
import type { SuiteComparison } from './suite-comparison.ts'
import type { ThresholdComparison } from './threshold-comparison.ts'

export interface CompareTextOptions {
  /** Whether ANSI colours may be written. Defaults to false. */
  readonly colour?: boolean
  /** Columns that a line may take, from 60 on. Defaults to 100. */
  readonly width?: number
}

const NARROWEST = 60
const COLOURS: Readonly<Record<Standing, 'green' | 'red' | 'dim'>> = {
  better: 'green',
  worse: 'red',
  same: 'dim',
  other: 'dim',
}

/** A comparison for a terminal: the sentence, a table of what was measured, and what was run differently. */
export function renderComparison(comparison: Comparison, names: SideNames, options: CompareTextOptions = {}): string {
  const { verdict, measured } = comparison
  return framed(comparison, names, options, (width, colour) => table([verdict, ...measured], width, colour))
}

/** The same of two suites: a table for each drill that both have. */
export function renderSuiteComparison(
  comparison: SuiteComparison,
  names: SideNames,
  options: CompareTextOptions = {},
): string {
  return framed(comparison, names, options, (width, colour) =>
    comparison.drills.flatMap(({ name, rows }, index) => [
      ...(index === 0 ? [] : ['']),
      printableLine(name, width),
      ...table(rows, width, colour),
    ]),
  )
}

/** The same of two searches for the retry threshold. */
export function renderThresholdComparison(
  comparison: ThresholdComparison,
  names: SideNames,
  options: CompareTextOptions = {},
): string {
  return framed(comparison, names, options, (width, colour) => table(comparison.rows, width, colour))
}

interface SideNames {
  readonly a: string
  readonly b: string
}

/** What every comparison has around its tables: the answer and the names before them, what else differs after them. */
function framed(
  { summary, circumstances, cautions }: Pick<Comparison, 'summary' | 'circumstances' | 'cautions'>,
  names: SideNames,
  options: CompareTextOptions,
  tables: (width: number, colour: boolean) => readonly string[],
): string {
  const width = Math.max(NARROWEST, options.width ?? 100)
  const lines = [...wrap(printableLine(summary, 500), width), '']
  lines.push(`A  ${printableLine(names.a, 500)}`, `B  ${printableLine(names.b, 500)}`, '')
  const own = tables(width, options.colour ?? false)
  if (own.length > 0) lines.push(...own, '')
  if (circumstances.length > 0) lines.push(...table(circumstances, width, false, 'what differs'), '')
  lines.push(...cautions.flatMap((caution) => wrap(printableLine(caution, 500), width)))
  return `${lines.join('\n')}\n`
}

function table(rows: readonly Row[], width: number, colour: boolean, title = ''): readonly string[] {
  const cells = rows.map((row) => [row.name, row.a, row.b, differenceOf(row)].map((cell) => printableLine(cell, 200)))
  const all = [[title, 'A', 'B', ''], ...cells]
  const widest = (column: number): number => Math.max(...all.map((row) => textWidth(row[column] ?? '')))
  const quarter = Math.max(12, Math.floor((width - 6) / 4))
  const first = Math.min(quarter, widest(0))
  // What the first and the last leave, so that nothing is cut where there is room.
  const most = Math.max(quarter, Math.floor((width - 6 - first - widest(3)) / 2))
  const widths = [first, Math.min(most, widest(1)), Math.min(most, widest(2))]
  return all.map((row, index) => {
    const line = row
      .map((cell, column) => {
        const room = widths[column]
        return room === undefined ? cell : pad(clip(cell, room), room)
      })
      .join('  ')
      .trimEnd()
    const standing = rows[index - 1]?.standing
    return colour && standing !== undefined && standing !== 'other'
      ? styleText(COLOURS[standing], line, { validateStream: false })
      : line
  })
}

/** Better or worse by its word and by its sign, so that a colour is never alone. */
function differenceOf({ standing, difference }: Row): string {
  if (standing === 'same') return difference === '' ? '= same' : `= ${difference}`
  if (standing === 'other') return difference
  return `${standing === 'better' ? '+ better' : '- worse'}: ${difference}`
}

function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)))
}
