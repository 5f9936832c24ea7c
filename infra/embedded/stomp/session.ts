import type { QueueEngine } from '../../../adapters/memory/queue-engine/queue-engine.ts'
import type { Clock } from '../../../src/clock.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { destinationHeader, parseDestinationHeader } from './destination-header.ts'
import { EMPTY_BODY, type Frame, type StompVersion } from './frames.ts'
import { QueueBrowser } from '../queue-browser.ts'
import { keptHeaders, type StoredFrame } from '../stored-frame.ts'
import { parseSubscribe, Subscription, subscriptionNumber } from './subscription.ts'
import { SessionQueues } from './session-queues.ts'
import { Transactions } from './transactions.ts'

/** What every session of a broker shares. */
export interface SessionContext {
  readonly engine: QueueEngine<StoredFrame>
  readonly clock: Clock
  /** A message id that no other message of this store has or will have. */
  readonly nextMessageId: () => string
}

/** What a session does to its connection. */
export interface SessionPeer {
  send(frame: Frame): void
  /** The client said goodbye: close once everything has been sent. */
  finish(): void
}

const MAX_SUBSCRIPTIONS = 1_000
const DELAY = 'AMQ_SCHEDULED_DELAY'

const COMMANDS: ReadonlySet<string> = new Set([
  'SEND',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'ACK',
  'NACK',
  'BEGIN',
  'COMMIT',
  'ABORT',
])

/** The STOMP commands of one client after its CONNECT, in terms of queues and topics. */
export class Session {
  readonly #context: SessionContext
  readonly #peer: SessionPeer
  readonly #version: StompVersion
  readonly #subscriptions = new Map<string, Subscription | QueueBrowser>()
  readonly #numbered = new Map<number, Subscription | QueueBrowser>()
  readonly #own: SessionQueues
  readonly #transactions = new Transactions()
  #lastNumber = 0
  #paused = false

  constructor(context: SessionContext, peer: SessionPeer, version: StompVersion) {
    this.#context = context
    this.#peer = peer
    this.#version = version
    this.#own = new SessionQueues(context.engine, context.nextMessageId())
  }

  /** Whether this is a command of a session, so that a mistake in its frame is no more than that. */
  static serves(command: string): boolean {
    return COMMANDS.has(command)
  }

  /**
   * Does what the frame says, and answers its `receipt` header.
   *
   * @throws UnderstudyError when it cannot: the client is owed an ERROR frame, and unless the session
   * serves that command the end of the connection.
   */
  handle(frame: Frame): void {
    if (frame.body.length > 0 && frame.command !== 'SEND') {
      throw new UnderstudyError('protocol', `a ${frame.command} frame has no body`)
    }
    switch (frame.command) {
      case 'SEND':
      case 'ACK':
      case 'NACK':
        this.#transactional(frame)
        break
      case 'SUBSCRIBE':
        this.#subscribe(frame)
        return
      case 'UNSUBSCRIBE':
        this.#unsubscribe(frame)
        break
      case 'BEGIN':
        this.#transactions.begin(transactionOf(frame))
        break
      case 'COMMIT':
        this.#commit(this.#transactions.end(transactionOf(frame)))
        break
      case 'ABORT':
        this.#transactions.end(transactionOf(frame))
        break
      case 'DISCONNECT':
        this.close()
        this.#answer(frame)
        this.#peer.finish()
        return
      case 'CONNECT':
      case 'STOMP':
        throw new UnderstudyError('protocol', 'the client is connected already')
      default:
        throw new UnderstudyError('protocol', `${JSON.stringify(frame.command)} is not a command of STOMP clients`)
    }
    this.#answer(frame)
  }

  /** Holds deliveries back while the client does not read what it has been sent. */
  setPaused(paused: boolean): void {
    if (paused === this.#paused) return
    this.#paused = paused
    for (const subscription of this.#subscriptions.values()) {
      if (paused) subscription.pause()
      else subscription.resume()
    }
  }

  /** Gives everything unsettled back to the queues. May be called twice. */
  close(): void {
    const subscriptions = [...this.#subscriptions.values()]
    this.#subscriptions.clear()
    this.#numbered.clear()
    for (const subscription of subscriptions) subscription.close()
    this.#own.drop()
  }

  #answer(frame: Frame): void {
    const { receipt } = frame.headers
    if (receipt === undefined) return
    this.#peer.send({ command: 'RECEIPT', headers: { 'receipt-id': receipt }, body: EMPTY_BODY })
  }

  #transactional(frame: Frame): void {
    this.#check(frame)
    const { transaction } = frame.headers
    if (transaction === undefined) this.#apply(frame)
    else this.#transactions.add(transaction, frame)
  }

  /** All or nothing: what could fail is asked before anything is done. */
  #commit(frames: readonly Frame[]): void {
    const room = this.#context.engine.room
    let messages = 0
    let bytes = 0
    for (const frame of frames) {
      this.#check(frame)
      if (frame.command !== 'SEND') continue
      const to = parseDestinationHeader('SEND', frame.headers, this.#own)
      const copies = to.kind === 'queue' ? 1 : this.#context.engine.subscribers(to)
      messages += copies
      bytes += copies * frame.body.length
    }
    if (messages > room.messages || bytes > room.bytes) {
      throw new UnderstudyError('rejected', 'the broker is too full for this transaction')
    }
    for (const frame of frames) this.#apply(frame)
  }

  #check(frame: Frame): void {
    if (frame.command !== 'SEND') {
      this.#checkHeld(frame)
      return
    }
    const to = parseDestinationHeader('SEND', frame.headers, this.#own)
    expiryOf(frame)
    for (const name in frame.headers) {
      if (name.startsWith('AMQ_SCHEDULED_') && name !== DELAY) {
        throw new UnderstudyError('unsupported', `this broker does not repeat or plan messages: ${name} is not served`)
      }
    }
    if (delayOf(frame) !== undefined && to.kind !== 'queue')
      throw new UnderstudyError('unsupported', 'only queues get messages with a delay')
  }

  #apply(frame: Frame): void {
    if (frame.command === 'SEND') {
      const to = parseDestinationHeader('SEND', frame.headers, this.#own)
      const messageId = this.#context.nextMessageId()
      const delayMs = delayOf(frame)
      const expiresAtMs = expiryOf(frame)
      const headers = keptHeaders(frame.headers, messageId, delayMs !== undefined)
      this.#context.engine.send(to, {
        payload: { headers, body: frame.body, ...(to.kind === 'topic' ? { topic: destinationHeader(to) } : {}) },
        sizeBytes: frame.body.length,
        persistent: frame.headers['persistent'] === 'true' && !this.#own.has(to),
        // As ActiveMQ does: what is left to it until it expires begins when its delay is over.
        expiresAtMs: expiresAtMs === undefined ? undefined : expiresAtMs + (delayMs ?? 0),
        ...(delayMs === undefined ? {} : { deliverAtMs: this.#context.clock.wallTime() + delayMs }),
      })
      return
    }
    // An earlier frame of the same transaction may have settled it too, as an ACK of all that came before does.
    const { subscription, key } = this.#named(frame)
    subscription?.settle(key, frame.command === 'ACK' ? 'ack' : 'reject')
  }

  /** The message that an ACK or NACK names, and the subscription that it would be of. */
  #named(frame: Frame): { subscription: Subscription | QueueBrowser | undefined; key: string } {
    const name = this.#version === '1.2' ? 'id' : 'message-id'
    const key = frame.headers[name]
    if (key === undefined) throw new UnderstudyError('protocol', `${frame.command} has no ${name} header`)
    const subscription =
      this.#version === '1.2'
        ? this.#numbered.get(subscriptionNumber(key))
        : this.#subscriptions.get(frame.headers['subscription'] ?? '')
    return { subscription, key }
  }

  /** What an ACK or NACK names, a subscription of this session must hold. */
  #checkHeld(frame: Frame): void {
    const { subscription, key } = this.#named(frame)
    if (subscription?.holds(key) === true) return
    throw new UnderstudyError('protocol', `${frame.command} names ${JSON.stringify(key)}, which is not unsettled here`)
  }

  #subscribe(frame: Frame): void {
    const request = parseSubscribe(frame.headers, this.#own)
    if (this.#subscriptions.has(request.id)) {
      throw new UnderstudyError('protocol', `subscription ${JSON.stringify(request.id)} exists already`)
    }
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw new UnderstudyError('protocol', `a connection has at most ${MAX_SUBSCRIPTIONS} subscriptions`)
    }
    this.#lastNumber += 1
    const Kind = request.browser ? QueueBrowser : Subscription
    const subscription = new Kind(request, this.#lastNumber, this.#version, this.#context.engine, (message) =>
      this.#peer.send(message),
    )
    this.#subscriptions.set(request.id, subscription)
    this.#numbered.set(this.#lastNumber, subscription)
    // The receipt goes ahead of the first message.
    this.#answer(frame)
    if (!this.#paused) subscription.resume()
  }

  #unsubscribe(frame: Frame): void {
    const id = frame.headers['id'] ?? ''
    const subscription = this.#subscriptions.get(id)
    if (subscription === undefined) {
      throw new UnderstudyError('protocol', `UNSUBSCRIBE names ${JSON.stringify(id)}, which is no subscription`)
    }
    this.#subscriptions.delete(id)
    this.#numbered.delete(subscription.number)
    subscription.close()
  }
}

function transactionOf(frame: Frame): string {
  const { transaction } = frame.headers
  if (transaction === undefined) {
    throw new UnderstudyError('protocol', `${frame.command} has no transaction header`)
  }
  return transaction
}

/** Undefined for a message without a delay; 0 is one. */
function delayOf(frame: Frame): number | undefined {
  const delay = frame.headers[DELAY]
  if (delay === undefined) return undefined
  // ActiveMQ hangs up at what it cannot read.
  if (!/^\d{1,15}$/.test(delay)) throw new UnderstudyError('protocol', `${DELAY} is not a number of milliseconds`)
  return Number(delay)
}

/** As ActiveMQ reads it: an absolute time in milliseconds, 0 for never. */
function expiryOf(frame: Frame): number | undefined {
  const { expires } = frame.headers
  if (expires === undefined || expires === '0') return undefined
  if (!/^\d{1,15}$/.test(expires)) {
    throw new UnderstudyError('protocol', 'expires is not a number of milliseconds since 1970')
  }
  return Number(expires)
}
