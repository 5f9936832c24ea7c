import { messageOf, UnderstudyError } from '../../../errors.ts'
import type { CanaryOutcome } from './canary.ts'

/** What a requeue came to. */
export interface RequeueOutcome {
  /** The name of the claim; undefined for a dry run. */
  readonly batch: string | undefined
  /** How many were to be sent; in a dry run, how many would be. */
  readonly claimed: number
  /** How many a broker confirmed. */
  readonly sent: number
  /** How many matched and were older than `maxAge`. */
  readonly tooOld: number
  /** How many were given back and are failed as before. */
  readonly released: number
  /** How many of those a broker may hold all the same, as its link was lost before it confirmed them. */
  readonly unconfirmed: number
  /** How the first ones fared; undefined where there was no canary. */
  readonly canary: CanaryOutcome | undefined
  /** Whether the rest stayed because the first ones did not all succeed. */
  readonly stoppedByCanary: boolean
}

/** Not all that was to be sent back went. What did not is failed as before. */
export class RequeueError extends UnderstudyError {
  override readonly name = 'RequeueError'
  /** What went, and what did not. */
  readonly outcome: RequeueOutcome

  constructor(cause: unknown, outcome: RequeueOutcome) {
    const { claimed, sent } = outcome
    const ours = cause instanceof UnderstudyError ? cause : undefined
    super(ours?.code ?? 'not-sent', `sent ${sent} of ${claimed} failed jobs back, then: ${messageOf(cause)}`, {
      retriable: ours?.retriable ?? false,
      cause,
      ...(ours?.endpoint === undefined ? {} : { endpoint: ours.endpoint }),
    })
    this.outcome = outcome
  }
}
