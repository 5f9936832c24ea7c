import { UnderstudyError } from '../../../errors.ts'
import type { Comparison } from './query.ts'

/** The longest query that is read, in characters. */
const MAX_QUERY_LENGTH = 4_000

/** A part of a query, and the column, from 1, where it begins. */
export type QueryToken = { readonly column: number } & (
  | { readonly kind: 'open' | 'close' | 'minus' | 'end' }
  | { readonly kind: 'AND' | 'OR' | 'NOT' }
  | { readonly kind: 'word' | 'phrase'; readonly text: string }
  /** A name and its value, such as `job:image.*`. */
  | { readonly kind: 'field'; readonly name: string; readonly value: string; readonly valueColumn: number }
  | {
      readonly kind: 'compare'
      readonly name: string
      readonly comparison: Comparison
      readonly value: string
      readonly valueColumn: number
    }
)

/** @throws UnderstudyError `invalid-option`, always: one line that says where, what is there and what should be. */
export function refuseQuery(column: number, found: string, expected: string): never {
  throw new UnderstudyError('invalid-option', `query, column ${column}: found ${found}, expected ${expected}`)
}

/** A part of a query as an error quotes it: on one line, and not endless. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
}

const KEYWORDS = ['AND', 'OR', 'NOT'] as const
const WORD_END = /[\s()":<>]/
const VALUE_END = /[\s()"]/

/** Reads a query's parts, one after the other. */
export function readTokens(query: string): readonly QueryToken[] {
  if (query.length > MAX_QUERY_LENGTH)
    refuseQuery(MAX_QUERY_LENGTH + 1, `a query of ${query.length} characters`, `${MAX_QUERY_LENGTH} at most`)
  const tokens: QueryToken[] = []
  const reader = new Reader(query)
  for (let token = reader.next(); ; token = reader.next()) {
    tokens.push(token)
    if (token.kind === 'end') return tokens
  }
}

class Reader {
  readonly #query: string
  #at = 0

  constructor(query: string) {
    this.#query = query
  }

  next(): QueryToken {
    while (/\s/.test(this.#char())) this.#at++
    const column = this.#at + 1
    const char = this.#char()
    if (char === '') return { kind: 'end', column }
    if (char === '(' || char === ')') {
      this.#at++
      return { kind: char === '(' ? 'open' : 'close', column }
    }
    if (char === '-') {
      this.#at++
      if (/[\s)]|^$/.test(this.#char())) refuseQuery(column, 'a - alone', 'what it excludes right behind it')
      return { kind: 'minus', column }
    }
    if (char === '"') return { kind: 'phrase', text: this.#phrase(), column }
    if (/[:<>]/.test(char)) refuseQuery(column, quoted(char), 'the name of a field before it')
    return this.#term(column)
  }

  #char(): string {
    return this.#query.charAt(this.#at)
  }

  #until(end: RegExp): string {
    const from = this.#at
    while (this.#char() !== '' && !end.test(this.#char())) this.#at++
    return this.#query.slice(from, this.#at)
  }

  #term(column: number): QueryToken {
    const name = this.#until(WORD_END)
    const operator = this.#operator()
    if (operator === '') return this.#word(name, column)
    const valueColumn = this.#at + 1
    const value = this.#value(name + operator)
    if (operator === ':') return { kind: 'field', name, value, valueColumn, column }
    return { kind: 'compare', name, comparison: operator, value, valueColumn, column }
  }

  #operator(): Comparison | ':' | '' {
    const char = this.#char()
    if (char !== ':' && char !== '<' && char !== '>') return ''
    this.#at++
    if (char === ':' || this.#char() !== '=') return char
    this.#at++
    return `${char}=`
  }

  #word(text: string, column: number): QueryToken {
    const keyword = KEYWORDS.find((name) => name === text)
    if (keyword !== undefined) return { kind: keyword, column }
    if (this.#char() === '"' || this.#char() === '(')
      refuseQuery(this.#at + 1, quoted(this.#char()), `a space before it, or all of it in quotes`)
    const meant = KEYWORDS.find((name) => name === text.toUpperCase())
    // Silently a word, it would change what the query finds.
    if (meant !== undefined)
      refuseQuery(column, quoted(text), `${meant} in capitals, or "${text}" in quotes for the word`)
    return { kind: 'word', text, column }
  }

  #value(before: string): string {
    if (this.#char() === '"') return this.#phrase()
    const value = this.#until(VALUE_END)
    if (value === '') {
      const found = this.#char() === '' ? 'the end' : quoted(this.#char())
      refuseQuery(this.#at + 1, found, `a value right behind ${quoted(before)}, in quotes where it has spaces`)
    }
    if (this.#char() === '"' || this.#char() === '(')
      refuseQuery(this.#at + 1, quoted(this.#char()), 'a space before it, or the whole value in quotes')
    return value
  }

  #phrase(): string {
    const column = this.#at + 1
    let text = ''
    for (this.#at++; this.#char() !== '"'; this.#at++) {
      if (this.#char() === '') refuseQuery(column, 'a quote that is not closed', 'a second one')
      const escaped = this.#query.charAt(this.#at + 1)
      if (this.#char() === '\\' && (escaped === '"' || escaped === '\\')) this.#at++
      text += this.#char()
    }
    this.#at++
    if (!/[\s)]|^$/.test(this.#char()))
      refuseQuery(this.#at + 1, quoted(this.#char()), 'a space behind the closing quote, or \\" for a quote within')
    return text
  }
}
