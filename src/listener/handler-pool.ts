import { type Clock, pause } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { DedupeGuard } from './dedupe.ts'
import type { Delivery } from './delivery.ts'
import type { DeliverySettlement } from './settlement.ts'

/** Handles one delivery. What it leaves unsettled stays with the broker as delivered. */
export type DeliveryHandler = (delivery: Delivery) => Promise<void> | void

/**
 * What becomes of a delivery whose handler throws before it settled it: `reject` hands it to the broker's
 * dead letters, `requeue` back to the queue, `leave` keeps it until the link ends.
 */
export type ErrorPolicy = 'reject' | 'requeue' | 'leave'

export interface HandlerPoolOptions {
  readonly handler: DeliveryHandler
  /** How many handlers may run at a time. */
  readonly concurrency: number
  readonly onError: ErrorPolicy
  readonly dedupe: DedupeGuard | undefined
  readonly clock: Clock
  /** Fires when nothing will be delivered any more. */
  readonly over: AbortSignal
  readonly logger: Logger
  /** A handler ended without settling its delivery, on purpose or for want of another way. */
  readonly onLeft: (settlement: DeliverySettlement) => void
  /** A copy of a finished message was acknowledged without its handler. */
  readonly onDuplicate: (delivery: Delivery) => void
  /** The last handler has ended. */
  readonly onIdle: () => void
}

interface Task {
  readonly delivery: Delivery
  readonly settlement: DeliverySettlement
}

// A dedupe store that fails is asked about the next delivery no sooner.
const STORE_PAUSE_MS = 1000
// So many places of the line may be taken by what has been handled; moving the rest up for each would cost more.
const MOST_DONE = 16

/** Runs handlers, so many at a time and the rest in the order of their arrival. No handler can break it. */
export class HandlerPool {
  readonly #options: HandlerPoolOptions
  /** Delivered while as many handlers ran as may; nobody but us has seen these yet. */
  #line: Task[] = []
  #next = 0
  #running = 0
  #starting = false

  constructor(options: HandlerPoolOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#running === 0
  }

  take(delivery: Delivery, settlement: DeliverySettlement): void {
    this.#line.push({ delivery, settlement })
    this.#startNext()
  }

  /** Takes back what no handler has seen. */
  dropWaiting(): readonly DeliverySettlement[] {
    const dropped = this.#line.slice(this.#next).map(({ settlement }) => settlement)
    this.#line = []
    this.#next = 0
    return dropped
  }

  #startNext(): void {
    // A handler that is done at once must not start the next one on top of itself.
    if (this.#starting) return
    this.#starting = true
    try {
      while (this.#running < this.#options.concurrency) {
        const task = this.#line[this.#next]
        if (task === undefined) break
        this.#next++
        this.#running++
        const handling = this.#handle(task)
        if (handling === undefined) this.#running--
        else void handling.then(() => this.#ended())
      }
      if (this.#next === this.#line.length) {
        this.#line.length = 0
        this.#next = 0
      } else if (this.#next >= MOST_DONE && this.#next * 2 >= this.#line.length) {
        // A line that is never empty must not keep everything that ever stood in it.
        this.#line.splice(0, this.#next)
        this.#next = 0
      }
    } finally {
      this.#starting = false
    }
    if (this.#running === 0) this.#options.onIdle()
  }

  #ended(): void {
    this.#running--
    this.#startNext()
  }

  /** Undefined when the handler was done at once. Never rejects. */
  #handle(task: Task): Promise<void> | undefined {
    const { handler, dedupe } = this.#options
    if (dedupe) return this.#handleOnce(task, dedupe)
    try {
      const handling = handler(task.delivery)
      return handling === undefined ? undefined : this.#finish(handling, task)
    } catch (error) {
      return this.#failed(task, error)
    }
  }

  async #finish(handling: Promise<void>, task: Task): Promise<void> {
    try {
      await handling
    } catch (error) {
      await this.#failed(task, error)
    }
  }

  async #handleOnce(task: Task, dedupe: DedupeGuard): Promise<void> {
    const { delivery, settlement } = task
    try {
      const ran = await dedupe.once(delivery.id, async () => this.#options.handler(delivery))
      // Its link may have gone while it waited for the first copy.
      if (ran || !settlement.isOpen) return
      this.#options.onDuplicate(delivery)
      await settlement.settle('ack')
    } catch (error) {
      await this.#failed(task, error)
    }
  }

  async #failed({ delivery, settlement }: Task, error: unknown): Promise<void> {
    const { clock, over, logger, onLeft } = this.#options
    let { onError } = this.#options
    const stale = error instanceof UnderstudyError && error.code === 'stale-delivery'
    if (!stale) logger.error({ messageId: delivery.id, error: messageOf(error) }, 'the handler of a delivery threw')
    if (!settlement.isOpen) return
    if (onError !== 'leave' && error instanceof UnderstudyError && error.code === 'storage') {
      // The store's trouble, which passes, and none of the message's: dead letters would be the wrong place.
      onError = 'requeue'
      await pause(clock, STORE_PAUSE_MS, over)
      if (!settlement.isOpen) return
    }
    if (onError !== 'leave') {
      await settlement.settle(onError).catch((failure: unknown) => {
        logger.warn(
          { messageId: delivery.id, error: messageOf(failure) },
          `the delivery could not be settled as ${onError}`,
        )
      })
    }
    if (settlement.isOpen) onLeft(settlement)
  }
}
