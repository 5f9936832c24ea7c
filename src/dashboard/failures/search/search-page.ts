import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { parseQuery } from '../../../jobs/failures/query/parser.ts'
import { printableLine } from '../../../page/printable.ts'
import { mayDo } from '../../access/visitor.ts'
import { addressOf } from '../addresses.ts'
import { type Asked, type DeskRoom, show } from '../desk-room.ts'
import { exportResponse } from '../bulk/export.ts'
import { groupsView } from './groups-view.ts'
import { SEARCH_LIVE } from '../live-parts.ts'
import { type QueryTrouble, queryTrouble } from './query-trouble.ts'
import { FILTER_FIELDS, type Filters, filtersOf, withFilters } from './quick-filters.ts'
import { searchView } from './search-view.ts'

const PAGE = 50
const MOST_GROUPS = 100
/** A line on top is not worth more; the page changes by itself when it is known. */
const WAIT_MS = 300
/** What is looked for when nothing is said: what waits for somebody. */
const UNASKED = 'status:failed'

const NO_FILTERS: Filters = { status: '', reason: '', job: '', queue: '' }

/** `GET /failures`: a page of what a query finds. */
export async function searchPage(asked: Asked, { context, desk, runs, waiting }: DeskRoom): Promise<Response> {
  const query = asked.req.query('q') ?? UNASKED
  const after = asked.req.query('after')
  const chosen = chosenFilters(asked)
  const { basePath } = context
  let trouble: QueryTrouble | undefined
  let filters: Filters = { ...NO_FILTERS, ...chosen }
  try {
    const wanted = withFilters(query, chosen)
    // Everything that is asked for stands in the one query, so that it can be copied from there.
    if (FILTER_FIELDS.some((field) => asked.req.query(field) !== undefined))
      return asked.redirect(addressOf(basePath, '/failures', { q: wanted, after }).text, 303)
    filters = filtersOf(parseQuery(query))
  } catch (error) {
    trouble = queryTrouble(error)
    if (!trouble) throw error
  }
  const [found, total] = trouble
    ? [{ failures: [], next: undefined }, 0]
    : await Promise.all([
        desk.search(query, { limit: PAGE, ...(after === undefined ? {} : { after }) }),
        desk.count(query),
      ])
  const visitor = asked.get('visitor')
  const main = searchView({
    basePath,
    clock: context.clock,
    query,
    filters,
    trouble,
    total,
    failures: found.failures,
    next: found.next,
    isLater: after !== undefined,
    known: knownFrom(found.failures),
    waiting: await waiting.fresh(WAIT_MS),
    mayAct: mayDo(visitor, 'operator'),
    mayClear: mayDo(visitor, 'admin'),
    run: runs.of(visitor.name),
  })
  return show(asked, context, { title: 'Failures', main, live: SEARCH_LIVE, status: trouble ? 400 : 200 })
}

/** `GET /failures/groups`. */
export async function groupsPage(asked: Asked, { context, desk }: DeskRoom): Promise<Response> {
  const query = asked.req.query('q') ?? UNASKED
  let trouble: QueryTrouble | undefined
  try {
    parseQuery(query)
  } catch (error) {
    trouble = queryTrouble(error)
    if (!trouble) throw error
  }
  const main = groupsView({
    basePath: context.basePath,
    clock: context.clock,
    query,
    trouble,
    groups: trouble ? [] : await desk.groups(query, { limit: MOST_GROUPS }),
    most: MOST_GROUPS,
    mayAct: mayDo(asked.get('visitor'), 'operator'),
  })
  return show(asked, context, { title: 'Failures by cause', main, status: trouble ? 400 : 200 })
}

/** `GET /failures/export`: all that a query finds, as lines of JSON. */
export async function exportPage(asked: Asked, room: DeskRoom): Promise<Response> {
  return await exportResponse(asked, room, parseQuery(asked.req.query('q') ?? ''))
}

/**
 * The quick filters that were chosen anew: the form tells all of them, and what its query was before, so that a box that
 * was left as it is does not undo what was written into the query.
 */
function chosenFilters(asked: Asked): Partial<Filters> {
  const before = filtersBefore(asked.req.query('was') ?? '')
  const given = FILTER_FIELDS.map((field) => [field, asked.req.query(field)?.trim()] as const)
  return Object.fromEntries(given.filter(([field, value]) => value !== undefined && value !== before[field]))
}

function filtersBefore(query: string): Filters {
  try {
    return filtersOf(parseQuery(query))
  } catch {
    return NO_FILTERS
  }
}

function knownFrom(failures: readonly KeptFailure[]): { readonly jobs: string[]; readonly queues: string[] } {
  const names = (of: (failure: KeptFailure) => string): string[] =>
    [...new Set(failures.map(of))]
      .filter((name) => name !== '' && !name.includes('*') && printableLine(name) === name)
      .toSorted()
  return { jobs: names(({ job }) => job), queues: names(({ queue }) => queue) }
}
