import type { FailureQuery } from './query.ts'
import { formatQueryDuration } from './duration.ts'

/** What stands without quotes as it is. */
const PLAIN_WORD = /^[^\s()":<>-][^\s()":<>]*$/
const PLAIN_VALUE = /^[^\s()"]+$/

/** A query as a person would write it; `parseQuery` reads the same out of it. */
export function formatQuery(query: FailureQuery): string {
  return query.kind === 'all' ? '' : format(query, 'or')
}

/** `within` is what it stands in: an OR takes ANDs as they are, everything else goes into parentheses. */
function format(query: FailureQuery, within: 'or' | 'and' | 'not'): string {
  switch (query.kind) {
    case 'all':
      return '*'
    case 'text':
      return isPlainWord(query.text) ? query.text : quote(query.text)
    case 'field':
      return `${query.field}:${PLAIN_VALUE.test(query.text) ? query.text : quote(query.text)}`
    case 'compare':
      return `${query.field}${query.comparison}${query.field === 'age' ? formatQueryDuration(query.value) : query.value}`
    case 'not':
      return `-${format(query.of, 'not')}`
    case 'and':
    case 'or':
      return formatJoined(query.kind, query.of, within)
  }
}

function formatJoined(kind: 'and' | 'or', of: readonly FailureQuery[], within: 'or' | 'and' | 'not'): string {
  // An AND of nothing asks for nothing, an OR of nothing is met by nothing.
  if (of.length === 0) return kind === 'and' ? '*' : '-*'
  const [only] = of
  if (of.length === 1 && only !== undefined) return format(only, within)
  // A tree may hold an OR in an OR; its parentheses keep it one.
  const inner = of.map((part) => (part.kind === kind ? `(${format(part, 'or')})` : format(part, kind)))
  const text = inner.join(kind === 'and' ? ' ' : ' OR ')
  return within === 'not' || (within === 'and' && kind === 'or') ? `(${text})` : text
}

function isPlainWord(text: string): boolean {
  return PLAIN_WORD.test(text) && text !== '*' && !['AND', 'OR', 'NOT'].includes(text.toUpperCase())
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
