import type { Clock } from '../../../clock.ts'
import { CLOSED_SETS } from '../../../jobs/failures/query/query.ts'
import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { type Html, html } from '../../../page/html.ts'
import type { Seen } from '../../live/glance.ts'
import { empty } from '../../parts/empty.ts'
import { formatCount } from '../../parts/figures.ts'
import { chooser } from '../../parts/filters.ts'
import { pager } from '../../parts/pager.ts'
import { addressOf, searchAddress } from '../addresses.ts'
import { failureTable } from './failure-table.ts'
import { literal } from '../literal.ts'
import { WAITING_ID, type Waiting, waitingLine } from '../live-parts.ts'
import { queryHelp } from './query-help.ts'
import type { QueryTrouble } from './query-trouble.ts'
import type { Filters } from './quick-filters.ts'
import type { RequeueRun } from '../bulk/requeue-runs.ts'
import { runNotice } from '../bulk/run-view.ts'
import { searchLine } from './search-line.ts'
import { failuresText } from '../status-words.ts'

/** What one page of the search shows. */
export interface SearchView {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  readonly query: string
  readonly filters: Filters
  readonly trouble: QueryTrouble | undefined
  readonly total: number
  readonly failures: readonly KeptFailure[]
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined
  /** Whether this is not the first page. */
  readonly isLater: boolean
  /** What the boxes of jobs and queues suggest. */
  readonly known: { readonly jobs: readonly string[]; readonly queues: readonly string[] }
  /** What waits for somebody now. */
  readonly waiting: Seen<Waiting>
  readonly mayAct: boolean
  readonly mayClear: boolean
  /** What this visitor is sending back just now. */
  readonly run: RequeueRun | undefined
}

/** The failures page. */
export function searchView(view: SearchView): Html {
  return html`<h1>Failures</h1>
    <p class="quiet" id="${WAITING_ID}">${waitingLine(view.waiting)}</p>
    ${searchForm(view)}
    ${view.run && runNotice(view.basePath, view.run)}
    ${!view.trouble && found(view)}`
}

function searchForm({ basePath, query, filters, trouble, known }: SearchView): Html {
  return html`<form class="finder" method="get" action="${basePath}/failures" role="search">
      <input type="hidden" name="was" value="${literal(query)}">
      ${searchLine(query, trouble)}
      <div class="quick-filters">
        ${choices('status', 'Status', filters.status)}
        ${choices('reason', 'Reason', filters.reason)}
        ${suggested('job', 'Job', filters.job, known.jobs)}
        ${suggested('queue', 'Queue', filters.queue, known.queues)}
      </div>
    </form>
    ${queryHelp()}`
}

function choices(name: 'status' | 'reason', label: string, value: string): Html {
  const options = (CLOSED_SETS.get(name) ?? []).map((one) => ({
    value: one,
    words: one.replaceAll('_', ' '),
    isChosen: one === value,
  }))
  return chooser({ name, label, any: 'any', options })
}

function suggested(field: 'job' | 'queue', label: string, value: string, known: readonly string[]): Html {
  return html`<div><label for="filter-${field}">${label}</label>
    <input id="filter-${field}" name="${field}" value="${literal(value)}" list="known-${field}" placeholder="any" autocomplete="off" autocapitalize="none" spellcheck="false">
    <datalist id="known-${field}">${known.map((one) => html`<option value="${literal(one)}"></option>`)}</datalist></div>`
}

function found(view: SearchView): Html {
  const { basePath, query, total, failures, mayClear } = view
  return html`<div class="tally">
      <p><strong>${failuresText(total)}</strong>${query.trim() === '' ? '' : total === 1 ? ' matches' : ' match'}</p>
      <ul>
        <li><a href="${addressOf(basePath, '/failures/groups', { q: query })}">By cause</a></li>
        ${total > 0 && html`<li><a href="${addressOf(basePath, '/failures/export', { q: query })}" download>Export as JSON lines</a></li>`}
        ${mayClear && html`<li><a href="${basePath}/failures/clear">Clear all…</a></li>`}
      </ul>
    </div>
    ${failures.length === 0 ? nothing(view) : list(view)}
    ${pages(view)}`
}

function nothing({ basePath, query, isLater }: SearchView): Html {
  if (isLater) return empty('Nothing more: these were the last.')
  if (query.trim() === '')
    return empty('No job has failed.', 'When one fails for good, it is kept here with its arguments and its error.')
  return empty('Nothing matches.', html`<a href="${searchAddress(basePath, '')}">Show all failures</a>`)
}

function list(view: SearchView): Html {
  const { basePath, query, clock, mayAct, total } = view
  const table = failureTable(view.failures, { basePath, clock, query, mayCheck: mayAct })
  if (!mayAct) return table
  return html`<form class="act" method="post" action="${basePath}/failures/confirm" data-checks>
    <input type="hidden" name="q" value="${literal(query)}">
    <input type="hidden" name="asOf" value="${clock.wallTime()}">
    <fieldset class="toolbar">
      <legend class="unseen">With the checked failures</legend>
      <div class="chosen">
        <label data-needs-script hidden><input type="checkbox" data-selects="id"> this page (<span data-count-of="id" aria-live="polite">0</span> checked)</label>
        <label><input type="checkbox" name="all" value="1" data-check-all> ${total === 1 ? 'the one that matches' : `all ${formatCount(total)} that match`}</label>
      </div>
      <button type="submit" name="action" value="requeue">Send back…</button>
      <button type="submit" name="action" value="discard">Discard…</button>
      <button type="submit" name="action" value="remove">Remove…</button>
      <button type="submit" name="action" value="export">Export</button>
    </fieldset>
    ${table}
  </form>`
}

function pages({ basePath, query, next, isLater }: SearchView): Html {
  return pager({
    ...(isLater ? { newest: searchAddress(basePath, query) } : {}),
    ...(next === undefined ? {} : { older: searchAddress(basePath, query, { after: next }) }),
  })
}
