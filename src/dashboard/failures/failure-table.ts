import type { KeptFailure } from '../../jobs/failures/failure.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { moment } from './moment.ts'
import { failureAddress, searchAddress } from './addresses.ts'
import { literal } from './literal.ts'
import { withFilters } from './quick-filters.ts'
import { encodeId } from './selection.ts'
import { statusBadge } from './status-badge.ts'
import { errorText } from './status-words.ts'

export interface FailureTableOptions {
  readonly basePath: string
  readonly now: number
  /** What found them: a job or a queue that is chosen is added to it. */
  readonly query: string
  /** Whether rows have a box to check. */
  readonly mayCheck: boolean
}

const LONGEST_ERROR = 180

/** Failures as rows, in the order given. */
export function failureTable(failures: readonly KeptFailure[], options: FailureTableOptions): Html {
  return html`<table class="rows failures" role="table">
    <caption class="unseen">Failures, the latest first</caption>
    <thead role="rowgroup"><tr role="row">
      ${options.mayCheck && html`<th role="columnheader" scope="col" class="check"><span class="unseen">Check</span></th>`}
      ${['Failed', 'Error', 'Job', 'Queue', 'Attempts', 'Status'].map((title) => html`<th role="columnheader" scope="col"${title === 'Attempts' && html` class="number"`}>${title}</th>`)}
    </tr></thead>
    <tbody role="rowgroup">${failures.map((failure) => row(failure, options))}</tbody>
  </table>`
}

function row(failure: KeptFailure, { basePath, now, query, mayCheck }: FailureTableOptions): Html {
  const { id, job, queue, attempts, failedAt } = failure
  const called = printableLine(job === '' ? id : `${job} ${id}`, 120)
  const named = (field: 'job' | 'queue', value: string): Html =>
    value === '' ? html`<span class="quiet">unknown</span>` : narrowing(basePath, query, field, value)
  return html`<tr role="row" data-row>
    ${mayCheck && html`<td role="cell" class="check"><input type="checkbox" name="id" value="${literal(encodeId(id))}" aria-label="Check ${called}" data-check></td>`}
    <td role="cell" class="when" data-title="Failed">${moment(failedAt, now)}</td>
    <td role="cell" class="what"><a href="${failureAddress(basePath, id)}" data-open>${printableLine(errorText(failure), LONGEST_ERROR)}</a></td>
    <td role="cell" class="job" data-title="Job">${named('job', job)}</td>
    <td role="cell" class="queue" data-title="Queue">${named('queue', queue)}</td>
    <td role="cell" class="number" data-title="Attempts">${attempts.length}</td>
    <td role="cell" class="status" data-title="Status">${statusBadge(failure)}</td>
  </tr>`
}

/** A value that, chosen, narrows the search to itself. */
function narrowing(basePath: string, query: string, field: 'job' | 'queue', value: string): Html {
  const shown = printableLine(value, 80)
  // A * would find others too.
  if (value.includes('*')) return html`${shown}`
  return html`<a class="narrow" href="${searchAddress(basePath, withFilters(query, { [field]: value }))}">${shown}</a>`
}
