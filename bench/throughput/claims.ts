import type { ClientName } from '../peers/clients.ts'
import { OURS, RAW } from '../peers/clients.ts'
import { ratiosTo, type Sample } from './summary.ts'
import { median } from '../percentile.ts'

export type Measure = 'publish' | 'consume' | 'request'

/** What must hold for our client. */
interface Goal {
  readonly against: ClientName
  /** The least that our speed may be of theirs. */
  readonly atLeast: number
}

export interface Claim extends Goal {
  readonly text: string
  /** The median over the rounds of our speed by theirs; undefined where one of the two was left out. */
  readonly ratio: number | undefined
  /** Undefined where nothing can be said. */
  readonly holds: boolean | undefined
  readonly heldIn: number
  readonly rounds: number
}

function goalsFor(measure: Measure, protocol: 'amqp' | 'stomp'): Goal[] {
  if (measure === 'request') return []
  if (protocol === 'stomp') return [{ against: RAW.stomp, atLeast: 1 }]
  const raw = { against: RAW.amqp, atLeast: 0.95 }
  // Beside the bare driver, the driver that is asked to lose nothing: that part of the cost is the broker's.
  if (measure === 'publish') return [raw, { against: 'amqplib, mandatory', atLeast: 0.95 }]
  return [raw, { against: 'rabbitmq-client', atLeast: 1 }, { against: 'rascal', atLeast: 1 }]
}

/** What the rounds say about each goal. */
export function judge(measure: Measure, protocol: 'amqp' | 'stomp', samples: readonly Sample[]): Claim[] {
  return goalsFor(measure, protocol).map(({ against, atLeast }) => {
    const ratios = ratiosTo(samples, OURS, against)
    const ratio = median(ratios)
    return {
      text: `${measure}: at least ${atLeast} of ${against}`,
      against,
      atLeast,
      ratio,
      holds: ratio === undefined ? undefined : ratio >= atLeast,
      heldIn: ratios.filter((one) => one >= atLeast).length,
      rounds: ratios.length,
    }
  })
}
