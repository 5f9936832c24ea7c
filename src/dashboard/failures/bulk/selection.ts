import { UnderstudyError } from '../../../errors.ts'
import type { FailureDesk } from '../../../jobs/failures/desk.ts'
import { parseQuery } from '../../../jobs/failures/query/parser.ts'
import type { FailureQuery } from '../../../jobs/failures/query/query.ts'

/** What somebody chose to do something with: rows that were checked, or all that a query found at some time. */
export type Selection =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | {
      readonly kind: 'query'
      readonly text: string
      /** Milliseconds since the epoch: what failed later was not on the page, and is not touched. */
      readonly asOf: number
    }

/** More than a page shows. */
const MOST_IDS = 1_000

/** @throws UnderstudyError `invalid-option` for a choice of nothing, or a query that cannot be read. */
export function readSelection(form: URLSearchParams, now: number): Selection {
  const ids = [...new Set(form.getAll('id').map(decodeId))]
  const text = form.get('q')
  if (form.get('all') === null && ids.length > 0) {
    if (ids.length > MOST_IDS)
      throw new UnderstudyError('invalid-option', `at most ${MOST_IDS} failures can be checked`)
    return { kind: 'ids', ids }
  }
  if (form.get('all') === null || text === null)
    throw new UnderstudyError('invalid-option', 'no failure was checked: check some, or take all that match')
  parseQuery(text)
  const asOf = Number(form.get('asOf') ?? now)
  if (!Number.isSafeInteger(asOf) || asOf < 0 || asOf > now + 60_000)
    throw new UnderstudyError('invalid-option', 'the time of the choice cannot be')
  return { kind: 'query', text, asOf }
}

/** An id as a form carries it: browsers write line ends of their own, and a page shows no control characters. */
export function encodeId(id: string): string {
  return encodeURIComponent(id.toWellFormed())
}

function decodeId(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw new UnderstudyError('invalid-option', 'what was checked is not the id of a failure')
  }
}

/** The fields of a form that carry a selection on. */
export function selectionFields(selection: Selection): readonly (readonly [string, string])[] {
  if (selection.kind === 'ids') return selection.ids.map((id) => ['id', encodeId(id)] as const)
  return [
    ['all', '1'],
    ['q', selection.text],
    ['asOf', String(selection.asOf)],
  ]
}

/** What a selection means to a store, now. */
export function selectedBy(selection: Selection, now: number): FailureQuery {
  if (selection.kind === 'ids')
    return { kind: 'or', of: selection.ids.map((text) => ({ kind: 'field', field: 'id', text })) }
  const query = parseQuery(selection.text)
  const then: FailureQuery = {
    kind: 'compare',
    field: 'age',
    comparison: '>=',
    value: Math.max(0, now - selection.asOf),
  }
  if (query.kind === 'all') return then
  return { kind: 'and', of: [...(query.kind === 'and' ? query.of : [query]), then] }
}

/**
 * Makes sure that checked rows mean these rows alone: an id is whatever a message said, and a `*` in it would be a
 * wildcard to a store.
 *
 * @throws UnderstudyError `invalid-option` where it would mean others too.
 */
export async function checkSelection(desk: FailureDesk, selection: Selection): Promise<void> {
  if (selection.kind === 'query') return
  for (const id of selection.ids.filter((one) => one.includes('*'))) {
    const { failures } = await desk.search({ kind: 'field', field: 'id', text: id }, { limit: 2 })
    if (failures.some((found) => found.id !== id))
      throw new UnderstudyError(
        'invalid-option',
        `the id ${id} holds a *, and others fit it too: nothing was done. Search what tells it apart, and take all that match`,
      )
  }
}

export const STILL_FAILED: FailureQuery = { kind: 'field', field: 'status', text: 'failed' }

export const BEING_SENT: FailureQuery = { kind: 'field', field: 'status', text: 'retrying' }

export function both(one: FailureQuery, other: FailureQuery): FailureQuery {
  return { kind: 'and', of: [one, other] }
}
