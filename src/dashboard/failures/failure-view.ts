import type { KeptFailure } from '../../jobs/failures/failure.ts'
import { glyph } from '../../page/glyphs.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { fullMoment } from './moment.ts'
import { type Address, addressOf, failureAddress, queryFor, searchAddress } from './addresses.ts'
import { attemptsSection } from './attempts-view.ts'
import { type BodyForm, bodyText } from './body-text.ts'
import { historySection } from './history-view.ts'
import { longText } from './literal.ts'
import { encodeId } from './selection.ts'
import { statusBadge } from './status-badge.ts'
import { countText } from './status-words.ts'

export interface FailureView {
  readonly basePath: string
  readonly now: number
  readonly failure: KeptFailure
  /** Every failure of the same job, this one too, the first first. */
  readonly ofJob: readonly KeptFailure[]
  /** How many have the same cause. */
  readonly ofCause: number
  readonly body: BodyForm | undefined
  readonly mayAct: boolean
}

const LONGEST_MESSAGE = 10_000

/** All that is known of one failure. */
export function failureView(view: FailureView): Html {
  const { failure } = view
  return html`<h1>${printableLine(failure.errorClass, 200)}</h1>
    <p class="message">${longText(failure.errorMessage, LONGEST_MESSAGE)}</p>
    <p>${statusBadge(failure)}</p>
    ${view.mayAct && actions(view)}
    <section><h2>What it was</h2>${facts(view)}</section>
    ${attemptsSection(failure, view.now)}
    ${argumentsSection(view)}
    ${headersSection(failure)}
    ${historySection(view)}`
}

function actions({ basePath, failure: { id, status } }: FailureView): Html {
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

function facts({ basePath, now, failure, ofCause }: FailureView): Html {
  const link = (field: string, value: string): Html | string =>
    value === '' || value.includes('*')
      ? printableLine(value)
      : html`<a href="${searchAddress(basePath, queryFor(field, value))}">${printableLine(value)}</a>`
  const at = (time: number | undefined): Html | undefined => (time === undefined ? undefined : fullMoment(time, now))
  const { broker, fingerprint } = failure
  const told: readonly (readonly [string, Html | string | number | undefined])[] = [
    ['Job', failure.job === '' ? 'the message did not say' : link('job', failure.job)],
    ['Job id', link('jobId', failure.jobId)],
    ['Queue', link('queue', failure.queue)],
    ['Reason', REASONS[failure.reason]],
    ['Error code', failure.errorCode === undefined ? undefined : link('code', failure.errorCode)],
    [
      'Cause',
      html`<a href="${searchAddress(basePath, queryFor('fingerprint', fingerprint))}">${ofCause === 1 ? 'the only failure of this cause' : `${countText(ofCause)} failures of this cause`}</a>`,
    ],
    ['Failed', at(failure.failedAt)],
    ['First failed', failure.firstFailedAt === failure.failedAt ? undefined : at(failure.firstFailedAt)],
    ['Enqueued', at(failure.enqueuedAt)],
    ['Expires', at(failure.expiresAt)],
    ['Sent back before', failure.requeues === 0 ? undefined : countText(failure.requeues)],
    ['Worker', link('worker', failure.worker)],
    ['Broker', `${printableLine(broker.url)} (${printableLine(broker.kind, 40)})`],
    ['Request id', failure.requestId === undefined ? undefined : link('requestId', failure.requestId)],
    ['Result wanted at', failure.replyTo === undefined ? undefined : printableLine(failure.replyTo)],
    ['Priority', failure.priority],
    ['Trace', failure.traceparent === undefined ? undefined : printableLine(failure.traceparent)],
  ]
  return html`<table class="known"><tbody>${told.map(([name, value]) => value !== undefined && html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`
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
    <p class="quiet">${countText(args.length)} ${args.length === 1 ? 'byte' : 'bytes'} of ${printableLine(contentType ?? 'no content type', 100)}${isTelling(preview, args) && html`; preview: <q>${printableLine(preview)}</q>`}</p>
    ${
      args.length === 0
        ? html`<p class="empty">None.</p>`
        : html`<pre class="body ${form}" tabindex="0" role="region" aria-label="The arguments">${longText(text, text.length)}</pre>
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
  return html`<section><h2>Headers</h2><table class="known"><tbody>
    ${all.slice(0, MOST_HEADERS).map(([name, value]) => html`<tr><th scope="row"><code>${printableLine(name, 120)}</code></th><td><code>${printableLine(value, 1_000)}</code></td></tr>`)}
  </tbody></table>${all.length > MOST_HEADERS && html`<p class="quiet">The first ${MOST_HEADERS} of ${countText(all.length)}.</p>`}</section>`
}

const MOST_HEADERS = 200

/** A page for an id that nobody knows. */
export function noFailureView(basePath: string, id: string): Html {
  return html`<h1>${glyph('unknown')} No such failure</h1>
    <p>${printableLine(id)} is not kept: perhaps it was removed.</p>
    <div class="choices"><a class="button" href="${basePath}/failures">Back to the failures</a></div>`
}
