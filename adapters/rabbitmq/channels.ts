import type { AmqpChannel, AmqpConnection } from './driver.ts'
import { writeDirectly } from './direct-writes.ts'
import { guardIncoming } from './incoming.ts'

export interface OpenedChannel {
  readonly channel: AmqpChannel
  /** Set once the channel is dead, by whatever; `error` where it died by itself. */
  readonly end: { over: boolean; error: Error | undefined }
}

export interface ChannelOptions {
  /** A longer message ends the connection. */
  readonly maxMessageBytes: number
  readonly onTooLong: () => void
  /** The broker closed the channel, or a frame came on it that cannot be. The connection lives. */
  readonly onError?: (error: Error) => void
}

/**
 * A channel with its listeners on before anything else: one without them tears the connection down when
 * the broker closes it. The promise rejects when it cannot be opened.
 */
export function openChannel(
  connection: AmqpConnection,
  kind: 'plain' | 'confirm',
  options: ChannelOptions,
): Promise<OpenedChannel> {
  return new Promise((resolve, reject) => {
    const end: OpenedChannel['end'] = { over: false, error: undefined }
    const opened = (error: Error | null): void => {
      if (error) reject(end.error ?? error)
      else resolve({ channel, end })
    }
    const channel = kind === 'confirm' ? connection.createConfirmChannel(opened) : connection.createChannel(opened)
    channel.on('error', (error) => {
      end.over = true
      end.error = error
      options.onError?.(error)
    })
    channel.on('close', () => {
      end.over = true
    })
    guardIncoming(channel, options)
    writeDirectly(connection, channel)
  })
}

/** One question to the broker, as a promise. */
export function ask<Value>(
  question: (done: (error: Error | null, value?: Value) => void) => unknown,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    // On a dead channel it throws at once, which rejects the promise too.
    question((error, value) => {
      if (error) reject(error)
      else resolve(value)
    })
  })
}

// Far below the 2047 channels that RabbitMQ grants a connection, and enough that a slow queue holds up no other.
const MOST_QUESTIONS = 100

/** Channels for questions: one at a time on each, since an answer of no costs the channel. One is kept. */
export class QuestionChannels {
  readonly #open: () => Promise<OpenedChannel>
  #idle: OpenedChannel | undefined
  #busy = 0
  /** Those who wait for a channel, in order. */
  readonly #line: (() => void)[] = []

  constructor(open: () => Promise<OpenedChannel>) {
    this.#open = open
  }

  async with<Value>(action: (channel: AmqpChannel) => Promise<Value>): Promise<Value> {
    if (this.#busy === MOST_QUESTIONS) await new Promise<void>((resolve) => this.#line.push(resolve))
    else this.#busy++
    try {
      return await this.#ask(action)
    } finally {
      // Whoever is next takes the place over.
      const next = this.#line.shift()
      if (next) next()
      else this.#busy--
    }
  }

  async #ask<Value>(action: (channel: AmqpChannel) => Promise<Value>): Promise<Value> {
    const kept = this.#idle
    this.#idle = undefined
    const opened = kept && !kept.end.over ? kept : await this.#open()
    try {
      return await action(opened.channel)
    } finally {
      if (!opened.end.over) {
        const other = this.#idle as OpenedChannel | undefined
        if (other && !other.end.over) other.channel.close(() => {})
        this.#idle = opened
      }
    }
  }
}
