import type { Clock } from '../../../clock.ts'
import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { glyph } from '../../../page/glyphs.ts'
import { type Html, html } from '../../../page/html.ts'
import { printableLine } from '../../../page/printable.ts'
import type { Fragment } from '../../live/live-feed.ts'
import { empty } from '../../parts/empty.ts'
import { facts } from '../../parts/facts.ts'
import { formatCount } from '../../parts/figures.ts'
import { exactlyAgo } from '../../parts/time.ts'
import { knownStateView } from '../../requests/job-state.ts'
import type { KnownState } from '../../requests/look-up.ts'
import { type Address, addressOf, failureAddress, queryFor, searchAddress } from '../addresses.ts'
import { attemptsSection } from './attempts-view.ts'
import { type BodyForm, bodyText } from './body-text.ts'
import { historySection } from './history-view.ts'
import { longText } from '../literal.ts'
import { encodeId } from '../bulk/selection.ts'
import { statusBadge } from '../status-badge.ts'

/** What of it changes while somebody looks. */
export interface FailureState {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  readonly failure: KeptFailure
  /** Every failure of the same job, this one too, the first first. */
  readonly ofJob: readonly KeptFailure[]
  /** What is kept of how its job went, or the one that it was sent back as. */
  readonly result: KnownState
  readonly mayAct: boolean
}

export interface FailureView extends FailureState {
  /** How many have the same cause. */
  readonly ofCause: number
  readonly body: BodyForm | undefined
}

const LONGEST_HEADLINE = 140
const LONGEST_MESSAGE = 10_000

/** All that is known of one failure. */
export function failureView(view: FailureView): Html {
  const { failure } = view
  const { errorClass, errorMessage } = failure
  const headline = headlineOf(failure)
  return html`<h1>${headline}</h1>
    ${headline !== printableLine(errorClass, LONGEST_HEADLINE) && html`<p class="lead">${printableLine(errorClass, 200)}</p>`}
    ${headline !== errorMessage && errorMessage !== '' && html`<p class="message">${longText(errorMessage, LONGEST_MESSAGE)}</p>`}
    ${failureParts(view).map(({ id, inside }, index) => html`${index === 1 && detailSections(view)}<div id="${id}">${inside}</div>`)}`
}

/** The beginning of its message; of an error without one its class. */
function headlineOf({ errorClass, errorMessage }: KeptFailure): string {
  const [line = ''] = errorMessage.trim().split('\n', 1)
  return printableLine(line.trim() === '' ? errorClass : line, LONGEST_HEADLINE)
}

/** Its live parts: how far it is on top, and its history at the end. */
export function failureParts(state: FailureState): readonly Fragment[] {
  return [
    {
      id: 'failure-state',
      inside: html`<p>${statusBadge(state.failure)}</p>
    ${state.mayAct && actions(state)}
    ${resultSection(state)}`,
    },
    { id: 'failure-history', inside: historySection(state) },
  ]
}

function detailSections(view: FailureView): Html {
  return html`<section><h2>What it was</h2>${known(view)}</section>
    ${attemptsSection(view.failure, view.clock)}
    ${argumentsSection(view)}
    ${headersSection(view.failure)}`
}

/** Where results are kept: that the job succeeded since is worth more than everything below. */
function resultSection({ basePath, clock, failure, result }: FailureState): Html {
  if (result.kind === 'not-kept' || result.kind === 'by-reply') return html``
  const { jobId, retryJobId } = failure
  const id = retryJobId ?? jobId
  return html`<section><h2>${id === jobId ? 'Its result' : 'The result of the job that was sent back'}</h2>
    ${result.kind === 'nothing' ? html`<p class="quiet">No result is kept of it now: it may wait in its queue, or its result has expired.</p>` : knownStateView(clock, result)}
    <p><a href="${addressOf(basePath, '/requests', { id })}">Everything of this job</a></p></section>`
}

function actions({ basePath, failure: { id, status } }: FailureState): Html {
  const asked = (action: string): Address => addressOf(basePath, '/failures/confirm', { action, id: encodeId(id) })
  return html`<div class="choices">
    ${
      status === 'failed' &&
      html`<a class="button strong" href="${asked('requeue')}">Send back…</a>
      <a class="button" href="${failureAddress(basePath, id, '/edit')}">Edit and send back…</a>
      <a class="button" href="${asked('discard')}">Discard…</a>`
    }
    ${status !== 'retrying' && html`<a class="button" href="${asked('remove')}">Remove…</a>`}
  </div>`
}

function known({ basePath, clock, failure, ofJob, ofCause }: FailureView): Html {
  const link = (field: string, value: string): Html | string =>
    value === '' || value.includes('*')
      ? printableLine(value)
      : html`<a href="${searchAddress(basePath, queryFor(field, value))}">${printableLine(value)}</a>`
  const at = (time: number | undefined): Html | undefined => (time === undefined ? undefined : exactlyAgo(clock, time))
  const { broker, fingerprint } = failure
  // Since it was sent back is since when this one counts.
  const firstFailedAt = Math.min(failure.firstFailedAt, ...ofJob.map((one) => one.firstFailedAt))
  const told: readonly (readonly [string, Html | string | number | undefined])[] = [
    ['Job', failure.job === '' ? 'the message did not say' : link('job', failure.job)],
    ['Job id', link('jobId', failure.jobId)],
    ['Queue', link('queue', failure.queue)],
    ['Reason', REASONS[failure.reason]],
    ['Error code', failure.errorCode === undefined ? undefined : link('code', failure.errorCode)],
    [
      'Cause',
      html`<a href="${searchAddress(basePath, queryFor('fingerprint', fingerprint))}">${ofCause === 1 ? 'the only failure of this cause' : `${formatCount(ofCause)} failures of this cause`}</a>`,
    ],
    ['Failed', at(failure.failedAt)],
    ['First failed', firstFailedAt === failure.failedAt ? undefined : at(firstFailedAt)],
    ['Enqueued', at(failure.enqueuedAt)],
    ['Expires', at(failure.expiresAt)],
    ['Sent back before', failure.requeues === 0 ? undefined : formatCount(failure.requeues)],
    ['Worker', link('worker', failure.worker)],
    ['Broker', `${printableLine(broker.url)} (${printableLine(broker.kind, 40)})`],
    ['Request id', failure.requestId === undefined ? undefined : link('requestId', failure.requestId)],
    ['Result wanted at', failure.replyTo === undefined ? undefined : printableLine(failure.replyTo)],
    ['Priority', failure.priority],
    ['Trace', failure.traceparent === undefined ? undefined : printableLine(failure.traceparent)],
  ]
  return facts(told.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])))
}

const REASONS: Readonly<Record<KeptFailure['reason'], string>> = {
  exception: 'exception: it threw, and no attempt was left',
  timeout: 'timeout: it did not end in time',
  expired: 'expired: it was too old to be worked on',
  decode: 'decode: its message could not be read',
  unknown_job: 'unknown job: no worker of its queue knows it',
  aborted: 'aborted: an operator stopped it',
  worker_lost: 'worker lost: workers died with it too often',
  dead_lettered: 'dead lettered: the broker gave it up',
}

function argumentsSection({ basePath, failure, body }: FailureView): Html {
  const { form, text, isCut } = bodyText(failure, body)
  const { id, args, contentType, preview } = failure
  const other: readonly (readonly [BodyForm, string])[] =
    body === undefined
      ? form === 'hex'
        ? []
        : [
            ['text', 'As it came'],
            ['hex', 'Byte by byte'],
          ]
      : [['json', 'As usual']]
  return html`<section id="arguments"><h2>Arguments</h2>
    <p class="quiet">${formatCount(args.length)} ${args.length === 1 ? 'byte' : 'bytes'} of ${printableLine(contentType ?? 'no content type', 100)}${isTelling(preview, args) && html`; preview: <q>${printableLine(preview)}</q>`}</p>
    ${
      args.length === 0
        ? empty('None.')
        : html`<pre class="box ${form}" tabindex="0" role="region" aria-label="The arguments">${longText(text, text.length)}</pre>
      ${isCut && html`<p class="quiet">Only the beginning is shown.</p>`}
      <ul class="links">
        ${other.map(([wanted, label]) => html`<li><a href="${failureAddress(basePath, id)}${wanted !== 'json' && `?body=${wanted}`}#arguments">${label}</a></li>`)}
        <li><a href="${failureAddress(basePath, id, '/body')}" download>Download</a></li>
      </ul>`
    }</section>`
}

/** Most previews are the beginning of the arguments, which stand right below. */
function isTelling(preview: string, args: Uint8Array): boolean {
  return preview !== '' && !Buffer.from(args.subarray(0, 1_000)).toString('utf8').startsWith(preview.slice(0, 190))
}

function headersSection({ headers }: KeptFailure): Html {
  const all = Object.entries(headers)
  if (all.length === 0) return html``
  return html`<section><h2>Headers</h2>${facts(
    all
      .slice(0, MOST_HEADERS)
      .map(([name, value]) => [
        html`<code>${printableLine(name, 120)}</code>`,
        html`<code>${printableLine(value, 1_000)}</code>`,
      ]),
  )}${all.length > MOST_HEADERS && html`<p class="quiet">The first ${MOST_HEADERS} of ${formatCount(all.length)}.</p>`}</section>`
}

const MOST_HEADERS = 200

/** A page for an id that nobody knows. */
export function noFailureView(basePath: string, id: string): Html {
  return html`<h1>${glyph('unknown')} No such failure</h1>
    <p>${printableLine(id)} is not kept: perhaps it was removed.</p>
    <div class="choices"><a class="button" href="${basePath}/failures">Back to the failures</a></div>`
}
