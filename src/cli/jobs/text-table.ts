export interface Column {
  readonly title: string
  /** Numbers end on one line. Defaults to left. */
  readonly align?: 'left' | 'right'
  /** Cut to at most so many characters; the last column takes what is left of the width. */
  readonly most?: number
}

const GAP = '  '
const LEAST_LAST = 12

/** Rows under their titles, no line longer than `width` as long as the last column has room. Ends with a newline. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const shown = rows.map((row) => row.map(plainLine))
  const widths = columns.map(({ title, most }, index) => {
    const longest = Math.max(title.length, ...shown.map((row) => (row[index] ?? '').length))
    return Math.min(longest, most ?? Number.POSITIVE_INFINITY)
  })
  const last = columns.length - 1
  const before = widths.slice(0, last).reduce((sum, one) => sum + one + GAP.length, 0)
  widths[last] = Math.min(widths[last] ?? 0, Math.max(LEAST_LAST, width - before))
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => {
        const text = cut(cells[index] ?? '', widths[index] ?? 0)
        return align === 'right' ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0)
      })
      .join(GAP)
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...shown.map(line)].map((text) => `${text}\n`).join('')
}

/** Cut to a length, so that it can be seen. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1)).trimEnd()}…`
}

/** What somebody else wrote, on one line and without what a terminal would obey. */
export function plainLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD')
}

/** The same for a text of several lines. */
export function plainText(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.replaceAll('\t', '  ').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD'))
    .join('\n')
}
