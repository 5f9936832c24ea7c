import { CLOSED_SETS } from '../../jobs/failures/query.ts'
import type { KeptFailure } from '../../jobs/failures/failure.ts'
import { type Html, html } from '../../page/html.ts'
import type { Seen } from '../live/glance.ts'
import { addressOf, searchAddress } from './addresses.ts'
import { failureTable } from './failure-table.ts'
import { literal } from './literal.ts'
import { WAITING_ID, type Waiting, waitingLine } from './live-parts.ts'
import { queryHelp } from './query-help.ts'
import { type QueryTrouble, queryTroubleView } from './query-trouble.ts'
import type { Filters } from './quick-filters.ts'
import type { RequeueRun } from './requeue-runs.ts'
import { runNotice } from './run-view.ts'
import { countText, failuresText } from './status-words.ts'

/** What one page of the search shows. */
export interface SearchView {
  readonly basePath: string
  readonly now: number
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
      <div class="finder-line">
        <label for="q">Search failures</label>
        <input id="q" name="q" type="search" value="${literal(query)}" autocomplete="off" spellcheck="false" autocapitalize="none" maxlength="4000"
          data-shortcut-search${trouble && html` aria-invalid="true" aria-describedby="q-trouble"`}>
        <button type="submit" class="strong">Search</button>
      </div>
      ${trouble && queryTroubleView('q-trouble', query, trouble)}
      <div class="quick-filters">
        ${choices('status', 'Status', filters.status)}
        ${choices('reason', 'Reason', filters.reason)}
        ${suggested('job', 'Job', filters.job, known.jobs)}
        ${suggested('queue', 'Queue', filters.queue, known.queues)}
      </div>
    </form>
    ${queryHelp()}`
}

function choices(field: 'status' | 'reason', label: string, value: string): Html {
  const options = CLOSED_SETS.get(field) ?? []
  return html`<div><label for="filter-${field}">${label}</label>
    <select id="filter-${field}" name="${field}">
      <option value="">any</option>
      ${options.map((one) => html`<option value="${one}"${one === value && html` selected`}>${one.replaceAll('_', ' ')}</option>`)}
    </select></div>`
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
    ${pager(view)}`
}

function nothing({ basePath, query, isLater }: SearchView): Html {
  if (isLater) return html`<p class="empty">Nothing more: these were the last.</p>`
  if (query.trim() === '')
    return html`<p class="empty">No job has failed. When one fails for good, it is kept here with its arguments and its error.</p>`
  return html`<p class="empty">Nothing matches. <a href="${searchAddress(basePath, '')}">Show all failures</a></p>`
}

function list(view: SearchView): Html {
  const { basePath, query, now, mayAct, total } = view
  const table = failureTable(view.failures, { basePath, now, query, mayCheck: mayAct })
  if (!mayAct) return table
  return html`<form class="act" method="post" action="${basePath}/failures/confirm" data-checks>
    <input type="hidden" name="q" value="${literal(query)}">
    <input type="hidden" name="asOf" value="${now}">
    <fieldset class="toolbar">
      <legend class="unseen">With the checked failures</legend>
      <div class="chosen">
        <label data-needs-script hidden><input type="checkbox" data-selects="id"> this page (<span data-count-of="id" aria-live="polite">0</span> checked)</label>
        <label><input type="checkbox" name="all" value="1" data-check-all> all ${countText(total)} that match</label>
      </div>
      <button type="submit" name="action" value="requeue">Send back…</button>
      <button type="submit" name="action" value="discard">Discard…</button>
      <button type="submit" name="action" value="remove">Remove…</button>
      <button type="submit" name="action" value="export">Export</button>
    </fieldset>
    ${table}
  </form>`
}

function pager({ basePath, query, next, isLater }: SearchView): Html {
  if (next === undefined && !isLater) return html``
  return html`<nav class="pager" aria-label="Pages">
    ${isLater && html`<a href="${searchAddress(basePath, query)}">Newest</a>`}
    ${next !== undefined && html`<a rel="next" href="${searchAddress(basePath, query, { after: next })}">Older</a>`}
  </nav>`
}
