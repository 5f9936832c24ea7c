import { formatQuery } from './format.ts'
import { parseQuery } from './parser.ts'
import { checkQueryTree } from './tree.ts'
import type { FailureQuery } from './query.ts'

const MOST_TARGET_CHARACTERS = 1000

/** A query that was written, or built. @throws UnderstudyError `invalid-option` for what cannot be read. */
export function readFailureQuery(query: string | FailureQuery): FailureQuery {
  return typeof query === 'string' ? parseQuery(query) : checkQueryTree(query)
}

/** A query as an audit tells it. */
export function queryInWords(query: string | FailureQuery): string {
  const text = (typeof query === 'string' ? query : formatQuery(query)).trim()
  return text === '' ? 'all' : text.slice(0, MOST_TARGET_CHARACTERS)
}
