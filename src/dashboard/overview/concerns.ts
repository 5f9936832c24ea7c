import type { Clock } from '../../clock.ts'
import { FAILED_QUEUE } from '../../jobs/job-host.ts'
import { type Content, html } from '../../page/html.ts'
import { href } from '../context.ts'
import { counted } from '../parts/figures.ts'
import { ago, durationText, since } from '../parts/time.ts'
import type { WatchedQueue } from '../queues/queue-watch.ts'
import { anchorOf } from '../queues/queue-words.ts'
import type { WorkerRoster } from '../workers/worker-roster.ts'
import { CONDITIONS } from './broker-line.ts'
import type { BrokerWatch } from './broker-watch.ts'
import { together } from './failovers.ts'
import type { OverviewParts } from './sections.ts'

/** Something that asks for somebody, or that they would want to know. */
export interface Concern {
  readonly tone: 'bad' | 'doubtful' | 'quiet'
  readonly what: Content
}

/** What concerns come from, beside what the overview has seen. */
export interface ConcernSources {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  readonly brokers: Pick<BrokerWatch, 'links' | 'failovers'>
  readonly workers: Pick<WorkerRoster, 'seen'>
}

const LATELY_MS = 15 * 60_000
// More of a kind are one line: ten paused queues must not push the rest out of sight.
const MOST_OF_A_KIND = 3

/** What is wrong just now as far as the dashboard sees, the worst first. */
export function concernsOf(context: ConcernSources, parts: OverviewParts): readonly Concern[] {
  const all = [
    ...ofLinks(context),
    ...ofQueues(context, parts),
    ...ofWorkers(context, parts),
    ...ofFailures(context, parts),
  ]
  const worst = ['bad', 'doubtful', 'quiet'] as const
  return worst.flatMap((tone) => all.filter((concern) => concern.tone === tone))
}

function ofLinks({ brokers, clock, basePath }: ConcernSources): readonly Concern[] {
  const [sends, deliveries] = brokers.links
  const away = brokers.links.filter(({ condition }) => condition === 'down' || condition === 'over')
  const blocked = brokers.links.filter(({ condition }) => condition === 'blocked')
  const found: Concern[] = []
  const [lost] = away
  if (lost) {
    const whom = away.length === 2 ? 'sends and deliveries' : lost.role === 'producer' ? 'sends' : 'deliveries'
    found.push({
      tone: 'bad',
      what: html`${CONDITIONS[lost.condition].word} for ${whom}, for ${since(clock, lost.since)}${lost.reason !== undefined && `: ${lost.reason}`}`,
    })
  }
  for (const { endpoint, reason } of blocked.slice(0, 1))
    found.push({
      tone: 'bad',
      what: `${endpoint ?? 'The broker'} takes nothing for now${reason === undefined ? '' : `: ${reason}`}`,
    })
  if (sends?.endpoint !== undefined && deliveries?.endpoint !== undefined && sends.endpoint !== deliveries.endpoint)
    found.push({
      tone: 'doubtful',
      what: `Sends go to ${sends.endpoint}, and deliveries come from ${deliveries.endpoint}`,
    })
  const [last] = together(brokers.failovers)
  if (last && away.length === 0 && clock.wallTime() - last.at < LATELY_MS)
    found.push({
      tone: 'quiet',
      what: html`${last.outageMs === undefined ? 'Switched' : 'Failed over'} to ${last.to} ${ago(clock, last.at)}${last.outageMs !== undefined && `, after ${durationText(last.outageMs)} without a broker`}: <a href="${href({ basePath }, '/timeline')}">timeline</a>`,
    })
  return found
}

function ofQueues(context: ConcernSources, { queues }: OverviewParts): readonly Concern[] {
  const isAway = isBrokerAway(context)
  // Who does not answer at all is told already.
  if (queues.error !== undefined && !isAway)
    return [{ tone: 'bad', what: `Queues cannot be looked at: ${queues.error}` }]
  const all = queues.value ?? []
  const waiting = all.filter(({ state, queue }) => (state?.ready ?? 0) > 0 && queue !== FAILED_QUEUE)
  const dead = all.filter(({ state, queue }) => (state?.ready ?? 0) > 0 && queue === FAILED_QUEUE)
  const link = ({ queue }: WatchedQueue): Content =>
    html`<a href="${href(context, `/queues#${anchorOf(queue)}`)}">${queue}</a>`
  const many = ({ state }: WatchedQueue): string =>
    `${state?.isExact === false ? 'about ' : ''}${counted(state?.ready ?? 0, 'message')}`
  return [
    ...told(
      'bad',
      waiting.filter(({ state, isPaused }) => !isPaused && state?.consumers === 0),
      (queue) =>
        html`Nobody takes from ${link(queue)}, where ${many(queue)} ${queue.state?.ready === 1 ? 'waits' : 'wait'}`,
      (count) => `Nobody takes from ${counted(count, 'queue')} where something waits`,
    ),
    ...told(
      'doubtful',
      all.filter(({ isPaused }) => isPaused),
      (queue) =>
        html`${link(queue)} is paused${(queue.state?.ready ?? 0) > 0 && `, and ${many(queue)} ${queue.state?.ready === 1 ? 'waits' : 'wait'} there`}`,
      (count) => `${counted(count, 'queue')} are paused`,
    ),
    ...told(
      'doubtful',
      dead,
      (queue) =>
        html`${many(queue)} in ${link(queue)} ${queue.state?.ready === 1 ? 'waits' : 'wait'} to be collected into a failure store`,
      String,
    ),
    ...told(
      'doubtful',
      isAway ? [] : all.filter(({ error }) => error !== undefined),
      (queue) => html`${link(queue)} could not be looked at: ${queue.error}`,
      (count) => `${counted(count, 'queue')} could not be looked at`,
    ),
  ]
}

function isBrokerAway({ brokers }: ConcernSources): boolean {
  return brokers.links.some(({ condition }) => condition === 'down' || condition === 'over')
}

function ofWorkers(context: ConcernSources, { workers }: OverviewParts): readonly Concern[] {
  const gone = workers.filter(({ isGone }) => isGone)
  const [first] = gone
  const why = isBrokerAway(context) ? undefined : context.workers.seen.error
  return [
    ...(why === undefined ? [] : [{ tone: 'doubtful', what: `Workers could not be asked: ${why}` } as const]),
    ...(first === undefined
      ? []
      : [
          {
            tone: 'bad',
            what: html`${gone.length === 1 ? `Worker ${first.name} is gone` : `${counted(gone.length, 'worker')} are gone`}: <a href="${href(context, '/workers')}">workers</a>`,
          } as const,
        ]),
  ]
}

function ofFailures(context: ConcernSources, { failures }: OverviewParts): readonly Concern[] {
  if (failures?.error !== undefined)
    return [{ tone: 'bad', what: `The failure store does not answer: ${failures.error}` }]
  const count = failures?.value?.count ?? 0
  if (count === 0) return []
  return [
    {
      tone: 'doubtful',
      what: html`<a href="${href(context, '/failures')}">${counted(count, 'failed job')}</a> ${count === 1 ? 'waits' : 'wait'} for somebody`,
    },
  ]
}

/** One line each while they are few, and one for all of them where they are many. */
function told(
  tone: Concern['tone'],
  queues: readonly WatchedQueue[],
  one: (queue: WatchedQueue) => Content,
  all: (count: number) => string,
): readonly Concern[] {
  if (queues.length > MOST_OF_A_KIND) return [{ tone, what: all(queues.length) }]
  return queues.map((queue) => ({ tone, what: one(queue) }))
}
