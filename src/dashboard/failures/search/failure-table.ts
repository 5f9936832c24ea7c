import type { Clock } from '../../../clock.ts'
import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { type Content, type Html, html } from '../../../page/html.ts'
import { printableLine } from '../../../page/printable.ts'
import { table } from '../../parts/table.ts'
import { ago } from '../../parts/time.ts'
import { failureAddress, searchAddress } from '../addresses.ts'
import { literal } from '../literal.ts'
import { withFilters } from './quick-filters.ts'
import { encodeId } from '../bulk/selection.ts'
import { statusBadge } from '../status-badge.ts'
import { errorText } from '../status-words.ts'

export interface FailureTableOptions {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  /** What found them: a job or a queue that is chosen is added to it. */
  readonly query: string
  /** Whether rows have a box to check. */
  readonly mayCheck: boolean
}

const LONGEST_ERROR = 180

/** Failures as rows, in the order given. */
export function failureTable(failures: readonly KeptFailure[], options: FailureTableOptions): Html {
  return table({
    caption: 'Failures, the latest first',
    name: 'failures',
    columns: [
      ...(options.mayCheck ? [{ title: 'Check', kind: 'check' } as const] : []),
      { title: 'Failed', name: 'when' },
      { title: 'Error', kind: 'head' },
      { title: 'Job', name: 'job' },
      { title: 'Queue', name: 'queue' },
      { title: 'Attempts', kind: 'number' },
      { title: 'Status', name: 'status' },
    ],
    rows: failures.map((failure) => cells(failure, options)),
  })
}

function cells(failure: KeptFailure, { basePath, clock, query, mayCheck }: FailureTableOptions): readonly Content[] {
  const { id, job, queue, attempts, failedAt } = failure
  const called = printableLine(job === '' ? id : `${job} ${id}`, 120)
  const named = (field: 'job' | 'queue', value: string): Html =>
    value === '' ? html`<span class="quiet">unknown</span>` : narrowing(basePath, query, field, value)
  return [
    ...(mayCheck
      ? [
          html`<input type="checkbox" name="id" value="${literal(encodeId(id))}" aria-label="Check ${called}" data-check>`,
        ]
      : []),
    ago(clock, failedAt),
    html`<a href="${failureAddress(basePath, id)}" data-open>${printableLine(errorText(failure), LONGEST_ERROR)}</a>`,
    named('job', job),
    named('queue', queue),
    attempts.length,
    statusBadge(failure),
  ]
}

/** A value that, chosen, narrows the search to itself. */
function narrowing(basePath: string, query: string, field: 'job' | 'queue', value: string): Html {
  const shown = printableLine(value, 80)
  // A * would find others too.
  if (value.includes('*')) return html`${shown}`
  return html`<a class="narrow" href="${searchAddress(basePath, withFilters(query, { [field]: value }))}">${shown}</a>`
}
