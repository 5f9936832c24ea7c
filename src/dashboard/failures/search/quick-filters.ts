import { formatQuery } from '../../../jobs/failures/query/format.ts'
import { parseQuery } from '../../../jobs/failures/query/parser.ts'
import type { FailureQuery } from '../../../jobs/failures/query/query.ts'

/** The fields that have a box of their own beside the search. */
export const FILTER_FIELDS = ['status', 'reason', 'job', 'queue'] as const

type FilterField = (typeof FILTER_FIELDS)[number]

export type Filters = Readonly<Record<FilterField, string>>

/** The values that a query asks for in these fields, each on its own beside the rest; empty where it does not. */
export function filtersOf(query: FailureQuery): Filters {
  const value = (field: FilterField): string => {
    const found = termsOf(query).filter((term) => term.kind === 'field' && term.field === field)
    const [only] = found
    return found.length === 1 && only?.kind === 'field' ? only.text : ''
  }
  return { status: value('status'), reason: value('reason'), job: value('job'), queue: value('queue') }
}

/**
 * The query that asks for these values instead; an empty one asks for none. So all that is filtered stands in the one
 * language that the library and the command line read too.
 *
 * @throws UnderstudyError `invalid-option` for a query that cannot be read.
 */
export function withFilters(text: string, wanted: Partial<Filters>): string {
  const query = parseQuery(text)
  const before = filtersOf(query)
  const changed = FILTER_FIELDS.filter((field) => wanted[field] !== undefined && wanted[field] !== before[field])
  if (changed.length === 0) return text
  const kept = termsOf(query).filter(
    (term) => !(term.kind === 'field' && changed.some((field) => field === term.field && before[field] !== '')),
  )
  const added = changed
    .filter((field) => wanted[field] !== '')
    .map((field): FailureQuery => ({ kind: 'field', field, text: wanted[field] ?? '' }))
  const of = [...kept, ...added]
  const [only] = of
  // What would otherwise stand as *.
  if (of.length === 0) return ''
  return formatQuery(of.length === 1 && only !== undefined ? only : { kind: 'and', of })
}

function termsOf(query: FailureQuery): readonly FailureQuery[] {
  if (query.kind === 'all') return []
  return query.kind === 'and' ? query.of : [query]
}
