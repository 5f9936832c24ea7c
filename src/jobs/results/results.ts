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

/** What results may use of the application's connection. */
export interface ResultsHost {
  /** Resolves on the broker's confirm. */
  send(destination: string, payload: object, options: { readonly correlationId: string }): Promise<void>
  /** Takes what comes to a queue of this process alone, until closed. Resolves with its name once it is listened to. */
  listenForReplies(
    take: (reply: { readonly correlationId: string; readonly value: unknown }) => void,
  ): Promise<{ readonly destination: string; close(): Promise<void> }>
}

/** Where results go: chosen once for an application, opened by it. */
export interface Results {
  /** Such as `reply`, `sql` or `valkey`. */
  readonly kind: string
  open(host: ResultsHost): Promise<ResultsSession>
}

export interface ResultsSession {
  /** Where the message must say that answers go; undefined where results need no such place. */
  readonly replyTo: string | undefined
  /**
   * Follows a job from now on. Called before it is sent, so that nothing is missed. `take` is called with every state,
   * in order, and must not throw; a state that ends the job comes once and last.
   */
  watch(jobId: string, take: (state: JobState) => void): Promise<{ close(): void }>
  /** The last that is known of a job; undefined for nothing, `unsupported` where results are not kept anywhere. */
  get(jobId: string): Promise<JobState | undefined>
  /** A worker tells how far it is or what came of it. Resolves once it is safe. @throws UnderstudyError `storage`. */
  put(address: ResultAddress, state: JobState): Promise<void>
  close(): Promise<void>
}
