import { type Attempt, confirmOf, type Job } from '../../checker/jobs-ledger.ts'
import { capital } from '../../sentence.ts'
import { formatMs } from '../durations.ts'
import type { Fate, JobStory } from './job-stories.ts'

/** What a fate means, as the heading of the jobs that met it. */
export const FATE_MEANING: Readonly<Record<Fate, string>> = {
  lost: 'confirmed to the producer, never delivered',
  'not seen yet': 'confirmed, and not delivered by the time the drain was given up',
  'post-ack duplicate': 'delivered again after our acknowledge of that very copy had been confirmed',
  unexpected: 'delivered, but never sent by this run',
  resurrected: 'given up with every attempt refused, and delivered all the same',
  failed: 'given up at the retry threshold, never confirmed',
  indeterminate: 'never confirmed, though an attempt may have reached a broker',
  unfinished: 'neither confirmed nor given up when the run ended',
  'broker duplicate': 'the same attempt delivered twice, the second time not marked as redelivered',
  'resend duplicate': 'two attempts were stored, and both were delivered',
  redelivery: 'delivered again, marked as redelivered',
  reordered: 'confirmed before another job was sent, yet delivered after it',
  recovered: 'never confirmed, but delivered',
  'sent again': 'confirmed on a later attempt, delivered once',
  once: 'acknowledged, delivered once',
}

/** What the fault did and where, for the sentences that speak of it. */
export interface FaultPlace {
  readonly atNs: number
  /** Null when it was no one broker. */
  readonly endpoint: string | null
  /** What was done to it, such as `killed`. */
  readonly done: string
}

/** What an endpoint is called: its node's name where it is known. */
export type NameOf = (endpoint: string | null) => string

/**
 * Why the job met its fate, in one sentence, such as `Sent twice: attempt 1 was written to a 3 ms before it
 * was killed and stored, but no confirm came back, attempt 2 was confirmed by b; delivered twice, by a and b.`
 */
export function whyItHappened(story: JobStory, fault: FaultPlace | null, nameOf: NameOf): string {
  const sentence = `${attemptsInWords(story, fault, nameOf)}; ${deliveriesInWords(story, nameOf)}.`
  const written = story.job.attempts.filter((attempt) => attempt.outcome !== 'refused').length
  return capital(written > 1 ? `sent ${timesWord(written)}: ${sentence}` : sentence)
}

function attemptsInWords({ job, deliveries }: JobStory, fault: FaultPlace | null, nameOf: NameOf): string {
  if (job.attempts.length === 0) return 'this run never sent it'
  const stored = new Set(deliveries.map((delivery) => delivery.k))
  // A job that waited out a long outage may have dozens of attempts that say the same.
  const told = job.attempts.length > 4 ? [...job.attempts.slice(0, 2), ...job.attempts.slice(-1)] : job.attempts
  const words = told.map((attempt) => attemptInWords(attempt, stored.has(attempt.k), fault, nameOf))
  if (told.length < job.attempts.length) words.splice(2, 0, `${job.attempts.length - told.length} more`)
  if (job.gaveUp && !confirmOf(job)) words.push('given up')
  return words.join(', ')
}

function attemptInWords(attempt: Attempt, stored: boolean, fault: FaultPlace | null, nameOf: NameOf): string {
  const label = `attempt ${attempt.k}`
  const where = nameOf(attempt.endpoint)
  switch (attempt.outcome) {
    case 'ack':
      return attempt.endpoint === null
        ? `${label} waited for a broker and was confirmed`
        : `${label} was confirmed by ${where}`
    case 'ambiguous': {
      const written =
        attempt.endpoint === null
          ? `${label} waited for a broker`
          : `${label} was written to ${where}${when(attempt, fault)}`
      return stored ? `${written} and stored, but no confirm came back` : `${written}, no confirm came back`
    }
    case 'refused':
      return attempt.endpoint === null ? `${label} found no broker` : `${label} could not be written to ${where}`
    case 'nack':
      return `${label} was rejected by ${where}`
    case 'returned':
      return `${label} was returned by ${where}, which had no queue for it`
  }
}

function when(attempt: Attempt, fault: FaultPlace | null): string {
  if (!fault || attempt.endpoint !== fault.endpoint) return ''
  const before = (fault.atNs - attempt.startNs) / 1e6
  const itHappened = `it was ${fault.done}`
  return before >= 0 ? ` ${formatMs(before)} before ${itHappened}` : ` ${formatMs(-before)} after ${itHappened}`
}

function deliveriesInWords({ job, deliveries }: JobStory, nameOf: NameOf): string {
  const [first, ...others] = deliveries
  if (!first) return 'never delivered'
  const by = [...new Set(deliveries.map((delivery) => nameOf(delivery.endpoint)))].join(' and ')
  if (others.length === 0) return `delivered once, by ${by}`
  const marked = others.filter((delivery) => delivery.redelivered).length
  const flag = marked === others.length ? ', marked as redelivered' : marked === 0 ? ', not marked as redelivered' : ''
  const after = acknowledgedBefore(job) ? ', although the first copy had been acknowledged' : ''
  return `delivered ${timesWord(deliveries.length)}, by ${by}${flag}${after}`
}

function acknowledgedBefore({ deliveries }: Job): boolean {
  return deliveries.some((delivery, index) =>
    deliveries
      .slice(0, index)
      .some((earlier) => earlier.k === delivery.k && (earlier.ackConfirmedNs ?? Infinity) < delivery.atNs),
  )
}

function timesWord(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`
}

/** What {@link whyItHappened} is made of, for a page that tells it by itself. */
export const WHY_PARTS: Readonly<Record<string, unknown>> = {
  whyItHappened,
  attemptsInWords,
  attemptInWords,
  when,
  deliveriesInWords,
  acknowledgedBefore,
  timesWord,
  capital,
}
