import type { Delivery } from '../../listener/delivery.ts'
import type { Listener } from '../../listener/listener.ts'
import { messageOf } from '../../errors.ts'
import type { JobHost } from '../job-host.ts'
import type { Verdict } from './processing.ts'
import { CopiesThatWait, type RunsInHand } from './runs-in-hand.ts'
import type { Slots } from './slots.ts'
import { readTask, type Task } from './task.ts'

const MOST_HANDLERS = 65_535
// The longest that what was delivered waits for the jobs of other queues, while another worker may be idle.
const HELD_UP_MS = 5000

export interface QueueSourceOptions {
  readonly host: JobHost
  /** Without `queue://`. */
  readonly queue: string
  readonly prefetch: number
  /** What the broker's lists call its subscriptions. */
  readonly name: string
  readonly slots: Slots
  /** What the worker has in hand, over all its queues. */
  readonly tasks: Set<Task>
  /** What the application has. */
  readonly runs: RunsInHand
  /** Works on a task that has its slot. */
  readonly work: (task: Task) => Promise<Verdict>
  /** The link of a task in hand is gone: another copy of it is on its way, to whatever worker. */
  readonly onStale: (task: Task) => void
  /** Called whenever it has nothing in hand any more. */
  readonly onIdle: () => void
}

/** One queue that a worker takes jobs from: its subscription, which comes and goes, and the way to a slot. */
export class QueueSource {
  readonly queue: string
  readonly #options: QueueSourceOptions
  #listener: Listener | undefined
  #closing: Promise<void> = Promise.resolve()
  #taking = false
  /** Deliveries that have a slot, or wait for the answer to their acknowledge. */
  #inHand = 0
  #heardAt = 0
  /** Since when deliveries wait and none of them has a slot. */
  #heldUpSince = 0
  /** How many of those were delivered before, to whomever. */
  #waitingAgain = 0
  /** It gave back what waited, and subscribes anew when a slot is free. */
  #isAway = false
  readonly #copies: CopiesThatWait

  constructor(options: QueueSourceOptions) {
    this.#options = options
    this.#copies = new CopiesThatWait(options.runs)
    this.queue = options.queue
  }

  get isTaking(): boolean {
    return this.#taking
  }

  get inHand(): number {
    return this.#inHand
  }

  /** Whether there is a subscription, or one that is being renewed after a failover, or will be with the next slot. */
  get isSubscribed(): boolean {
    if (this.#isAway) return true
    return this.#listener !== undefined && this.#listener.endedBy === undefined
  }

  /** For how many milliseconds nothing came, and nothing was in hand. */
  get silentMs(): number {
    return this.#isIdle && !this.#isAway ? this.#options.host.clock.now() - this.#heardAt : 0
  }

  get #isIdle(): boolean {
    return this.#inHand === 0 && this.#options.slots.waiting(this.queue) === 0
  }

  /** Resolves when the broker has accepted the subscription. Rejects when none will. */
  async take(): Promise<void> {
    this.#taking = true
    this.#options.slots.free(this.queue)
    if (!this.isSubscribed) this.#subscribe()
    await this.#listener?.ready
  }

  /**
   * Begins with nothing more. What was delivered and not begun goes back to the broker, at once where nothing of this
   * queue is in hand, else when that is done: a subscription that ends takes along what it delivered.
   */
  takeNothing(): void {
    this.#taking = false
    this.#options.slots.hold(this.queue)
    if (this.#inHand === 0) this.#unsubscribe()
  }

  /** Subscribes anew, for one that gets nothing. What was delivered and not begun goes back to the broker. */
  renew(): void {
    // What a living subscription delivered would be taken along.
    if (!this.#taking || (this.isSubscribed && this.#inHand > 0)) return
    this.#unsubscribe()
    this.#subscribe()
  }

  /**
   * Gives back what has waited for some seconds while jobs of other queues have all the slots, for whoever is idle; it
   * subscribes anew when a slot is free. Not while it has anything in hand, since the subscription takes that along:
   * brokers take no single delivery back for somebody else (over STOMP there is no such thing, and over AMQP the same
   * consumer would have it again at once). And nothing that was delivered before, so that a message gets no nearer to
   * the delivery limit of a quorum queue than once.
   */
  giveBackHeldUp(): void {
    const { host, slots } = this.#options
    if (!this.#taking || this.#listener === undefined || this.#inHand > 0) return
    if (slots.waiting(this.queue) === 0 || this.#waitingAgain > 0) return
    if (host.clock.now() - this.#heldUpSince < HELD_UP_MS) return
    host.logger.info({ queue: this.queue }, 'jobs of other queues have all the slots; what waits here is given back')
    this.#unsubscribe()
    this.#isAway = true
    slots.whenFree(this.queue, () => this.#comeBack())
  }

  /** Ends the subscription, and with it the hold on what is in hand. Resolves when it has ended. */
  async close(): Promise<void> {
    this.#taking = false
    this.#options.slots.hold(this.queue)
    this.#unsubscribe(AbortSignal.abort())
    await this.#closing
  }

  #comeBack(): void {
    if (!this.#isAway) return
    this.#isAway = false
    if (!this.#taking) return
    try {
      this.#subscribe()
    } catch (error) {
      // The connection was closed.
      this.#options.host.logger.warn(
        { queue: this.queue, error: messageOf(error) },
        'a worker could not subscribe anew',
      )
    }
  }

  #subscribe(): void {
    this.#isAway = false
    const { host, prefetch, name } = this.#options
    this.#heardAt = host.clock.now()
    const listener: Listener = host.connection.listen(`queue://${this.queue}`, (delivery) => this.#handle(delivery), {
      prefetch,
      // What came over a link that is lost may still be worked on, and must not keep the next ones waiting here.
      concurrency: MOST_HANDLERS,
      onError: 'leave',
      name,
      onRelease: () => {
        // It says so a second time, at its very end: what the next one has delivered by then must not go with it.
        if (this.#listener === undefined || this.#listener === listener) this.#release()
        // Where it is the link that ends, its deliveries are stale behind this call.
        queueMicrotask(() => this.#tellStale())
      },
    })
    this.#listener = listener
    listener.whenEnded((error) => {
      if (this.#listener !== listener) return
      this.#listener = undefined
      if (error.code === 'closed') return
      host.logger.error({ queue: this.queue, error: error.message }, 'a worker lost its subscription')
    })
  }

  #unsubscribe(signal?: AbortSignal): void {
    this.#isAway = false
    const listener = this.#listener
    if (listener === undefined) return
    this.#listener = undefined
    const before = this.#closing
    const close = async (): Promise<void> => {
      await Promise.all([before, listener.close(signal)])
    }
    this.#closing = close()
  }

  #release(): void {
    this.#options.slots.letGo(this.queue)
    this.#copies.letGo()
  }

  #tellStale(): void {
    for (const task of this.#options.tasks) if (task.delivery.isStale) this.#options.onStale(task)
  }

  async #handle(delivery: Delivery): Promise<void> {
    const { host, slots, tasks, runs } = this.#options
    this.#heardAt = host.clock.now()
    const task = readTask(delivery, this.queue)
    if (!(await this.#enter(task))) {
      // It may have been its turn.
      this.#copies.callNext(task.key)
      delivery.leave()
      return
    }
    let verdict: Verdict = 'leave'
    tasks.add(task)
    try {
      verdict = await this.#options.work(task)
    } catch (error) {
      // A mistake of ours: the job is as it was.
      host.logger.error({ jobId: task.jobId, error: messageOf(error) }, 'a job could not be worked on')
    }
    tasks.delete(task)
    runs.end(task.key)
    if (verdict === 'leave') delivery.leave()
    const acknowledged = verdict === 'ack' ? delivery.ack() : undefined
    // The next one need not wait for the broker's word on this one.
    slots.exit()
    try {
      await acknowledged
    } catch (error) {
      // It comes again, and the ledger knows it.
      host.logger.info({ jobId: task.jobId, error: messageOf(error) }, 'a finished job could not be acknowledged')
    }
    this.#over()
  }

  /** Whether it got a slot, and its run is in its hands alone from now on. */
  async #enter(task: Task): Promise<boolean> {
    const { slots, runs } = this.#options
    const listener = this.#listener
    const isOurs = (): boolean => listener !== undefined && this.#listener === listener && !task.delivery.isStale
    for (;;) {
      // It waits without a slot: the first copy may be in need of none for long.
      while (runs.has(task.key)) if (!(await this.#copies.wait(task.key))) return false
      // A copy that was called just before the subscription ended: nobody lets it go from among those that wait here.
      if (!isOurs()) return false
      const entered = slots.enter(this.queue)
      if (entered !== true && !(await this.#waited(task, entered))) return false
      // Between the word and now the subscription may have ended, and the delivery with it.
      if (isOurs() && this.#taking && runs.begin(task.key)) {
        // At once: a pause that finds nothing in hand ends the subscription.
        this.#inHand++
        return true
      }
      // Where it may not begin as its queue is paused it waits: left alone, it would lie here past the resume, too.
      slots.exit()
    }
  }

  async #waited({ delivery }: Task, entered: Promise<boolean>): Promise<boolean> {
    const { host, slots } = this.#options
    if (slots.waiting(this.queue) === 1) this.#heldUpSince = host.clock.now()
    if (delivery.redelivered) this.#waitingAgain++
    const isIn = await entered
    if (delivery.redelivered) this.#waitingAgain--
    return isIn
  }

  #over(): void {
    this.#inHand--
    this.#heardAt = this.#heldUpSince = this.#options.host.clock.now()
    if (this.#inHand > 0) return
    if (!this.#taking) this.#unsubscribe()
    this.#options.onIdle()
  }
}
