import type {
  EngineAddress,
  EngineConsumer,
  QueueEngine,
  QueuedMessage,
} from '../../../adapters/memory/queue-engine/queue-engine.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { destinationHeader, parseDestinationHeader, type TempQueues } from './destination-header.ts'
import type { Frame, FrameHeaders, StompVersion } from './frames.ts'
import { messageFrame } from './message-frame.ts'
import type { StoredFrame } from '../stored-frame.ts'

type AckMode = 'auto' | 'client' | 'client-individual'

/** What a SUBSCRIBE frame asks for. */
export interface SubscriptionRequest {
  readonly id: string
  readonly from: EngineAddress
  readonly ack: AckMode
  readonly prefetch: number
  /** Whether it only looks at what waits. */
  readonly browser: boolean
}

const DEFAULT_PREFETCH = 100
const MAX_PREFETCH = 100_000

/** @throws UnderstudyError `protocol` or `unsupported` naming the header that cannot be served. */
export function parseSubscribe(headers: FrameHeaders, temp: TempQueues): SubscriptionRequest {
  const { id, ack = 'auto' } = headers
  if (id === undefined) throw new UnderstudyError('protocol', 'SUBSCRIBE has no id header')
  if (ack !== 'auto' && ack !== 'client' && ack !== 'client-individual') {
    throw new UnderstudyError('protocol', `ack mode ${JSON.stringify(ack)} is none of auto, client, client-individual`)
  }
  // Ignoring one of these would give another subscription than was asked for.
  for (const name in headers) {
    if (name === 'selector' || (name.startsWith('activemq.') && name !== 'activemq.prefetchSize')) {
      throw new UnderstudyError('unsupported', `this broker does not know the SUBSCRIBE header ${name}`)
    }
  }
  const prefetch = Number(headers['activemq.prefetchSize'] ?? DEFAULT_PREFETCH)
  if (!Number.isInteger(prefetch) || prefetch < 1 || prefetch > MAX_PREFETCH) {
    throw new UnderstudyError('protocol', `activemq.prefetchSize is not a whole number from 1 to ${MAX_PREFETCH}`)
  }
  const from = parseDestinationHeader('SUBSCRIBE', headers, temp)
  const browser = headers['browser'] === 'true'
  if (browser && from.kind === 'topic') throw new UnderstudyError('unsupported', 'a topic holds nothing to browse')
  return { id, from, ack, prefetch, browser }
}

/** The number of the subscription that made this `ack` header; NaN for one that nobody made. */
export function subscriptionNumber(ackId: string): number {
  return Number(/^(\d+)-\d+$/.exec(ackId)?.[1] ?? Number.NaN)
}

/** One subscription of one connection: makes MESSAGE frames of deliveries, and settlements of ACK and NACK. */
export class Subscription {
  readonly id: string
  /** Unlike the id it is never used again on the connection, so that a late ACK cannot hit another's message. */
  readonly number: number
  readonly #ack: AckMode
  readonly #version: StompVersion
  readonly #destination: string
  readonly #consumer: EngineConsumer<StoredFrame>
  readonly #send: (frame: Frame) => void
  // 1.1 acknowledges by message id.
  readonly #sequences = new Map<string, number>()

  constructor(
    request: SubscriptionRequest,
    number: number,
    version: StompVersion,
    engine: QueueEngine<StoredFrame>,
    send: (frame: Frame) => void,
  ) {
    this.id = request.id
    this.number = number
    this.#ack = request.ack
    this.#version = version
    this.#destination = destinationHeader(request.from)
    this.#send = send
    this.#consumer = engine.consume(request.from, {
      prefetch: request.prefetch,
      deliver: (message) => this.#deliver(message),
    })
  }

  pause(): void {
    this.#consumer.pause()
  }

  /** Starts the deliveries, or goes on with them. */
  resume(): void {
    this.#consumer.resume()
  }

  /** Whether this subscription holds the message that an ACK or NACK of the client names. */
  holds(key: string): boolean {
    const sequence = this.#sequenceOf(key)
    return sequence !== undefined && this.#consumer.holds(sequence)
  }

  /** Settles the message, and in the mode `client` all that were delivered before it. */
  settle(key: string, settlement: 'ack' | 'reject'): void {
    const last = this.#sequenceOf(key)
    if (last === undefined || !this.#consumer.holds(last)) return
    const settled: number[] = []
    if (this.#ack === 'client') {
      for (const sequence of this.#consumer.held()) {
        settled.push(sequence)
        if (sequence === last) break
      }
    } else {
      settled.push(last)
    }
    for (const sequence of settled) this.#consumer.settle(sequence, settlement)
    if (this.#ack !== 'client') {
      this.#sequences.delete(key)
      return
    }
    for (const [messageId, sequence] of this.#sequences) {
      if (!this.#consumer.holds(sequence)) this.#sequences.delete(messageId)
    }
  }

  /** Ends it; what is unsettled goes back to the queue. */
  close(): void {
    this.#consumer.close()
  }

  #deliver(message: QueuedMessage<StoredFrame>): void {
    let ack: string | undefined
    if (this.#ack !== 'auto') {
      if (this.#version === '1.2') ack = `${this.number}-${message.sequence}`
      else this.#sequences.set(message.payload.headers['message-id'] ?? '', message.sequence)
    }
    this.#send(messageFrame(message, { subscription: this.id, destination: this.#destination, ack }))
    // To the protocol a message of this mode is acknowledged once it is sent.
    if (this.#ack === 'auto') this.#consumer.settle(message.sequence, 'ack')
  }

  #sequenceOf(key: string): number | undefined {
    if (this.#version === '1.1') return this.#sequences.get(key)
    return subscriptionNumber(key) === this.number ? Number(key.slice(key.indexOf('-') + 1)) : undefined
  }
}
