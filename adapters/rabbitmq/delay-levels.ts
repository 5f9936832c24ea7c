import { ask, type QuestionChannels } from './channels.ts'
import {
  DELAY_LEVELS,
  DELAY_UNIT_MS,
  DELIVER_EXCHANGE,
  deliverPattern,
  delayLevel,
  levelPattern,
} from './delay-route.ts'
import type { AmqpChannel } from './driver.ts'
import { replyCodeOf } from './errors.ts'
import type { QueueType } from './queue-arguments.ts'

export interface DelayLevelsOptions {
  readonly channels: QuestionChannels
  readonly queueType: QueueType
}

/** Made last: where it is, everything else was there. */
const COMPLETE = 'understudy.delay.complete'
/** Keeps what is due when its queue has been removed meanwhile. */
const UNDELIVERED = 'understudy.delay.undelivered'

const LEVELS = Array.from({ length: DELAY_LEVELS }, (_, level) => level)

const NOT_FOUND = 404
const DIFFERS = 406

/**
 * The exchanges and queues in which delayed messages wait. A level is a queue without a consumer, whose messages expire
 * after the level's time and go on to the exchange below; that exchange puts them into its own queue or passes them
 * on, as their routing key says. So every queue holds messages of one delay alone, in the order of their end, and a
 * message waits on at most as many levels as its delay has bits.
 */
export class DelayLevels {
  readonly #channels: QuestionChannels
  readonly #queueType: QueueType
  #made: Promise<void> | undefined
  /** Whether a message came back, so that something must be missing whatever is said to be there. */
  #doubted = false

  constructor({ channels, queueType }: DelayLevelsOptions) {
    this.#channels = channels
    this.#queueType = queueType
  }

  /** Leads what is due to a queue, which must be there. Makes the levels at its first call. */
  async use(queue: string): Promise<void> {
    this.#made ??= this.#make()
    try {
      await this.#made
    } catch (error) {
      this.#made = undefined
      throw error
    }
    try {
      await this.#bind(queue)
    } catch (error) {
      // Its exchange may have been removed, while it is said that all is there.
      if (replyCodeOf(error) === NOT_FOUND) this.doubt()
      throw error
    }
  }

  async #bind(queue: string): Promise<void> {
    await this.#channels.with((channel) =>
      ask((done) => channel.bindQueue(queue, DELIVER_EXCHANGE, deliverPattern(queue), {}, done)),
    )
  }

  /** Something seems to be gone: the next use looks at every level. */
  doubt(): void {
    this.#made = undefined
    this.#doubted = true
  }

  async #make(): Promise<void> {
    if (!this.#doubted && (await this.#isComplete())) return
    await this.#queue(UNDELIVERED, {})
    await this.#channels.with(async (channel) => {
      await exchange(channel, UNDELIVERED, 'fanout')
      await ask((done) => channel.bindQueue(UNDELIVERED, UNDELIVERED, '', {}, done))
      await exchange(channel, DELIVER_EXCHANGE, 'topic', UNDELIVERED)
    })
    // Side by side: one after the other they would keep the first message waiting for long.
    await Promise.all(LEVELS.map((level) => this.#makeLevel(level)))
    await Promise.all(LEVELS.map((level) => this.#bindLevel(level)))
    await this.#channels.with((channel) => exchange(channel, COMPLETE, 'fanout'))
    this.#doubted = false
  }

  async #isComplete(): Promise<boolean> {
    try {
      await this.#channels.with((channel) => ask((done) => channel.checkExchange(COMPLETE, done)))
      return true
    } catch (error) {
      if (replyCodeOf(error) === NOT_FOUND) return false
      throw error
    }
  }

  async #makeLevel(level: number): Promise<void> {
    const name = delayLevel(level)
    await this.#queue(name, {
      'x-message-ttl': DELAY_UNIT_MS * 2 ** level,
      'x-dead-letter-exchange': exchangeBelow(level),
      // Else a letter may be lost on its way. It needs the refusal of what is too much.
      ...(this.#queueType === 'quorum'
        ? { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' }
        : {}),
    })
    await this.#channels.with((channel) => exchange(channel, name, 'topic'))
  }

  async #bindLevel(level: number): Promise<void> {
    const name = delayLevel(level)
    await this.#channels.with(async (channel) => {
      await ask((done) => channel.bindQueue(name, name, levelPattern(level, 1), {}, done))
      await ask((done) => channel.bindExchange(exchangeBelow(level), name, levelPattern(level, 0), {}, done))
    })
  }

  /** One that is there already is used as it is: its type is that of whoever came first. */
  async #queue(name: string, args: Readonly<Record<string, string | number>>): Promise<void> {
    const all = { 'x-queue-type': this.#queueType, ...args }
    try {
      await this.#channels.with((channel) =>
        ask((done) => channel.assertQueue(name, { durable: true, arguments: all }, done)),
      )
    } catch (error) {
      if (replyCodeOf(error) !== DIFFERS) throw error
    }
  }
}

function exchangeBelow(level: number): string {
  return level === 0 ? DELIVER_EXCHANGE : delayLevel(level - 1)
}

function exchange(
  channel: AmqpChannel,
  name: string,
  type: 'topic' | 'fanout',
  alternateExchange?: string,
): Promise<unknown> {
  const options = { durable: true, ...(alternateExchange === undefined ? {} : { alternateExchange }) }
  return ask((done) => channel.assertExchange(name, type, options, done))
}
