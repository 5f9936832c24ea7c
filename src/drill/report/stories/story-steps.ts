import type { AttemptOutcome } from '../../history.ts'
import type { NameOf } from './fate-words.ts'
import type { JobEvent, JobStory } from './job-stories.ts'

export const OUTCOME_WORDS: Readonly<Record<AttemptOutcome, string>> = {
  ack: 'confirmed',
  ambiguous: 'ambiguous: written, no answer came',
  refused: 'refused: nothing was written',
  nack: 'rejected by the broker',
  returned: 'returned: no queue for it',
}

export interface StoryStep {
  readonly atNs: number
  readonly what: string
  /** Whether it is what made the job more than a plain one. */
  readonly trouble: boolean
}

/** What happened to a job, one step for each event, in the order of time. */
export function storySteps({ events }: JobStory, nameOf: NameOf): readonly StoryStep[] {
  const deliveries = events.filter((event) => event.type === 'dlv')
  return (
    events
      .map((event) => ({
        // The due event is written when the ticker gets to it; the schedule's own time is the one that counts.
        atNs: event.type === 'due' ? event.dueNs : event.t,
        what: stepInWords(event, deliveries.indexOf(event as (typeof deliveries)[number]) + 1, nameOf),
        trouble: event.type === 'giveup' || (event.type === 'res' && event.outcome !== 'ack'),
      }))
      // A stable sort: what came in one instant stays as it was written.
      .sort((one, other) => one.atNs - other.atNs)
  )
}

export function stepInWords(event: JobEvent, delivery: number, nameOf: NameOf): string {
  switch (event.type) {
    case 'due':
      return 'due'
    case 'att':
      return `attempt ${event.k} ${event.endpoint === null ? 'with no broker connected' : `to ${nameOf(event.endpoint)}`}`
    case 'res':
      return `attempt ${event.k} ${OUTCOME_WORDS[event.outcome]}`
    case 'giveup':
      return 'given up'
    case 'dlv':
      return `delivery ${delivery} from ${nameOf(event.endpoint)}, sent by attempt ${event.k}${event.redelivered ? ', marked as redelivered' : ''}`
    case 'cack':
      return `delivery ${event.n} acknowledged by the listener`
    case 'cackok':
      return `acknowledge of delivery ${event.n} settled`
  }
}
