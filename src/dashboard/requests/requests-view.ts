import type { Clock } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { failureAddress } from '../failures/addresses.ts'
import { literal } from '../failures/literal.ts'
import { statusBadge } from '../failures/status-badge.ts'
import { errorText } from '../failures/status-words.ts'
import { empty } from '../parts/empty.ts'
import { facts } from '../parts/facts.ts'
import { counted } from '../parts/figures.ts'
import { table } from '../parts/table.ts'
import { ago } from '../parts/time.ts'
import { knownStateView } from './job-state.ts'
import { type FoundJob, LONGEST_ID, type LookUp } from './look-up.ts'

/** What the page shows. */
export interface RequestsView {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  readonly connection: Pick<Connection, 'requests' | 'responders'>
  /** Whether `App.result` can be asked, so that the page says beforehand what cannot be found. */
  readonly keepsResults: boolean
  /** What was asked for; undefined where nothing was. */
  readonly found: LookUp | undefined
}

export function requestsView(view: RequestsView): Html {
  const { basePath, found, keepsResults } = view
  return html`<h1>Requests</h1>
<p class="lead">How one job or one request went: how far it is, what it returned, or why it failed.</p>
<form class="finder" method="get" action="${basePath}/requests" role="search">
<div class="finder-line"><label for="id">Id of a job or a request</label>
<input id="id" name="id" type="search" value="${literal(found?.id ?? '')}" maxlength="${LONGEST_ID}" autocomplete="off" autocapitalize="none" spellcheck="false"><button class="strong">Look up</button></div>
${!keepsResults && html`<p class="quiet">No store of results was given, so only jobs that failed are found. On the command line <code class="nowrap">--results</code> or <code>UNDERSTUDY_RESULTS</code> names one, in an application <code class="nowrap">createApp({ results })</code>: workers keep there what every job returned.</p>`}
</form>
<div id="request-found">${found && foundView(view, found)}</div>
<section><h2>Of this process</h2>
<p class="quiet">What went over the connection that the dashboard was given, since it was opened.</p>
<div id="request-counts">${countsView(view.connection)}</div></section>`
}

/** The part that changes by itself. */
export function countsView({ requests, responders }: RequestsView['connection']): Html {
  const rows: readonly (readonly [string, number, string])[] = [
    ['Open requests', requests.open, 'that wait for an answer'],
    ['Replies that nobody waited for', requests.unmatched, 'late, repeated, or of an unknown id: dropped'],
    ['Replies passed on', requests.passedOn, 'to another process on the same reply queue'],
    ['Open responders', responders.open, 'workers have one for questions about themselves'],
    ['Answers confirmed', responders.answered, 'errors included'],
    ['Handlers that threw', responders.failed, 'their requests were answered with the error'],
    ['Requests that wanted no answer', responders.unwanted, 'handled, and the result dropped'],
    ['Answers not taken', responders.undeliverable, 'nobody waits at their address any more'],
  ]
  return facts(
    rows.map(([what, count, meaning]) => [what, html`<b>${count}</b> <span class="quiet">(${meaning})</span>`]),
  )
}

/** What is kept of the id; it changes while the job is worked on. */
export function foundView(view: Pick<RequestsView, 'basePath' | 'clock'>, found: LookUp): Html {
  const { jobs, failures, trouble } = found
  const isKnown = jobs.some(({ state }) => state.kind === 'state') || (failures?.length ?? 0) > 0
  return html`<section class="found" aria-labelledby="found"><h2 id="found">${isKnown ? 'Found' : 'Not found'}</h2>
${jobs.filter(({ state }) => state.kind === 'state' || state.kind === 'trouble' || !isKnown).map((job) => jobView(view, job))}
${trouble !== undefined && html`<p class="quiet">Its failures could not be looked for: ${printableLine(trouble, 300)}</p>`}
${failuresView(view, found)}</section>`
}

function jobView({ clock }: Pick<RequestsView, 'clock'>, { jobId, state }: FoundJob): Html {
  // That none are kept is said above already.
  if (state.kind === 'not-kept') return html``
  return html`<h3 class="mono">${printableLine(jobId, 200)}</h3>${knownStateView(clock, state)}`
}

function failuresView(
  { basePath, clock }: Pick<RequestsView, 'basePath' | 'clock'>,
  { failures, hasMore, id }: LookUp,
): Html {
  if (failures === undefined) return html``
  if (failures.length === 0) return empty('No failure is kept of it.')
  const rows = failures.map((failure) => [
    html`<a href="${failureAddress(basePath, failure.id)}">${printableLine(errorText(failure), 160)}</a>`,
    ago(clock, failure.failedAt),
    printableLine(failure.job === '' ? 'unknown' : failure.job, 80),
    failure.attempts.length,
    statusBadge(failure),
    failure.retryJobId !== undefined && failure.retryJobId !== failure.jobId && failure.retryJobId !== id
      ? html`<a href="${basePath}/requests?id=${encodeURIComponent(failure.retryJobId.toWellFormed())}" class="mono">${printableLine(failure.retryJobId, 80)}</a>`
      : '',
  ])
  return html`<h3>${counted(failures.length, 'failure')}${hasMore && ' and more'}</h3>${table({
    caption: 'Its failures, the latest first',
    columns: [
      { title: 'Error' },
      { title: 'Failed' },
      { title: 'Job' },
      { title: 'Attempts', kind: 'number' },
      { title: 'Status' },
      { title: 'Sent back as' },
    ],
    rows,
  })}`
}
