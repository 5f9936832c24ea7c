import type { Clock } from '../../../clock.ts'
import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { type Html, html } from '../../../page/html.ts'
import { printableLine } from '../../../page/printable.ts'
import { formatCount } from '../../parts/figures.ts'
import { exactlyAgo } from '../../parts/time.ts'
import { failureAddress, queryFor, searchAddress } from '../addresses.ts'
import { statusBadge } from '../status-badge.ts'
import { errorText } from '../status-words.ts'

interface HistoryOptions {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  readonly failure: KeptFailure
  readonly ofJob: readonly KeptFailure[]
}

const MOST_RELATED = 50

/** What happened to it and in which order, and what else became of the same job. */
export function historySection({ basePath, clock, failure, ofJob }: HistoryOptions): Html {
  const others = ofJob.filter(({ id }) => id !== failure.id)
  const before = others.filter(({ failedAt }) => failedAt <= failure.failedAt).slice(-MOST_RELATED)
  const steps = [...before.flatMap((one) => sentBackBefore(basePath, one)), ...stepsOf(basePath, failure)].toSorted(
    (one, other) => one.at - other.at,
  )
  return html`<section><h2>History</h2>
    <ol class="history">${steps.map(({ at, told }) => html`<li><span class="when">${exactlyAgo(clock, at)}</span> <span>${told}</span></li>`)}</ol>
    ${
      others.length > 0 &&
      html`<h3>Other failures of the same job</h3>
      <ul class="related">${others.slice(-MOST_RELATED).map((one) => html`<li><span class="when">${exactlyAgo(clock, one.failedAt)}</span> <a href="${failureAddress(basePath, one.id)}">${printableLine(errorText(one), 160)}</a> ${statusBadge(one)}</li>`)}</ul>
      ${others.length > MOST_RELATED && html`<p class="quiet">The last ${MOST_RELATED} of ${formatCount(others.length)}.</p>`}`
    }</section>`
}

interface Step {
  readonly at: number
  readonly told: Html | string
}

function stepsOf(basePath: string, failure: KeptFailure): readonly Step[] {
  const { enqueuedAt, attempts, failedAt, claimedAt, retriedAt, retriedBy, retryJobId, resolvedAt, status } = failure
  const by = byWhom(retriedBy)
  const steps: Step[] = []
  if (enqueuedAt !== undefined) steps.push({ at: enqueuedAt, told: `enqueued to ${printableLine(failure.queue, 120)}` })
  const [first] = attempts
  const last = attempts.at(-1)
  if (first) steps.push({ at: first.at, told: 'first attempt' })
  if (last && last !== first) steps.push({ at: last.at, told: `attempt ${last.attempt}, the last` })
  steps.push({ at: failedAt, told: `failed for good, and kept by ${printableLine(failure.worker, 120)}` })
  if (status === 'retrying' && claimedAt !== undefined) steps.push({ at: claimedAt, told: `being sent back${by}` })
  if (retriedAt !== undefined)
    steps.push({ at: retriedAt, told: html`sent back${by}${asJob(basePath, failure.jobId, retryJobId)}` })
  if (resolvedAt !== undefined) steps.push({ at: resolvedAt, told: 'the job that was sent back succeeded' })
  return steps
}

/** That it failed before and was sent back, as this failure came of that. */
function sentBackBefore(basePath: string, earlier: KeptFailure): readonly Step[] {
  const { id, failedAt, retriedAt, retriedBy } = earlier
  const failedBefore = html`<a href="${failureAddress(basePath, id)}">failed for good before</a>`
  return [
    { at: failedAt, told: failedBefore },
    ...(retriedAt === undefined ? [] : [{ at: retriedAt, told: `sent back${byWhom(retriedBy)}` }]),
  ]
}

function byWhom(actor: string | undefined): string {
  return actor === undefined ? '' : ` by ${printableLine(actor, 120)}`
}

function asJob(basePath: string, jobId: string, retryJobId: string | undefined): Html | false {
  if (retryJobId === undefined || retryJobId === jobId) return false
  const query = queryFor('jobId', retryJobId)
  return html` edited, as the new job <a href="${searchAddress(basePath, query)}">${printableLine(retryJobId)}</a>`
}
