import { clip, textWidth } from '../../text-width.ts'

export interface Column {
  readonly title: string
  /** Numbers end on one line. Defaults to left. */
  readonly align?: 'left' | 'right'
  /** Cut to at most so many columns of the terminal; the last column takes what is left of the width. */
  readonly most?: number
}

const GAP = '  '
const LEAST_LAST = 12

/** Rows under their titles, no line longer than `width` as long as the last column has room. Ends with a newline. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const shown = rows.map((row) => row.map(plainLine))
  const widths = columns.map(({ title, most }, index) => {
    const longest = Math.max(title.length, ...shown.map((row) => textWidth(row[index] ?? '')))
    return Math.min(longest, most ?? Number.POSITIVE_INFINITY)
  })
  const last = columns.length - 1
  const before = widths.slice(0, last).reduce((sum, one) => sum + one + GAP.length, 0)
  widths[last] = Math.min(widths[last] ?? 0, Math.max(LEAST_LAST, width - before))
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const text = clip(cells[index] ?? '', widths[index] ?? 0)
        const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - textWidth(text)))
        return align === 'right' ? blanks + text : text + blanks
      })
      .join(GAP)
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...shown.map(line)].map((text) => `${text}\n`).join('')
}

// What a terminal obeys, and what turns the direction of writing, so that a line reads as something else.
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** What somebody else wrote, on one line and without what a terminal would obey. */
export function plainLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(OBEYED, '\uFFFD')
}

/** The same for a text of several lines. */
export function plainText(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.replaceAll('\t', '  ').replaceAll(OBEYED, '\uFFFD'))
    .join('\n')
}
