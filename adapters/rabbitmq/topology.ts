import { UnderstudyError } from '../../src/errors.ts'
import type { Destination } from '../../src/transport/destination.ts'
import type { QueueState } from '../../src/transport/queue-state.ts'
import { isReplyQueue, REPLY_QUEUE } from '../../src/transport/reply-queues.ts'
import { type QueueSettings, queuesBoundTo, type Topology } from '../../src/transport/topology.ts'
import { ask, type QuestionChannels } from './channels.ts'
import { DelayLevels } from './delay-levels.ts'
import { isAway, replyCodeOf } from './errors.ts'
import { TOPIC_EXCHANGE } from './message.ts'
import { deadLettersOf, queueArguments, type QueueType } from './queue-arguments.ts'

export interface BrokerTopologyOptions {
  readonly channels: QuestionChannels
  /** What the application declared. */
  readonly declared: Topology
  readonly queueType: QueueType
  /** Every error of the broker and the driver in our words. */
  readonly classify: (thrown: unknown) => UnderstudyError
}

const NOT_FOUND = 404
const LOCKED = 405
const DIFFERS = 406

// Such names belong to the broker, which lets nobody declare them: reply queues of others, say.
const BROKERS_OWN = /^amq\./

interface Missing {
  readonly has: () => Promise<boolean>
  readonly make: () => Promise<unknown>
}

/** Makes queues and exchanges on one link, before their first use, each once. */
export class BrokerTopology {
  readonly #channels: QuestionChannels
  readonly #declared: Topology
  readonly #queueType: QueueType
  readonly #classify: (thrown: unknown) => UnderstudyError
  readonly #delays: DelayLevels

  constructor({ channels, declared, queueType, classify }: BrokerTopologyOptions) {
    this.#channels = channels
    this.#declared = declared
    this.#queueType = queueType
    this.#classify = classify
    this.#delays = new DelayLevels({ channels, queueType })
  }

  /**
   * Makes sure that what a message is sent to is there, and the queues into which it is declared to come: on
   * a broker that was failed over to they may be missing.
   */
  use(destination: Destination): Promise<void> {
    switch (destination.kind) {
      case 'queue':
        return this.useQueue(destination.name)
      case 'exchange':
      case 'topic':
        return this.#told(() => this.#useSource(destination))
    }
  }

  /** The same for a queue that messages with a delay are sent to, and where those wait. */
  async useDelayed({ name }: Destination): Promise<void> {
    await this.useQueue(name)
    await this.#told(() => this.#delays.use(name))
  }

  /** A message with a delay came back: something is gone of where it was to wait. */
  doubtDelays(): void {
    this.#delays.doubt()
  }

  /** A queue that exists is used as it is, unless the application declared it. */
  useQueue(queue: string): Promise<void> {
    if (BROKERS_OWN.test(queue)) return Promise.resolve()
    const settings = this.#declared.settingsOf(queue)
    return settings ? this.declare(queue, settings) : this.#told(() => this.#useUndeclared(queue))
  }

  /** @throws UnderstudyError `rejected` when the queue exists and differs. */
  declare(queue: string, settings: QueueSettings): Promise<void> {
    return this.#told(() => this.#make(queue, settings))
  }

  /** By a passive declaration, which makes nothing. */
  async inspect(queue: string): Promise<QueueState | undefined> {
    return await this.#told(async () => {
      try {
        const found = await this.#channels.with((channel) =>
          ask<{ readonly messageCount: number; readonly consumerCount: number }>((done) =>
            channel.checkQueue(queue, done),
          ),
        )
        return { ready: found?.messageCount ?? 0, isExact: true, consumers: found?.consumerCount }
      } catch (error) {
        if (this.#isMissing(error)) return undefined
        throw error
      }
    })
  }

  async purge(queue: string): Promise<number> {
    return await this.#told(async () => {
      try {
        const purged = await this.#channels.with((channel) =>
          ask<{ readonly messageCount: number }>((done) => channel.purgeQueue(queue, done)),
        )
        return purged?.messageCount ?? 0
      } catch (error) {
        if (this.#isMissing(error)) return 0
        throw error
      }
    })
  }

  async #told<Value>(action: () => Promise<Value>): Promise<Value> {
    try {
      return await action()
    } catch (error) {
      throw this.#classify(error)
    }
  }

  async #useUndeclared(queue: string): Promise<void> {
    // Who answers may find the queue of who asked gone: one that is made here must not stay for ever.
    const settings = isReplyQueue(queue) ? REPLY_QUEUE : {}
    await this.#makeMissing({ has: () => this.#hasQueue(queue), make: () => this.#make(queue, settings) })
  }

  /** What is used as it is may be made by somebody else meanwhile, and not as it would be made here. */
  async #makeMissing({ has, make }: Missing): Promise<void> {
    if (await has()) return
    try {
      await make()
    } catch (error) {
      const code = replyCodeOf(error)
      if ((code !== DIFFERS && code !== LOCKED) || !(await has())) throw error
    }
  }

  /** @param above the exchanges whose bound queues are being made: letters may come back to where they are from. */
  async #make(queue: string, settings: QueueSettings, above: readonly string[] = []): Promise<void> {
    const args = queueArguments(queue, settings, this.#queueType)
    const dead = deadLettersOf(queue, settings)
    if (dead && dead.kind !== 'queue') await this.#useSource(dead, above)
    else if (dead && dead.name !== queue) await this.#useDeadLetters(dead.name, settings)
    await this.#assertQueue(queue, args)
    for (const binding of settings.bindings ?? []) await this.#bind(queue, binding)
  }

  /** The exchange, or that of the topics, and the declared queues that are bound there. */
  async #useSource(
    source: Exclude<Destination, { readonly kind: 'queue' }>,
    above: readonly string[] = [],
  ): Promise<void> {
    const exchange = source.kind === 'topic' ? TOPIC_EXCHANGE : source.name
    if (above.includes(exchange)) return
    if (source.kind === 'exchange') await this.#useExchange(exchange)
    await Promise.all(
      queuesBoundTo(this.#declared, source).map(async ([queue, settings]) => {
        try {
          await this.#useBoundQueue(queue, settings, [...above, exchange])
        } catch (error) {
          // It is there, and out of reach for now: the others get their messages all the same.
          if (!isAway(this.#classify(error))) throw error
        }
      }),
    )
  }

  async #useBoundQueue(queue: string, settings: QueueSettings, above: readonly string[]): Promise<void> {
    if (!(await this.#hasQueue(queue))) await this.#make(queue, settings, above)
    // A link may have been lost between the queue and its bindings.
    else for (const binding of settings.bindings ?? []) await this.#bind(queue, binding)
  }

  /** The letters' own queue is as it was declared, or plain and of the same type. */
  async #useDeadLetters(queue: string, { type }: QueueSettings): Promise<void> {
    if (BROKERS_OWN.test(queue)) return
    const make = (): Promise<void> => {
      const declared = this.#declared.settingsOf(queue)
      const args = declared
        ? queueArguments(queue, declared, this.#queueType)
        : { 'x-queue-type': type ?? this.#queueType }
      return this.#assertQueue(queue, args)
    }
    await this.#makeMissing({ has: () => this.#hasQueue(queue), make })
  }

  async #hasQueue(queue: string): Promise<boolean> {
    try {
      await this.#channels.with((channel) => ask((done) => channel.checkQueue(queue, done)))
      return true
    } catch (error) {
      // Another connection has it to itself: it is there, and takes what is sent to it.
      if (replyCodeOf(error) === LOCKED) return true
      if (this.#isMissing(error)) return false
      throw error
    }
  }

  async #assertQueue(queue: string, args: Readonly<Record<string, string | number>>): Promise<void> {
    await this.#channels.with((channel) =>
      ask((done) => channel.assertQueue(queue, { durable: true, arguments: args }, done)),
    )
  }

  async #bind(queue: string, binding: Destination): Promise<void> {
    if (binding.kind === 'queue') throw new UnderstudyError('invalid-option', 'a queue cannot be bound to a queue')
    if (binding.kind === 'exchange') await this.#useExchange(binding.name)
    const { exchange, pattern } = bindingOf(binding)
    await this.#channels.with((channel) => ask((done) => channel.bindQueue(queue, exchange, pattern, {}, done)))
  }

  /** An exchange that exists is used as it is; a missing one becomes a durable topic exchange. */
  async #useExchange(exchange: string): Promise<void> {
    await this.#makeMissing({
      has: () => this.#hasExchange(exchange),
      make: () =>
        this.#channels.with((channel) =>
          ask((done) => channel.assertExchange(exchange, 'topic', { durable: true }, done)),
        ),
    })
  }

  async #hasExchange(exchange: string): Promise<boolean> {
    try {
      await this.#channels.with((channel) => ask((done) => channel.checkExchange(exchange, done)))
      return true
    } catch (error) {
      if (this.#isMissing(error)) return false
      throw error
    }
  }

  /** Not there, and not merely out of reach. */
  #isMissing(error: unknown): boolean {
    return replyCodeOf(error) === NOT_FOUND && this.#classify(error).code === 'rejected'
  }
}

/** What to bind to for a subscription; `>` at the end is ActiveMQ's word for `#`. */
export function bindingOf(destination: Exclude<Destination, { readonly kind: 'queue' }>): {
  readonly exchange: string
  readonly pattern: string
} {
  const [exchange, pattern] =
    destination.kind === 'topic' ? [TOPIC_EXCHANGE, destination.name] : [destination.name, destination.routingKey]
  return { exchange, pattern: pattern.replace(/(^|\.)>$/, '$1#') }
}
