import { type Clock, endedOrAborted, type Timer } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type Destination, formatDestination } from '../../src/transport/destination.ts'
import { type Endpoint, type RedactedEndpoint, redact } from '../../src/transport/endpoint.ts'
import type {
  DeliverySink,
  Link,
  LinkClosed,
  Settlement,
  SubscribeOptions,
  Subscription,
} from '../../src/transport/link.ts'
import type { OutgoingMessage } from '../../src/transport/message.ts'
import type { QueueState } from '../../src/transport/queue-state.ts'
import { type QueueSettings, queuesBoundTo } from '../../src/transport/topology.ts'
import type { DialContext } from '../../src/transport/transport.ts'
import type { BrokerLink, MemoryBroker } from './broker.ts'
import { passing, unconfirmed, unsent } from './errors.ts'
import { readMessage, type StoredMessage } from './message.ts'
import { type EngineConsumer, isPattern } from './queue-engine/queue-engine.ts'

const LONGEST_INTERVAL_MS = 2 ** 31 - 1

/** What this side wrote and the broker has not answered. */
interface Call {
  readonly isSend: boolean
  /** The broker's part; what it throws is its answer. */
  readonly run: () => void
  readonly resolve: () => void
  readonly reject: (error: UnderstudyError) => void
}

interface Consuming {
  readonly consumer: EngineConsumer<StoredMessage>
  readonly sink: DeliverySink
}

export interface MemoryLinkOptions {
  readonly broker: MemoryBroker
  readonly endpoint: Endpoint
  readonly context: DialContext | undefined
  readonly clock: Clock
}

/**
 * A connection to a broker of this process. The broker does what a call says at once; its answers and its
 * deliveries come in a later turn of the event loop, in order, as they would over a socket.
 */
export class MemoryLink implements Link, BrokerLink {
  readonly endpoint: RedactedEndpoint
  readonly port: number
  readonly closed: Promise<LinkClosed>
  readonly #broker: MemoryBroker
  readonly #context: DialContext | undefined
  readonly #clock: Clock
  readonly #heartbeatMs: number
  readonly #consuming = new Set<Consuming>()
  /** Destinations whose queues are as they were declared. */
  readonly #used = new Set<string>()
  readonly #calls = new Set<Call>()
  /** Written while the broker did not read. */
  #unread: Call[] = []
  /** Done, with a confirm that the broker keeps to itself. */
  #held: Call[] = []
  /** What the broker says next. */
  #outbox: (() => void)[] = []
  #flushing = false
  /** Nothing passes between the broker and this side. */
  #muted = false
  /** What the broker says does not pass. */
  #answersHeld = false
  #toldBlocked = false
  #silence: Timer | undefined
  /** An open socket keeps its process alive, so this link does too. */
  readonly #handle = setInterval(() => {}, LONGEST_INTERVAL_MS)
  #settleClosed: (closed: LinkClosed) => void = () => {}
  #over: UnderstudyError | undefined
  #leaving = false
  #closing: Promise<void> | undefined

  constructor({ broker, endpoint, context, clock }: MemoryLinkOptions) {
    this.#broker = broker
    this.#context = context
    this.#clock = clock
    this.#heartbeatMs = endpoint.heartbeatMs
    this.endpoint = redact(endpoint)
    this.port = endpoint.port
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
    broker.join(this)
    this.#seeDoor()
  }

  send(message: OutgoingMessage, attempt: number): Promise<void> {
    const why = this.#over || this.#leaving ? this.#gone() : whyUnsendable(message)
    if (why) return Promise.reject(unsent(message, attempt, why, this.endpoint))
    return new Promise((resolve, reject) => {
      this.#write({
        isSend: true,
        run: () => {
          this.#declareFirst(message.destination)
          this.#broker.publish(message, attempt)
        },
        resolve,
        reject: (error) => reject(unconfirmed(message, attempt, error, this.endpoint)),
      })
    })
  }

  declare(queue: string, settings: QueueSettings): Promise<void> {
    return this.#call(() => this.#broker.declare(queue, settings))
  }

  async inspect(queue: string): Promise<QueueState | undefined> {
    let state: QueueState | undefined
    await this.#call(() => {
      state = this.#broker.inspect(queue)
    })
    return state
  }

  async purge(queue: string): Promise<number> {
    let count = 0
    await this.#call(() => {
      count = this.#broker.purge(queue)
    })
    return count
  }

  async subscribe(destination: Destination, options: SubscribeOptions, sink: DeliverySink): Promise<Subscription> {
    const consuming = await new Promise<Consuming>((resolve, reject) => {
      let made: Consuming
      const run = (): void => {
        this.#declareFirst(destination)
        made = this.#consume(destination, options, sink)
      }
      this.#call(run).then(() => resolve(made), reject)
    })
    consuming.consumer.resume()
    return { cancel: (signal) => this.#cancel(consuming, signal) }
  }

  close(signal: AbortSignal): Promise<void> {
    if (signal.aborted) this.#cut()
    else {
      const cut = (): void => this.#cut()
      signal.addEventListener('abort', cut, { once: true })
      void this.closed.then(() => signal.removeEventListener('abort', cut))
    }
    this.#closing ??= this.#goodbye()
    return this.#closing
  }

  lose(why: string): void {
    this.#end(passing('link-lost', `${this.endpoint} failed: ${why}`, this.endpoint))
  }

  faultsChanged(): void {
    const { blocked, holding } = this.#broker.faults
    this.#seeDoor()
    // A connection that only listens sends nothing that could be held up.
    if (blocked !== undefined && this.#consuming.size === 0) this.#tellBlocked(blocked)
    if (blocked === undefined) this.#tellBlocked(undefined)
    if (!holding) for (const call of this.#held.splice(0)) this.#answer(call)
    const unread = this.#unread
    this.#unread = []
    for (const call of unread) this.#read(call)
    this.#flushLater()
  }

  cancelConsumers(): void {
    for (const { consumer, sink } of this.#consuming) {
      consumer.close()
      this.#say(() => sink.cancelled(passing('link-lost', `${this.endpoint} ended the subscription`, this.endpoint)))
    }
    this.#consuming.clear()
  }

  async #goodbye(): Promise<void> {
    if (this.#over) return
    const answered = this.#call(() => {})
    this.#leaving = true
    try {
      await answered
    } catch {
      // It ended before it was answered, which is an end all the same.
    }
    this.#cut()
  }

  #cut(): void {
    this.#leaving = true
    this.#end(passing('closed', `the link to ${this.endpoint} was closed`, this.endpoint))
  }

  /** The first word counts. */
  #end(error: UnderstudyError): void {
    if (this.#over) return
    this.#over = error
    this.#silence?.cancel()
    clearInterval(this.#handle)
    this.#outbox = []
    this.#unread = []
    this.#held = []
    for (const { consumer } of this.#consuming) consumer.close()
    this.#consuming.clear()
    this.#broker.leave(this)
    for (const call of this.#calls) call.reject(error)
    this.#calls.clear()
    this.#settleClosed(this.#leaving ? { kind: 'closed' } : { kind: 'lost', error })
  }

  #consume(destination: Destination, { prefetch }: SubscribeOptions, sink: DeliverySink): Consuming {
    const consumer: EngineConsumer<StoredMessage> = this.#broker.consume(destination, prefetch, (queued) => {
      const { sequence, payload, redelivered } = queued
      this.#say(() => {
        if (!this.#consuming.has(consuming)) return
        sink.deliver({
          message: readMessage(payload, destination, redelivered),
          settle: (settlement) => this.#settle(consumer, sequence, settlement),
        })
      })
    })
    const consuming: Consuming = { consumer, sink }
    this.#consuming.add(consuming)
    return consuming
  }

  #settle(consumer: EngineConsumer<StoredMessage>, sequence: number, settlement: Settlement): Promise<void> {
    return this.#call(() => {
      if (consumer.settle(sequence, settlement)) return
      throw passing('rejected', `${this.endpoint} has taken the delivery back`, this.endpoint)
    })
  }

  /** Resolves when the broker has ended it; what is under way until then is dropped. */
  async #cancel(consuming: Consuming, signal: AbortSignal): Promise<void> {
    const end = (): void => {
      this.#consuming.delete(consuming)
      consuming.consumer.close()
    }
    if (signal.aborted) end()
    if (!this.#consuming.has(consuming) || this.#leaving) return
    const ended = this.#call(end).catch(() => {})
    await endedOrAborted(ended, signal)
  }

  /**
   * What the application declared is there before a destination is used for the first time on this link: the
   * queue, or the queues that are bound to the exchange or to topics.
   */
  #declareFirst(destination: Destination): void {
    const key = destination.kind === 'topic' ? 'topic' : `${destination.kind} ${destination.name}`
    if (!this.#context || this.#used.has(key)) return
    const { topology } = this.#context
    if (destination.kind !== 'queue') {
      for (const [queue, settings] of queuesBoundTo(topology, destination)) this.#broker.declare(queue, settings)
    } else {
      const settings = topology.settingsOf(destination.name)
      if (settings === undefined) return
      const { deadLetterTo: letters } = settings
      if (letters && letters.kind !== 'queue') this.#declareFirst(letters)
      this.#broker.declare(destination.name, settings)
    }
    this.#used.add(key)
  }

  #call(run: () => void): Promise<void> {
    if (this.#over || this.#leaving) return Promise.reject(this.#gone())
    return new Promise((resolve, reject) => this.#write({ isSend: false, run, resolve, reject }))
  }

  #write(call: Call): void {
    this.#calls.add(call)
    this.#read(call)
  }

  #read(call: Call): void {
    const { blocked, holding } = this.#broker.faults
    const isHeldUp = call.isSend && blocked !== undefined
    if (isHeldUp) this.#tellBlocked(blocked)
    if (this.#muted || isHeldUp) {
      this.#unread.push(call)
      return
    }
    try {
      call.run()
    } catch (error) {
      this.#say(() => {
        this.#calls.delete(call)
        call.reject(error as UnderstudyError)
      })
      return
    }
    if (call.isSend && holding) this.#held.push(call)
    else this.#answer(call)
  }

  #answer(call: Call): void {
    this.#say(() => {
      this.#calls.delete(call)
      call.resolve()
    })
  }

  #say(word: () => void): void {
    if (this.#over) return
    this.#outbox.push(word)
    this.#flushLater()
  }

  #flushLater(): void {
    if (this.#flushing || this.#outbox.length === 0 || this.#muted || this.#answersHeld) return
    this.#flushing = true
    setImmediate(() => {
      this.#flushing = false
      if (this.#muted || this.#answersHeld) return
      const words = this.#outbox
      this.#outbox = []
      // Whoever hears one of them may end the link, and then hears no more.
      for (const word of words) if (!this.#over) word()
    })
  }

  #tellBlocked(reason: string | undefined): void {
    if (this.#toldBlocked === (reason !== undefined)) return
    this.#toldBlocked = reason !== undefined
    this.#say(() => this.#context?.onBlocked(reason))
  }

  /** Half as late again as promised is the end, as with other brokers. */
  #seeDoor(): void {
    const { muted, holding } = this.#broker.doorFaults(this.port)
    this.#muted = muted || this.#broker.faults.muted
    this.#answersHeld = holding
    // A heart-beat is an answer too.
    if (!this.#muted && !holding) {
      this.#silence?.cancel()
      this.#silence = undefined
    } else if (this.#silence === undefined && this.#heartbeatMs > 0) {
      this.#silence = this.#clock.after(this.#heartbeatMs * 1.5, () =>
        this.#end(passing('heartbeat-lost', `${this.endpoint} went silent past its heart-beat`, this.endpoint)),
      )
    }
  }

  #gone(): UnderstudyError {
    return this.#over ?? passing('closed', `the link to ${this.endpoint} is being closed`, this.endpoint)
  }
}

/** Why a message cannot be sent at all, or undefined. */
function whyUnsendable({ destination, deliverAtMs }: OutgoingMessage): UnderstudyError | undefined {
  if (deliverAtMs !== undefined && destination.kind !== 'queue') {
    const message = `only queues get messages with a delay, not ${formatDestination(destination)}`
    return new UnderstudyError('unsupported', message)
  }
  const name = destination.kind === 'exchange' ? destination.routingKey : destination.name
  if (destination.kind === 'queue' || !isPattern(name)) return undefined
  const message = `${formatDestination(destination)} is a pattern, which can be listened to and not sent to`
  return new UnderstudyError('invalid-option', message)
}
