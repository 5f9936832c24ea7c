import { messageOf, UnderstudyError } from '../../../errors.ts'
import { type Html, html } from '../../../page/html.ts'

/** Why a query could not be read. */
export interface QueryTrouble {
  /** Where in it, from 1; undefined where the error does not say. */
  readonly column: number | undefined
  readonly message: string
}

const AROUND = 30

/** What is wrong with a query; undefined for what is no trouble of a query. */
export function queryTrouble(error: unknown): QueryTrouble | undefined {
  if (!(error instanceof UnderstudyError) || error.code !== 'invalid-option') return undefined
  const [, column, message] = /^query, column (\d+): (.*)$/s.exec(messageOf(error)) ?? []
  if (column === undefined || message === undefined) return undefined
  return { column: Number(column), message }
}

/** The place in the query, with a mark below it, and what was expected there. */
export function queryTroubleView(id: string, query: string, { column, message }: QueryTrouble): Html {
  const place = column === undefined ? '' : ` at column ${column}`
  return html`<div class="query-trouble" id="${id}" role="alert">
    <p>This query cannot be read${place}: ${message}.</p>
    ${column !== undefined && markedQuery(query, column)}
  </div>`
}

function markedQuery(query: string, column: number): Html {
  const at = Math.min(column - 1, query.length)
  const from = Math.max(0, at - AROUND)
  const before = (from > 0 ? '…' : '') + query.slice(from, at)
  const there = query.charAt(at)
  const after = query.slice(at + 1, at + 1 + AROUND) + (at + 1 + AROUND < query.length ? '…' : '')
  return html`<p class="query-place" aria-hidden="true"><code>${before}<mark>${there === '' ? ' ' : there}</mark>${after}</code></p>`
}
