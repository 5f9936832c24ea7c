import type { Clock } from '../../clock.ts'
import type { UnderstudyError } from '../../errors.ts'
import type { SendOptions } from '../../producer/composer.ts'
import type { Payload } from '../../producer/payload.ts'
import type { ReplyHearer } from '../../request/requests.ts'

/** How far a job is, or what came of it. Times are milliseconds since the epoch. */
export type JobState =
  | { readonly kind: 'progress'; readonly percent: number; readonly message: string | undefined; readonly at: number }
  | { readonly kind: 'succeeded'; readonly value: unknown; readonly at: number }
  /** It failed for good: it is in the failure store, and may be sent back. */
  | {
      readonly kind: 'failed'
      readonly errorClass: string
      readonly errorMessage: string
      readonly reason: string
      readonly at: number
    }

/** Which job a state is about, and where its enqueuer wants to hear of it. */
export interface ResultAddress {
  readonly jobId: string
  /** The message's reply destination; undefined where it has none. */
  readonly replyTo: string | undefined
}

/** What results may use of the application. */
export interface ResultsHost {
  /** What the application calls itself. */
  readonly name: string
  readonly clock: Clock
  /** Resolves on the broker's confirm. */
  send(destination: string, payload: Payload, options: SendOptions): Promise<unknown>
  /** The queue of this process alone that answers come to. */
  readonly replyTo: string
  /** Hands over what comes there, after a failover too. Resolves once it is listened to, with what ends it. */
  hearReplies(hearer: ReplyHearer): Promise<() => void>
}

/** Where results go: chosen once for an application, opened by it. */
export interface Results {
  /** Such as `reply`, `sql` or `valkey`. */
  readonly kind: string
  /** Begins a session of one application. */
  open(host: ResultsHost): Promise<ResultsSession>
}

/** Results as one application writes and reads them, from `open` to `close`. */
export interface ResultsSession {
  /** Where the message must say that answers go; undefined where results need no such place. */
  readonly replyTo: string | undefined
  /**
   * Follows a job from now on. Called before it is sent, so that nothing is missed. `take` is called with every state,
   * in order, and must not throw; a state that ends the job comes once and last. `ended` is called once where it is
   * known that no state will come any more although the job has not ended. `isNew` says that the id was made just now,
   * and the message will name `replyTo`: then there is nothing to look up. Defaults to false.
   */
  watch(
    jobId: string,
    take: (state: JobState) => void,
    ended: (error: UnderstudyError) => void,
    isNew?: boolean,
  ): Promise<{
    /** Follows it no more. */
    close(): void
  }>
  /** The last that is known of a job; undefined for nothing, `unsupported` where results are not kept anywhere. */
  get(jobId: string): Promise<JobState | undefined>
  /** A worker tells how far it is or what came of it. Resolves once it is safe. @throws UnderstudyError `storage`. */
  put(address: ResultAddress, state: JobState): Promise<void>
  /** Ends the session; what is watched has no more to say. Idempotent. */
  close(): Promise<void>
}
