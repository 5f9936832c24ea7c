import { UnderstudyError } from '../../../errors.ts'
import { CLOSED_SETS, COMPARED_FIELDS, type FailureQuery, QUERY_FIELDS } from './query.ts'

/** What a store's own language nests without trouble, far above what the parser makes. */
const MOST_DEPTH = 100
const MOST_PARTS = 10_000

const COMPARISONS = ['<', '<=', '>', '>=']

/**
 * A query that somebody built, perhaps out of JSON of somebody else: stores make statements of it.
 *
 * @throws UnderstudyError `invalid-option` for what is none.
 */
export function checkQueryTree(query: FailureQuery): FailureQuery {
  let parts = 0
  const check = (part: unknown, depth: number): void => {
    parts++
    if (depth > MOST_DEPTH) throw refused(`it is more than ${MOST_DEPTH} deep`)
    if (parts > MOST_PARTS) throw refused(`it has more than ${MOST_PARTS} parts`)
    if (typeof part !== 'object' || part === null) throw refused('a part of it is no object')
    const { kind, of, field, text, comparison, value } = part as Readonly<Record<string, unknown>>
    switch (kind) {
      case 'all':
        return
      case 'and':
      case 'or':
        if (!Array.isArray(of)) throw refused(`an ${kind} needs a list of what it joins`)
        for (const one of of) check(one, depth + 1)
        return
      case 'not':
        check(of, depth + 1)
        return
      case 'text':
        if (typeof text !== 'string') throw refused('a text needs text')
        return
      case 'field':
        checkField(field, text)
        return
      case 'compare':
        if (!isOneOf(COMPARED_FIELDS, field)) throw refused(`only ${COMPARED_FIELDS.join(', ')} are compared`)
        if (!isOneOf(COMPARISONS, comparison)) throw refused(`the comparison is none of ${COMPARISONS.join(' ')}`)
        if (!Number.isFinite(value)) throw refused('a comparison needs a number')
        return
      default:
        throw refused('a part of it is of no known kind')
    }
  }
  check(query, 1)
  return query
}

function checkField(field: unknown, text: unknown): void {
  const known = QUERY_FIELDS.find((name) => name === field)
  if (known === undefined) throw refused(`there is no such field; there are ${QUERY_FIELDS.join(', ')}`)
  if (typeof text !== 'string') throw refused(`${known} needs a text`)
  const values = CLOSED_SETS.get(known)
  if (values && !values.includes(text)) throw refused(`${known} is one of ${values.join(', ')}`)
  if (isOneOf(COMPARED_FIELDS, known) && !/^\d{1,15}$/.test(text)) throw refused(`${known} needs a whole number`)
}

function isOneOf(known: readonly string[], given: unknown): boolean {
  return known.some((one) => one === given)
}

function refused(why: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `the query cannot be read: ${why}`)
}
