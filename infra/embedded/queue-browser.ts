import type { QueuedMessage, QueueEngine } from '../../adapters/memory/queue-engine/queue-engine.ts'
import { destinationHeader } from './stomp/destination-header.ts'
import { EMPTY_BODY, type Frame, type StompVersion } from './stomp/frames.ts'
import { messageFrame } from './stomp/message-frame.ts'
import type { StoredFrame } from './stored-frame.ts'
import type { SubscriptionRequest } from './stomp/subscription.ts'

/**
 * One look at a queue, as SUBSCRIBE with `browser:true` asks for: what waits at that moment is shown and stays where
 * it is, and a message with `browser:end` says that this was all. As with ActiveMQ no more than the prefetch is out
 * at a time, the last word included, until the client acknowledges; which does nothing else here.
 */
export class QueueBrowser {
  readonly id: string
  readonly number: number
  readonly #request: SubscriptionRequest
  readonly #version: StompVersion
  readonly #destination: string
  readonly #send: (frame: Frame) => void
  #seen: readonly QueuedMessage<StoredFrame>[]
  #next = 0
  // In the order in which they were shown.
  readonly #shown = new Set<string>()
  #isFlowing = false
  #isOver = false

  constructor(
    request: SubscriptionRequest,
    number: number,
    version: StompVersion,
    engine: QueueEngine<StoredFrame>,
    send: (frame: Frame) => void,
  ) {
    this.id = request.id
    this.number = number
    this.#request = request
    this.#version = version
    this.#destination = destinationHeader(request.from)
    this.#send = send
    this.#seen = engine.waiting(request.from.name)
  }

  pause(): void {
    this.#isFlowing = false
  }

  /** Shows on. */
  resume(): void {
    if (this.#isFlowing) return
    this.#isFlowing = true
    this.#show()
  }

  holds(key: string): boolean {
    return this.#shown.has(key)
  }

  /** Makes room for more. */
  settle(key: string): void {
    if (!this.#shown.has(key)) return
    if (this.#request.ack !== 'client') this.#shown.delete(key)
    else {
      for (const shown of this.#shown) {
        this.#shown.delete(shown)
        if (shown === key) break
      }
    }
    this.#show()
  }

  close(): void {
    this.#isOver = true
    this.#isFlowing = false
    this.#seen = []
    this.#shown.clear()
  }

  #show(): void {
    const { ack, prefetch } = this.#request
    // Sending may pause this one.
    while (this.#isFlowing && !this.#isOver && this.#shown.size < prefetch) {
      const message = this.#seen[this.#next]
      if (message === undefined) {
        this.#isOver = true
        const headers = { subscription: this.id, destination: this.#destination, 'message-id': '0', browser: 'end' }
        this.#send({ command: 'MESSAGE', headers, body: EMPTY_BODY })
        return
      }
      this.#next += 1
      const named = this.#version === '1.2' ? `${this.number}-${message.sequence}` : undefined
      if (ack !== 'auto') this.#shown.add(named ?? message.payload.headers['message-id'] ?? '')
      const options = { subscription: this.id, destination: this.#destination, ack: ack === 'auto' ? undefined : named }
      this.#send(messageFrame(message, options))
    }
  }
}
