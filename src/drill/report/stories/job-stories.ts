import type { HistoryEvent } from '../../history.ts'
import { type DuplicateKind, duplicatesOf } from '../../checker/fates.ts'
import { confirmOf, type Job, type Ledger } from '../../checker/jobs-ledger.ts'
import { overtaken } from '../../checker/reordering.ts'

/** What may be said of a job. `once` is the plain case: acknowledged on the first attempt, delivered once. */
export type Fate =
  | 'lost'
  | 'not seen yet'
  | 'post-ack duplicate'
  | 'unexpected'
  | 'resurrected'
  | 'failed'
  | 'indeterminate'
  | 'unfinished'
  | 'broker duplicate'
  | 'resend duplicate'
  | 'redelivery'
  | 'reordered'
  | 'recovered'
  | 'sent again'
  | 'once'

/** The order in which fates are told, worst first. */
export const FATES: readonly Fate[] = [
  'lost',
  'not seen yet',
  'post-ack duplicate',
  'unexpected',
  'resurrected',
  'failed',
  'indeterminate',
  'unfinished',
  'broker duplicate',
  'resend duplicate',
  'redelivery',
  'reordered',
  'recovered',
  'sent again',
  'once',
]

const DUPLICATE_FATES: Readonly<Record<DuplicateKind, Fate>> = {
  postAck: 'post-ack duplicate',
  broker: 'broker duplicate',
  resend: 'resend duplicate',
  redelivery: 'redelivery',
}

/** An event that names a job. */
export type JobEvent = Extract<HistoryEvent, { readonly id: string }>
type DeliveryEvent = Extract<JobEvent, { readonly type: 'dlv' }>

/** One job with all that the history says of it. */
export interface JobStory {
  readonly job: Job
  /** In the order of time. */
  readonly events: readonly JobEvent[]
  readonly deliveries: readonly DeliveryEvent[]
  /** All that holds of it, worst first; never empty. */
  readonly fates: readonly Fate[]
}

/**
 * The story of every job, in the order they fell due, and of every job of another run that was delivered.
 * Attempts and deliveries are those of the checker's own ledger, so that page and verdict cannot disagree.
 *
 * @param events in the order of time.
 */
export function jobStories(ledger: Ledger, events: readonly HistoryEvent[], runId: string): readonly JobStory[] {
  const own = new Map<string, JobEvent[]>()
  const foreign = new Map<string, DeliveryEvent[]>()
  let drained = false
  for (const event of events) {
    if (event.type === 'drain') drained = event.ok
    if (!('id' in event)) continue
    if (event.type === 'dlv' && event.runId !== runId) put(foreign, JSON.stringify([event.runId, event.id]), event)
    else put(own, event.id, event)
  }
  const overtakenJobs = new Set(overtaken(ledger.jobs))
  const stories = ledger.jobs.map((job): JobStory => {
    const told = own.get(job.id) ?? []
    const found = new Set(fatesOf(job, drained))
    if (overtakenJobs.has(job)) found.add('reordered')
    return { job, events: told, deliveries: told.filter((event) => event.type === 'dlv'), fates: worstFirst(found) }
  })
  const strangers = [...foreign.values()].map((deliveries): JobStory => {
    const id = deliveries[0]?.id ?? ''
    const job: Job = { id, dueNs: null, gaveUp: false, attempts: [], deliveries: [] }
    return { job, events: deliveries, deliveries, fates: ['unexpected'] }
  })
  const dueOf = (story: JobStory): number => story.job.dueNs ?? story.events[0]?.t ?? Number.POSITIVE_INFINITY
  return [...stories.sort((one, other) => dueOf(one) - dueOf(other)), ...strangers]
}

function put<Event>(lists: Map<string, Event[]>, key: string, event: Event): void {
  const list = lists.get(key)
  if (list) list.push(event)
  else lists.set(key, [event])
}

function worstFirst(found: ReadonlySet<Fate>): readonly Fate[] {
  const fates = FATES.filter((fate) => found.has(fate))
  return fates.length > 0 ? fates : ['once']
}

function fatesOf(job: Job, drained: boolean): readonly Fate[] {
  const fates: Fate[] = duplicatesOf(job.deliveries).map((kind) => DUPLICATE_FATES[kind])
  const delivered = job.deliveries.length > 0
  if (job.attempts.length === 0) return delivered ? [...fates, 'unexpected'] : ['unfinished']
  if (confirmOf(job)) {
    if (!delivered) fates.push(drained ? 'lost' : 'not seen yet')
    // Where a copy too many came of it, that is what is told.
    if (job.attempts.length > 1 && job.deliveries.length < 2) fates.push('sent again')
    return fates
  }
  const inDoubt = job.attempts.some((attempt) => attempt.outcome === 'ambiguous')
  if (inDoubt) fates.push('indeterminate')
  if (inDoubt && delivered) fates.push('recovered')
  if (job.gaveUp) fates.push('failed')
  if (job.gaveUp && !inDoubt && delivered) fates.push('resurrected')
  if (!job.gaveUp && !inDoubt) fates.push('unfinished')
  return fates
}
