import { endedOrAborted } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { Destination } from '../../src/transport/destination.ts'
import type {
  DeliverySink,
  LinkDelivery,
  Settlement,
  SubscribeOptions,
  Subscription,
} from '../../src/transport/link.ts'
import type { IncomingMessage } from '../../src/transport/message.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { ask, type OpenedChannel } from './channels.ts'
import type { AmqpMessage } from './driver.ts'
import { readMessage } from './message.ts'
import { bindingOf } from './topology.ts'

// What fits into AMQP's field.
const MOST_PREFETCH = 65_535

const WRITTEN = Promise.resolve()

export interface ConsumerOptions {
  /** The endpoint without credentials. */
  readonly address: string
  readonly destination: Destination
  readonly options: SubscribeOptions
  readonly sink: DeliverySink
  readonly classify: (thrown: unknown) => UnderstudyError
}

/** One subscription on a channel of its own: an error of one channel spares the others. */
export class Consumer implements Subscription {
  readonly #about: ConsumerOptions
  readonly #opened: OpenedChannel
  readonly #acknowledgements: Acknowledgements
  #over = false
  #started = false
  #cancelling: Promise<void> | undefined
  #settleEnded: () => void = () => {}
  /** Resolves when it is over, by whoever's doing. */
  readonly ended: Promise<void>

  constructor(opened: OpenedChannel, about: ConsumerOptions) {
    this.#opened = opened
    this.#about = about
    this.#acknowledgements = new Acknowledgements(opened.channel, () => this.#gone())
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve
    })
    opened.channel.on('close', () => this.#end())
  }

  /** Resolves when the broker has accepted it. */
  async start(): Promise<void> {
    const { channel } = this.#opened
    const { destination, options } = this.#about
    const queue = destination.kind === 'queue' ? destination.name : await this.#ownQueue(destination)
    // Per consumer: quorum queues refuse a limit for the whole channel.
    const named = options.name === undefined ? {} : { consumerTag: options.name }
    await ask((done) => channel.prefetch(Math.min(options.prefetch, MOST_PREFETCH), false, done))
    await ask((done) => channel.consume(queue, (message) => this.#delivered(message), named, done))
    // It may have been ended in the packet that accepted it.
    if (this.#opened.end.error) throw this.#opened.end.error
    this.#started = true
  }

  /** The broker closed the channel over something that was said on it. */
  failed(error: Error): void {
    if (this.#over || this.#cancelling) return
    this.#end()
    // Before that, `start` tells.
    if (this.#started) this.#about.sink.cancelled(this.#about.classify(error))
  }

  cancel(signal: AbortSignal): Promise<void> {
    this.#cancelling ??= this.#close()
    return endedOrAborted(this.#cancelling, signal)
  }

  settle(tag: number, settlement: Settlement): Promise<void> {
    if (this.#over || this.#opened.end.over || this.#cancelling) return Promise.reject(this.#gone())
    if (settlement === 'ack') return this.#acknowledgements.ack(tag)
    try {
      // Not basic.nack: since 4.3 a quorum queue's delivery limit counts rejections alone, and a delivery
      // that is put back for ever shall end as a dead letter there as it does on older brokers.
      this.#acknowledgements.reject(tag, settlement === 'requeue')
      return WRITTEN
    } catch {
      return Promise.reject(this.#gone())
    }
  }

  /** A queue of this subscription alone, which goes with it. */
  async #ownQueue(destination: Exclude<Destination, { readonly kind: 'queue' }>): Promise<string> {
    const { channel } = this.#opened
    const made = await ask<{ readonly queue: string }>((done) =>
      channel.assertQueue('', { durable: false, exclusive: true, autoDelete: true }, done),
    )
    const queue = made?.queue ?? ''
    const { exchange, pattern } = bindingOf(destination)
    await ask((done) => channel.bindQueue(queue, exchange, pattern, {}, done))
    return queue
  }

  #delivered(message: AmqpMessage | null): void {
    if (this.#over || this.#cancelling) return
    if (message === null) {
      this.#cancelledByBroker()
      return
    }
    const tag = message.fields.deliveryTag
    this.#acknowledgements.delivered(tag)
    this.#about.sink.deliver(new AmqpDelivery(readMessage(message), tag, this))
  }

  #cancelledByBroker(): void {
    const { address, sink } = this.#about
    this.#cancelling = this.#close()
    const message = `${address} ended the subscription: its queue was removed, moved or has lost its node`
    sink.cancelled(new UnderstudyError('link-lost', message, { retriable: true, endpoint: address }))
  }

  /** What is unsettled goes back to its queue with the channel. */
  #close(): Promise<void> {
    this.#acknowledgements.flush()
    if (!this.#over) {
      try {
        this.#opened.channel.close(() => {})
      } catch {
        // It is dead already.
        this.#end()
      }
    }
    return this.ended
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#acknowledgements.drop()
    this.#settleEnded()
  }

  #gone(): UnderstudyError {
    const { address } = this.#about
    const message = `the subscription on ${address} that delivered it is over`
    return new UnderstudyError('link-lost', message, { retriable: true, endpoint: address })
  }
}

class AmqpDelivery implements LinkDelivery {
  readonly message: IncomingMessage
  readonly #tag: number
  readonly #consumer: Consumer

  constructor(message: IncomingMessage, tag: number, consumer: Consumer) {
    this.message = message
    this.#tag = tag
    this.#consumer = consumer
  }

  settle(settlement: Settlement): Promise<void> {
    return this.#consumer.settle(this.#tag, settlement)
  }
}
