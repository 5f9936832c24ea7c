import type { Clock, Random } from '../clock.ts'
import type { UnderstudyError } from '../errors.ts'
import type { Delivery } from '../listener/delivery.ts'
import { formatDestination } from '../transport/destination.ts'
import { REPLY_QUEUE } from '../transport/reply-queues.ts'
import { PassingOn } from './passing-on.ts'
import type { RequestHost } from './request-host.ts'

/** What became of a reply: somebody took it, or it is known that nobody will, or it may be another's. */
export type Match = 'taken' | 'unwanted' | 'unknown'

export interface ReplyQueueOptions {
  readonly host: RequestHost
  readonly clock: Clock
  readonly random: Random
  readonly destination: string
  /** Whether the queue is the application's, so that other processes may listen on it too. */
  readonly shared: boolean
  /** Whether the broker is asked to remove it when it goes unused. */
  readonly expires: boolean
  readonly onReply: (delivery: Delivery) => Match
  readonly onUnmatched: (delivery: Delivery) => void
  readonly onPassedOn: () => void
  /** No reply will come from here any more. */
  readonly onEnd: (error: UnderstudyError) => void
}

// Replies are matched as they come, so this bounds what is under way and nothing that waits.
const PREFETCH = 200
const SETTINGS = {
  expiresAfterMs: REPLY_QUEUE.expiresAfterMs,
  deadLetterTo: formatDestination(REPLY_QUEUE.deadLetterTo),
}

/** The queue that answers come to, and who listens there. */
export class ReplyQueue {
  readonly destination: string
  readonly shared: boolean
  readonly #options: ReplyQueueOptions
  readonly #passingOn: PassingOn
  #ready: Promise<void> | undefined

  constructor(options: ReplyQueueOptions) {
    this.#options = options
    this.destination = options.destination
    this.shared = options.shared
    this.#passingOn = new PassingOn(options.clock, options.random)
  }

  /** Resolves when the broker has taken the subscription, which is asked for at the first look. */
  get ready(): Promise<void> {
    this.#ready ??= this.#listen()
    return this.#ready
  }

  /** Hands back what belongs to others; the connection closes the listener. */
  close(): void {
    this.#passingOn.flush()
  }

  async #listen(): Promise<void> {
    const { host, destination, expires, onEnd } = this.#options
    try {
      if (expires) await host.declare(destination, SETTINGS)
      const listener = host.listenForReplies(destination, (delivery) => this.#received(delivery), {
        prefetch: PREFETCH,
      })
      listener.whenEnded((error) => {
        this.#passingOn.flush()
        onEnd(error)
        void listener.close()
      })
      await listener.ready
    } catch (error) {
      onEnd(error as UnderstudyError)
      throw error
    }
  }

  #received(delivery: Delivery): void {
    const { onReply, onUnmatched, onPassedOn } = this.#options
    const match = onReply(delivery)
    if (match === 'unknown' && this.shared) {
      if (this.#passingOn.take(delivery)) onPassedOn()
      else {
        onUnmatched(delivery)
        // Nobody asked in all that time, but the queue is not ours alone: the dead letters keep it.
        void delivery.reject()
      }
      return
    }
    if (match !== 'taken') onUnmatched(delivery)
    void delivery.ack()
  }
}
