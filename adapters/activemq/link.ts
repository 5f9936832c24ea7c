import { SendError, UnderstudyError } from '../../src/errors.ts'
import { type Destination, formatDestination } from '../../src/transport/destination.ts'
import type { RedactedEndpoint } from '../../src/transport/endpoint.ts'
import type {
  DeliverySink,
  Link,
  LinkClosed,
  Settlement,
  SubscribeOptions,
  Subscription,
} from '../../src/transport/link.ts'
import type { OutgoingMessage } from '../../src/transport/message.ts'
import type { StompClient, StompIncomingFrame } from './driver.ts'
import { classify } from './errors.ts'
import { readMessage, requeueHeaders, sendHeaders, stompDestination } from './message.ts'

/** What waits for a RECEIPT. stompit forgets it when the connection drops; we do not. */
interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: UnderstudyError) => void
}

/** One STOMP connection. */
export class StompLink implements Link {
  readonly endpoint: RedactedEndpoint
  readonly closed: Promise<LinkClosed>
  readonly #client: StompClient
  readonly #waiting = new Set<Waiting>()
  #settleClosed: (closed: LinkClosed) => void = () => {}
  #over: UnderstudyError | undefined
  /** Whether the end, when it comes, is our own doing. */
  #leaving = false
  #closing: Promise<void> | undefined
  #subscriptions = 0

  constructor(client: StompClient, endpoint: RedactedEndpoint) {
    this.#client = client
    this.endpoint = endpoint
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
  }

  /** The connection failed or ended. The first word counts. */
  ended(thrown?: unknown): void {
    if (this.#over) return
    const error = this.#leaving
      ? new UnderstudyError('closed', `the link to ${this.endpoint} was closed`, {
          retriable: true,
          endpoint: this.endpoint,
        })
      : classify(thrown ?? new Error('the connection ended'), 'established', this.endpoint)
    this.#over = error
    for (const waiting of this.#waiting) waiting.reject(error)
    this.#waiting.clear()
    this.#settleClosed(this.#leaving ? { kind: 'closed' } : { kind: 'lost', error })
  }

  async send(message: OutgoingMessage, attempt: number): Promise<void> {
    let headers: Record<string, string | number>
    try {
      headers = sendHeaders(message, attempt)
    } catch (error) {
      throw this.#unsent(message, attempt, error as UnderstudyError, false)
    }
    if (this.#over || this.#leaving) throw this.#unsent(message, attempt, this.#gone(), true)
    try {
      await this.#frame('SEND', headers, message.body)
    } catch (error) {
      const reason = error as UnderstudyError
      throw new SendError('unconfirmed', `${reason.message}; message ${message.id} was written and not confirmed`, {
        outcome: 'unknown',
        messageId: message.id,
        attempts: attempt,
        retriable: true,
        endpoint: this.endpoint,
        cause: reason,
      })
    }
  }

  async subscribe(destination: Destination, options: SubscribeOptions, sink: DeliverySink): Promise<Subscription> {
    const target = stompDestination(destination)
    if (this.#over || this.#leaving) throw this.#gone()
    this.#subscriptions++
    const id = `understudy-${this.#subscriptions}`
    const subscription = this.#client.setImplicitSubscription(id, 'client-individual', (error, frame) => {
      if (error === null && frame) this.#receive(frame, destination, target, sink)
    })
    // The receipt holds the first delivery back until the broker has taken the subscription.
    await this.#frame('SUBSCRIBE', {
      id,
      destination: target,
      ack: 'client-individual',
      'activemq.prefetchSize': options.prefetch,
    })
    let cancelled = false
    return {
      cancel: () => {
        if (!cancelled && !this.#over && !this.#leaving) subscription.unsubscribe()
        cancelled = true
        return Promise.resolve()
      },
    }
  }

  close(signal: AbortSignal): Promise<void> {
    this.#leaving = true
    this.#closing ??= this.#disconnect(signal)
    return this.#closing
  }

  #disconnect(signal: AbortSignal): Promise<void> {
    if (this.#over) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = (): void => {
        signal.removeEventListener('abort', finish)
        this.#client.destroy()
        this.ended()
        resolve()
      }
      if (signal.aborted) {
        finish()
        return
      }
      // stompit's goodbye has no deadline of its own.
      signal.addEventListener('abort', finish, { once: true })
      this.#client.disconnect(finish)
    })
  }

  /** The whole body is read at once: an unread one stalls every frame behind it, receipts included. */
  #receive(frame: StompIncomingFrame, subscribed: Destination, target: string, sink: DeliverySink): void {
    const chunks: Buffer[] = []
    frame.on('data', (chunk) => chunks.push(chunk))
    frame.on('end', () => {
      const first = chunks[0]
      const body = chunks.length === 1 && first ? first : Buffer.concat(chunks)
      sink.deliver({
        message: readMessage(frame.headers, body, subscribed),
        settle: (settlement) => this.#settle(settlement, frame.headers, body, target),
      })
    })
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

  /** Writes one frame and waits for its RECEIPT. */
  #frame(command: string, headers: Record<string, string | number>, body?: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#over || this.#leaving) {
        reject(this.#gone())
        return
      }
      const waiting: Waiting = { resolve, reject }
      this.#waiting.add(waiting)
      const frame = this.#client.sendFrame(command, headers, {
        onReceipt: () => {
          if (this.#waiting.delete(waiting)) resolve()
        },
      })
      frame.end(body)
    })
  }

  #gone(): UnderstudyError {
    return (
      this.#over ??
      new UnderstudyError('closed', `the link to ${this.endpoint} is being closed`, {
        retriable: true,
        endpoint: this.endpoint,
      })
    )
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
}
