import { type Clock, endedOrAborted } from '../../src/clock.ts'
import { SendError, UnderstudyError } from '../../src/errors.ts'
import { type Destination, formatDestination } from '../../src/transport/destination.ts'
import type { RedactedEndpoint } from '../../src/transport/endpoint.ts'
import type {
  DeliverySink,
  Greeting,
  Link,
  LinkClosed,
  Settlement,
  SubscribeOptions,
  Subscription,
} from '../../src/transport/link.ts'
import type { OutgoingMessage } from '../../src/transport/message.ts'
import type { Peer } from '../../src/transport/peer-failure.ts'
import type { QueueState } from '../../src/transport/queue-state.ts'
import type { Topology } from '../../src/transport/topology.ts'
import { countByBrowsing } from './browse.ts'
import type { Conversation, Follower, Following } from './conversation.ts'
import { applicationError, type StompClient, type StompIncomingFrame } from './driver.ts'
import { classify, classifyRefusal } from './errors.ts'
import { readMessage, requeueHeaders, sendHeaders, stompQueue, stompSource } from './message.ts'
import { purgeByTaking } from './purge.ts'
import { DELAY_HEADER, hasScheduler } from './scheduler.ts'
import { UsedQueues } from './used-queues.ts'

/** What waits for a RECEIPT. stompit forgets it when the connection drops; we do not. */
interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: UnderstudyError) => void
}

interface Subscribed {
  readonly destination: Destination
  /** The destination as STOMP writes it. */
  readonly target: string
  readonly sink: DeliverySink
}

export interface StompLinkOptions {
  readonly client: StompClient
  readonly peer: Peer
  readonly greeting: Greeting
  /** A longer body ends the connection. */
  readonly maxFrameBytes: number
  readonly topology: Topology
  readonly clock: Clock
}

/** One STOMP connection. Of stompit it uses the frames and the heart-beats; who waits for what is kept here. */
export class StompLink implements Link {
  readonly endpoint: RedactedEndpoint
  readonly greeting: Greeting
  readonly closed: Promise<LinkClosed>
  readonly #client: StompClient
  readonly #peer: Peer
  readonly #maxFrameBytes: number
  readonly #waiting = new Map<string, Waiting>()
  readonly #subscribed = new Map<string, Subscribed>()
  readonly #followers = new Map<string, Follower>()
  readonly #used: UsedQueues
  readonly #clock: Clock
  readonly #conversation: Conversation = {
    frame: (command, headers, body) => this.#frame(command, headers, body),
    follow: (headers, follower) => this.#follow(headers, follower),
  }
  /** Whether the broker can delay, once that was asked. */
  #scheduler: Promise<boolean> | undefined
  #settleClosed: (closed: LinkClosed) => void = () => {}
  #over: UnderstudyError | undefined
  /** What the broker refused last, while it has said nothing since: if it hangs up now, that is why. */
  #refusal: string | undefined
  /** Whether the end, when it comes, is our own doing. */
  #leaving = false
  #closing: Promise<void> | undefined
  #receipts = 0
  #subscriptions = 0

  constructor({ client, peer, greeting, maxFrameBytes, topology, clock }: StompLinkOptions) {
    this.#used = new UsedQueues(topology)
    this.#clock = clock
    this.#client = client
    this.#peer = peer
    this.#maxFrameBytes = maxFrameBytes
    this.endpoint = peer.address
    this.greeting = greeting
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
    // stompit's own handlers look receipts and subscriptions up in plain objects, where a peer finds
    // `__proto__`, and they end the whole connection without a word about the frame that was refused.
    client.setCommandHandlers(
      Object.assign(Object.create(null) as object, {
        MESSAGE: (frame: StompIncomingFrame) => this.#received(frame),
        RECEIPT: (frame: StompIncomingFrame) => this.#confirmed(frame),
        ERROR: (frame: StompIncomingFrame) => this.#refused(frame),
      }),
    )
  }

  /** The connection failed or ended. The first word counts. */
  ended(thrown?: unknown): void {
    if (this.#over) return
    const error = this.#leaving
      ? this.#lost('closed', `the link to ${this.endpoint} was closed`)
      : classify(this.#reasonOf(thrown), 'established', this.#peer)
    this.#over = error
    // Whatever ended it, it says nothing about the frames that were waiting: each may be tried elsewhere.
    const unanswered = error.retriable ? error : this.#lost('link-lost', error.message, error)
    for (const waiting of this.#waiting.values()) waiting.reject(unanswered)
    this.#waiting.clear()
    this.#subscribed.clear()
    for (const follower of this.#followers.values()) follower.lost(unanswered)
    this.#followers.clear()
    this.#settleClosed(this.#leaving ? { kind: 'closed' } : { kind: 'lost', error })
  }

  #reasonOf(thrown: unknown): unknown {
    if (this.#refusal === undefined || thrown instanceof UnderstudyError)
      return thrown ?? new Error('the connection ended')
    return applicationError(this.#refusal)
  }

  async send(message: OutgoingMessage, attempt: number): Promise<void> {
    let headers: Record<string, string | number>
    try {
      headers = sendHeaders(message, attempt, message.deliverAtMs === undefined ? 0 : this.#clock.wallTime())
    } catch (error) {
      throw this.#unsent(message, attempt, error as UnderstudyError, false)
    }
    if (this.#over || this.#leaving) throw this.#unsent(message, attempt, this.#gone(), true)
    if (headers[DELAY_HEADER] !== undefined) {
      await this.#mustDelay(message, attempt)
      if (this.#over || this.#leaving) throw this.#unsent(message, attempt, this.#gone(), true)
      headers = sendHeaders(message, attempt, this.#clock.wallTime())
    }
    this.#used.add(message.destination)
    try {
      await this.#frame('SEND', headers, message.body)
    } catch (error) {
      throw this.#unconfirmed(message, attempt, error as UnderstudyError)
    }
  }

  /** Queues appear when they are used; nothing else can be asked for, see `Capabilities.queueSettings`. */
  async declare(queue: string): Promise<void> {
    if (this.#over || this.#leaving) throw this.#gone()
    this.#used.add({ kind: 'queue', name: queue })
  }

  /**
   * By ActiveMQ's browser, see `countByBrowsing`. An empty queue and none are the same to it: one that holds nothing
   * is told of where this link has used it or the application declared it. Exact is only that nothing is there.
   */
  async inspect(queue: string): Promise<QueueState | undefined> {
    const target = stompQueue(queue)
    const ready = await countByBrowsing(this.#conversation, target)
    return ready === 0 && !this.#used.has(queue) ? undefined : { ready, isExact: ready === 0, consumers: undefined }
  }

  async purge(queue: string): Promise<number> {
    return await purgeByTaking(this.#conversation, stompQueue(queue), this.#clock)
  }

  async subscribe(destination: Destination, options: SubscribeOptions, sink: DeliverySink): Promise<Subscription> {
    const target = stompSource(destination)
    if (this.#over || this.#leaving) throw this.#gone()
    this.#subscriptions++
    const id = `${options.name ?? 'understudy'}-${this.#subscriptions}`
    this.#subscribed.set(id, { destination, target, sink })
    this.#used.add(destination)
    try {
      // The receipt holds the first delivery back until the broker has taken the subscription.
      await this.#frame('SUBSCRIBE', {
        id,
        destination: target,
        ack: 'client-individual',
        'activemq.prefetchSize': options.prefetch,
      })
    } catch (error) {
      this.#subscribed.delete(id)
      throw error
    }
    return { cancel: (signal) => this.#unsubscribe(id, signal) }
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

  async #goodbye(): Promise<void> {
    if (this.#over) return
    const answered = this.#frame('DISCONNECT', {})
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
    this.#client.destroy()
    this.ended()
  }

  /** Resolves when the broker has ended it; what is still under way until then is read and dropped. */
  async #unsubscribe(id: string, signal: AbortSignal): Promise<void> {
    if (!this.#subscribed.delete(id) || this.#over || this.#leaving) return
    // Whether or not anybody waits for it: a subscription of a link that lives on keeps messages to itself.
    const ended = this.#frame('UNSUBSCRIBE', { id }).catch(() => {})
    await endedOrAborted(ended, signal)
  }

  /** The whole body is read at once: an unread one stalls every frame behind it, receipts included. */
  #received(frame: StompIncomingFrame): void {
    this.#refusal = undefined
    const { headers } = frame
    const id = String(headers['subscription'])
    const subscribed = this.#subscribed.get(id)
    if (!subscribed) {
      this.#followed(frame, id)
      return
    }
    if (Number(headers['content-length'] ?? 0) > this.#maxFrameBytes) {
      this.#tooLong()
      return
    }
    const chunks: Buffer[] = []
    let length = 0
    frame.on('data', (chunk) => {
      length += chunk.length
      if (length > this.#maxFrameBytes) this.#tooLong()
      else if (!this.#over) chunks.push(chunk)
    })
    frame.on('end', () => {
      if (this.#over || !this.#subscribed.has(id)) return
      const first = chunks[0]
      const body = chunks.length === 1 && first ? first : Buffer.concat(chunks)
      subscribed.sink.deliver({
        message: readMessage(headers, body, subscribed.destination),
        settle: (settlement) => this.#settle(settlement, headers, body, subscribed.target),
      })
    })
  }

  /** Whoever asks something wants the headers at most. */
  #followed(frame: StompIncomingFrame, id: string): void {
    if (!this.#followers.has(id)) {
      frame.resume()
      return
    }
    let bytes = 0
    frame.on('data', (chunk) => (bytes += chunk.length))
    frame.on('end', () => this.#followers.get(id)?.message(frame.headers, bytes))
  }

  #confirmed(frame: StompIncomingFrame): void {
    this.#refusal = undefined
    frame.resume()
    const id = String(frame.headers['receipt-id'])
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.resolve()
  }

  /**
   * ERROR names the frame it is about where that asked for a receipt. ActiveMQ then goes on as before, and a
   * broker that does not will hang up by itself; an ERROR about nothing, or a goodbye, ends the connection.
   */
  #refused(frame: StompIncomingFrame): void {
    frame.resume()
    const message = String(frame.headers['message'] ?? 'the broker sent an ERROR frame')
    const named = frame.headers['receipt-id']
    const id = named === undefined && this.#waiting.size === 1 ? this.#waiting.keys().next().value : String(named)
    const waiting = this.#waiting.get(id ?? '')
    const refusal = classifyRefusal(message, this.#peer)
    if (waiting && id !== undefined) {
      this.#waiting.delete(id)
      waiting.reject(refusal)
      if (named !== undefined && refusal.code !== 'link-lost') {
        this.#refusal = message
        return
      }
    }
    this.#client.destroy(applicationError(message))
  }

  #tooLong(): void {
    const message = `${this.endpoint} sent a message of more than ${this.#maxFrameBytes} bytes`
    this.#client.destroy(new UnderstudyError('protocol', message, { retriable: true, endpoint: this.endpoint }))
  }

  async #settle(
    settlement: Settlement,
    headers: StompIncomingFrame['headers'],
    body: Buffer,
    target: string,
  ): Promise<void> {
    if (settlement === 'requeue') {
      // STOMP has no requeue: NACK goes straight to the dead letters. So a copy goes first, and the
      // original is acknowledged once the copy is safe; a crash between leaves two, never none.
      if (target.startsWith('/topic/')) {
        throw new UnderstudyError(
          'unsupported',
          `a delivery from ${formatDestination({ kind: 'topic', name: target.slice(7) })} cannot be requeued: every subscriber would get it again`,
        )
      }
      await this.#frame('SEND', requeueHeaders(headers, target, body.length), body)
    }
    const id = String(headers['ack'] ?? headers['message-id'] ?? '')
    await this.#frame(settlement === 'reject' ? 'NACK' : 'ACK', { id })
  }

  /** What a broker without a scheduler is given with a delay it delivers at once; it is asked once, before the first. */
  async #mustDelay(message: OutgoingMessage, attempt: number): Promise<void> {
    this.#scheduler ??= hasScheduler(this.#conversation, this.#clock)
    const asked = this.#scheduler
    try {
      if (await asked) return
    } catch (error) {
      if (this.#scheduler === asked) this.#scheduler = undefined
      const why = error as UnderstudyError
      throw this.#unsent(message, attempt, why, why.retriable)
    }
    const text = `${this.endpoint} cannot delay it: its scheduler is off, which schedulerSupport="true" turns on`
    const why = new UnderstudyError('unsupported', text, { endpoint: this.endpoint })
    throw this.#unsent(message, attempt, why, false)
  }

  async #follow(headers: Readonly<Record<string, string | number>>, follower: Follower): Promise<Following> {
    if (this.#over || this.#leaving) throw this.#gone()
    this.#subscriptions++
    const id = `understudy-${this.#subscriptions}`
    this.#followers.set(id, follower)
    try {
      await this.#frame('SUBSCRIBE', { ...headers, id })
    } catch (error) {
      this.#followers.delete(id)
      throw error
    }
    return {
      end: async () => {
        await this.#frame('UNSUBSCRIBE', { id }).catch(() => {})
        this.#followers.delete(id)
      },
    }
  }

  /** Writes one frame and waits for its RECEIPT. */
  #frame(command: string, headers: Record<string, string | number>, body?: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#over || this.#leaving) {
        reject(this.#gone())
        return
      }
      this.#receipts++
      const receipt = String(this.#receipts)
      this.#waiting.set(receipt, { resolve, reject })
      headers['receipt'] = receipt
      this.#client.sendFrame(command, headers).end(body)
    })
  }

  #gone(): UnderstudyError {
    return this.#over ?? this.#lost('closed', `the link to ${this.endpoint} is being closed`)
  }

  #lost(code: 'closed' | 'link-lost', message: string, cause?: UnderstudyError): UnderstudyError {
    return new UnderstudyError(code, message, { retriable: true, endpoint: this.endpoint, cause })
  }

  #unsent(message: OutgoingMessage, attempt: number, why: UnderstudyError, retriable: boolean): SendError {
    return new SendError(why.code, `message ${message.id} was not sent: ${why.message}`, {
      outcome: 'not-sent',
      messageId: message.id,
      attempts: attempt,
      retriable,
      endpoint: this.endpoint,
      cause: why,
    })
  }

  #unconfirmed(message: OutgoingMessage, attempt: number, why: UnderstudyError): SendError {
    const refused = why.code === 'rejected' || why.code === 'authentication'
    const what = refused ? 'was refused' : 'was written and not confirmed'
    return new SendError(refused ? why.code : 'unconfirmed', `${why.message}; message ${message.id} ${what}`, {
      outcome: refused ? 'rejected' : 'unknown',
      messageId: message.id,
      attempts: attempt,
      retriable: why.retriable,
      endpoint: this.endpoint,
      cause: why,
    })
  }
}
