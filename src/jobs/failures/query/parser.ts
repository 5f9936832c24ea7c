import { nearestName } from '../../../transport/option-names.ts'
import {
  CLOSED_SETS,
  COMPARED_FIELDS,
  type ComparedField,
  type FailureQuery,
  QUERY_FIELDS,
  type QueryField,
  TEXT_FIELDS,
} from './query.ts'
import { DURATION_FORM, parseQueryDuration } from './duration.ts'
import { type QueryToken, quoted, readTokens, refuseQuery } from './tokens.ts'

/** How deep the parentheses and exclusions of a query may go. */
const MAX_QUERY_DEPTH = 50

/**
 * Reads a query such as `error:"ECONNREFUSED" job:image.* age<2h -queue:low (class:TypeError OR code:E*)`. An empty one
 * means all. `docs/failures.md` has the whole language.
 *
 * @throws UnderstudyError `invalid-option`: one line with the column, what was found there and what was expected.
 */
export function parseQuery(text: string): FailureQuery {
  const parser = new Parser(readTokens(text))
  return parser.whole()
}

/** How many words, phrases and fields a query may have. */
const MAX_TERMS = 200

/** Goes through the parts once: an OR holds ANDs, which hold exclusions, which hold terms. */
class Parser {
  readonly #tokens: readonly QueryToken[]
  #at = 0
  #depth = 0
  #terms = 0

  constructor(tokens: readonly QueryToken[]) {
    this.#tokens = tokens
  }

  whole(): FailureQuery {
    if (this.#token().kind === 'end') return { kind: 'all' }
    const query = this.#or()
    const { kind, column } = this.#token()
    if (kind === 'close') refuseQuery(column, 'a ) too many', 'the end, or a ( before it')
    return query
  }

  #token(): QueryToken {
    // The last one is the end, which nothing goes past.
    return this.#tokens[this.#at] ?? { kind: 'end', column: 1 }
  }

  #take(kind: QueryToken['kind']): boolean {
    if (this.#token().kind !== kind) return false
    this.#at++
    return true
  }

  #or(): FailureQuery {
    const of = [this.#and()]
    while (this.#take('OR')) of.push(this.#and())
    return joined('or', of)
  }

  #and(): FailureQuery {
    const of = [this.#not()]
    while (this.#take('AND') || !['OR', 'close', 'end'].includes(this.#token().kind)) of.push(this.#not())
    return joined('and', of)
  }

  #not(): FailureQuery {
    const { column } = this.#token()
    if (!this.#take('NOT') && !this.#take('minus')) return this.#term()
    this.#deeper(column)
    const of = this.#not()
    this.#depth--
    return { kind: 'not', of }
  }

  #term(): FailureQuery {
    const token = this.#token()
    const { column } = token
    if (token.kind !== 'open' && ++this.#terms > MAX_TERMS)
      refuseQuery(column, `the ${this.#terms}st term`, `${MAX_TERMS} at most`)
    switch (token.kind) {
      case 'open': {
        this.#at++
        this.#deeper(column)
        const inner = this.#or()
        this.#depth--
        if (!this.#take('close')) refuseQuery(this.#token().column, 'the end', `a ) for the ( at column ${column}`)
        return inner
      }
      case 'word':
        this.#at++
        return token.text === '*' ? { kind: 'all' } : { kind: 'text', text: token.text }
      case 'phrase':
        this.#at++
        if (token.text === '') refuseQuery(column, 'empty quotes', 'text in them')
        return { kind: 'text', text: token.text }
      case 'field':
        this.#at++
        return fieldTerm(token)
      case 'compare':
        this.#at++
        return compareTerm(token)
      case 'close':
        return refuseQuery(column, 'a )', 'a word, a phrase or a field before it')
      case 'end':
        return refuseQuery(column, 'the end', 'a word, a phrase or a field')
      case 'minus':
      case 'NOT':
      case 'AND':
      case 'OR':
        return refuseQuery(column, quoted(token.kind), 'a word, a phrase or a field before it')
    }
  }

  #deeper(column: number): void {
    this.#depth++
    if (this.#depth > MAX_QUERY_DEPTH)
      refuseQuery(column, `a depth of ${this.#depth}`, `${MAX_QUERY_DEPTH} parentheses and exclusions at most`)
  }
}

function joined(kind: 'and' | 'or', of: readonly FailureQuery[]): FailureQuery {
  const [first] = of
  return of.length === 1 && first !== undefined ? first : { kind, of }
}

function knownField(name: string, column: number): QueryField {
  const field = QUERY_FIELDS.find((known) => known === name)
  if (field !== undefined) return field
  const nearest = nearestName(name, QUERY_FIELDS)
  return refuseQuery(
    column,
    `the unknown field ${quoted(name)}`,
    `a field such as ${nearest}, or quotes around all of it`,
  )
}

function fieldTerm(token: QueryToken & { readonly kind: 'field' }): FailureQuery {
  const field = knownField(token.name, token.column)
  const { value, valueColumn } = token
  if (field === 'age') refuseQuery(valueColumn - 1, '":"', 'one of < <= > >= behind age')
  const values = CLOSED_SETS.get(field)
  if (values && !values.includes(value)) {
    const expected = `one of ${values.join(', ')}; nearest is ${nearestName(value, values)}`
    refuseQuery(valueColumn, `the ${field} ${quoted(value)}`, expected)
  }
  if (isCompared(field) && count(value) === undefined) refuseQuery(valueColumn, quoted(value), 'a whole number')
  if (value === '' && (TEXT_FIELDS as readonly string[]).includes(field))
    refuseQuery(valueColumn, 'empty quotes', 'text in them')
  return { kind: 'field', field, text: value }
}

function compareTerm(token: QueryToken & { readonly kind: 'compare' }): FailureQuery {
  const field = knownField(token.name, token.column)
  const { comparison, value, valueColumn } = token
  if (!isCompared(field)) {
    const column = token.column + token.name.length
    return refuseQuery(
      column,
      quoted(comparison),
      `":" behind ${field}; only ${COMPARED_FIELDS.join(', ')} are compared`,
    )
  }
  const number = field === 'age' ? parseQueryDuration(value) : count(value)
  if (number === undefined)
    return refuseQuery(valueColumn, quoted(value), field === 'age' ? DURATION_FORM : 'a whole number')
  return { kind: 'compare', field, comparison, value: number }
}

function isCompared(field: QueryField): field is ComparedField {
  return (COMPARED_FIELDS as readonly string[]).includes(field)
}

function count(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
