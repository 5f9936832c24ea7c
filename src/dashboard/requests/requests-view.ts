import { plural } from '../../drill/report/durations.ts'
import type { Clock } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import type { JobState } from '../../jobs/results/results.ts'
import { type Content, type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { failureAddress } from '../failures/addresses.ts'
import { literal, longText } from '../failures/literal.ts'
import { statusBadge } from '../failures/status-badge.ts'
import { errorText } from '../failures/status-words.ts'
import { badge } from '../parts/badge.ts'
import { empty } from '../parts/empty.ts'
import { facts } from '../drills/drill-view.ts'
import { table } from '../parts/table.ts'
import { ago } from '../parts/time.ts'
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

const LONGEST_VALUE = 20_000

export function requestsView(view: RequestsView): Html {
  const { basePath, found, keepsResults } = view
  return html`<h1>Requests</h1>
<p class="lead">How one job or one request went: how far it is, what it returned, or why it failed.</p>
<form class="look-up" method="get" action="${basePath}/requests" role="search">
<label for="id">Id of a job or a request</label>
<div class="line"><input id="id" name="id" type="search" value="${literal(found?.id ?? '')}" maxlength="${LONGEST_ID}" autocomplete="off" autocapitalize="none" spellcheck="false" data-shortcut-search><button class="strong">Look up</button></div>
${!keepsResults && html`<p class="quiet">This application keeps no results, so only jobs that failed are found: <code>createApp({ results: sqliteResults('results.db') })</code> keeps what every job returned.</p>`}
</form>
${found && foundView(view, found)}
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

function foundView(view: RequestsView, found: LookUp): Html {
  const { jobs, failures, trouble } = found
  const isKnown = jobs.some(({ state }) => state.kind === 'state') || (failures?.length ?? 0) > 0
  return html`<section class="found" aria-labelledby="found"><h2 id="found">${isKnown ? 'Found' : 'Not found'}</h2>
${jobs.filter(({ state }) => state.kind === 'state' || state.kind === 'trouble' || !isKnown).map((job) => jobView(view, job))}
${trouble !== undefined && html`<p class="quiet">Its failures could not be looked for: ${printableLine(trouble, 300)}</p>`}
${failuresView(view, found)}</section>`
}

function jobView({ clock }: RequestsView, { jobId, state }: FoundJob): Html {
  const name = html`<h3 class="mono">${printableLine(jobId, 200)}</h3>`
  switch (state.kind) {
    case 'state':
      return html`${name}${stateView(clock, state.state)}`
    case 'nothing':
      return html`${name}<p>${badge('note', 'no result', 'quiet')} Nothing is kept of it: it may still wait in its queue, its result may have expired, or there is no such job.</p>`
    case 'by-reply':
      return html`${name}<p>${badge('note', 'no result kept', 'quiet')} Results go to whoever enqueued the job, and are kept nowhere: its handle tells.</p>`
    case 'not-kept':
      // Said above already.
      return html``
    case 'trouble':
      return html`${name}<p>${badge('unknown', 'unknown', 'doubtful')} Its result could not be read: ${printableLine(state.why, 300)}</p>`
  }
}

function stateView(clock: Pick<Clock, 'wallTime'>, state: JobState): Html {
  switch (state.kind) {
    case 'progress': {
      const percent = Math.min(100, Math.max(0, Math.round(state.percent)))
      return html`<p>${badge('busy', 'working', 'plain')} <span class="quiet">told ${ago(clock, state.at)}</span></p>
<p class="progress"><progress max="100" value="${percent}" aria-label="Progress"></progress> ${percent} %${state.message !== undefined && html`, ${printableLine(state.message, 300)}`}</p>`
    }
    case 'succeeded':
      return html`<p>${badge('pass', 'succeeded', 'good')} <span class="quiet">${ago(clock, state.at)}</span></p>
${state.value === undefined ? html`<p class="quiet">It returned nothing.</p>` : html`<h4>Returned</h4><pre class="value" tabindex="0" aria-label="What it returned"><code>${valueText(state.value)}</code></pre>`}`
    case 'failed':
      return html`<p>${badge('fail', 'failed', 'bad')} <span class="quiet">${ago(clock, state.at)}, ${state.reason.replaceAll('_', ' ')}</span></p>
<p>${printableLine(errorText(state), 1_000)}</p>`
  }
}

function valueText(value: unknown): Content {
  return longText(JSON.stringify(value, null, 2) ?? 'nothing', LONGEST_VALUE)
}

function failuresView({ basePath, clock }: RequestsView, { failures, hasMore, id }: LookUp): Html {
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
  return html`<h3>${plural(failures.length, 'failure')}${hasMore && ' and more'}</h3>${table({
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
