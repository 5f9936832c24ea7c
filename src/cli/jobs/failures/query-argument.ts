import { UnderstudyError } from '../../../errors.ts'
import { Exit, EXIT } from '../../exit-code.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { textWidth } from '../../../text-width.ts'

const WIDEST = 72

/**
 * Does what reads a query. One that cannot be understood is shown with a caret under the place.
 *
 * @throws Exit for such a query; what else `read` throws comes through.
 */
export function explainQuery<Value>(terminal: Pick<Terminal, 'err'>, query: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UnderstudyError) || error.code !== 'invalid-option') throw error
    const column = columnOf(error)
    if (column !== undefined) terminal.err(caret(query, column))
    throw new Exit(EXIT.badArguments, error.message)
  }
}

/** The query, or the part of it around the column (from 1), and a caret below. */
export function caret(query: string, column: number): string {
  const text = query.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]/g, ' ')
  const at = Math.min(Math.max(1, column), text.length + 1) - 1
  const from = at < WIDEST ? 0 : at - Math.floor(WIDEST / 2)
  return `  ${text.slice(from, from + WIDEST)}\n  ${' '.repeat(textWidth(text.slice(from, at)))}^\n`
}

function columnOf(error: Error): number | undefined {
  if ('column' in error && typeof error.column === 'number') return error.column
  const found = /\bcolumn (\d+)/.exec(error.message)
  return found?.[1] === undefined ? undefined : Number(found[1])
}
