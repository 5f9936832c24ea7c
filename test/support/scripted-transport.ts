import { type ErrorCode, type FailedSendOutcome, SendError, UnderstudyError } from '../../src/errors.ts'
import { abortReason } from '../../src/clock.ts'
import type { Capabilities } from '../../src/transport/capabilities.ts'
import type { Destination } from '../../src/transport/destination.ts'
import { type Endpoint, redact } from '../../src/transport/endpoint.ts'
import type {
  DeliverySink,
  Link,
  LinkClosed,
  Settlement,
  SubscribeOptions,
  Subscription,
} from '../../src/transport/link.ts'
import type { IncomingMessage, OutgoingMessage } from '../../src/transport/message.ts'
import type { QueueState } from '../../src/transport/queue-state.ts'
import type { QueueSettings } from '../../src/transport/topology.ts'
import type { DialContext, Transport } from '../../src/transport/transport.ts'

/** What a host does with a dial: takes it, refuses it, never answers, or fails with an error. */
export type DialAnswer = 'accept' | 'refuse' | 'mute' | UnderstudyError

export const lost = (message = 'reset by the peer'): UnderstudyError =>
  new UnderstudyError('link-lost', message, { retriable: true })

export const badCredentials = (): UnderstudyError =>
  new UnderstudyError('authentication', 'the user name or the password was refused')

/** Settles its promise from outside, once. */
interface Gate {
  readonly promise: Promise<void>
  readonly open: () => void
  readonly fail: (error: unknown) => void
}

function gate(): Gate {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  return { promise, open: resolve, fail: reject }
}

/** One message on its way to a scripted broker. */
export class ScriptedSend {
  readonly message: OutgoingMessage
  readonly attempt: number
  readonly #gate: Gate
  answered = false

  constructor(message: OutgoingMessage, attempt: number, answer: Gate) {
    this.message = message
    this.attempt = attempt
    this.#gate = answer
  }

  confirm(): void {
    this.answered = true
    this.#gate.open()
  }

  fail(
    outcome: FailedSendOutcome,
    options: { readonly retriable?: boolean; readonly forNow?: boolean; readonly code?: ErrorCode } = {},
  ): void {
    if (this.answered) return
    this.answered = true
    const { retriable = outcome === 'unknown' || outcome === 'not-sent', forNow = false, code = 'protocol' } = options
    const { id } = this.message
    const known = { outcome, messageId: id, attempts: this.attempt, retriable, forNow }
    this.#gate.fail(new SendError(code, `scripted ${outcome}`, known))
  }
}

/** One subscription on a scripted link, with its deliveries. */
export class ScriptedSubscription {
  readonly destination: Destination
  readonly prefetch: number
  readonly sink: DeliverySink
  cancelled = false
  /** What the answer to its end waits for. */
  cancelling: Promise<void> = Promise.resolve()
  readonly settlements: { readonly id: string; readonly as: Settlement }[] = []
  /** Settlements wait for `answerSettlements` instead of being confirmed at once. */
  holdSettlements = false
  readonly #held: Gate[] = []

  constructor(destination: Destination, prefetch: number, sink: DeliverySink) {
    this.destination = destination
    this.prefetch = prefetch
    this.sink = sink
  }

  deliver(id: string, overrides: Partial<IncomingMessage> = {}): void {
    this.sink.deliver({
      message: {
        id,
        attempt: 1,
        destination: this.destination,
        body: Buffer.from(JSON.stringify({ id })),
        contentType: 'application/json',
        headers: {},
        redelivered: false,
        correlationId: undefined,
        replyTo: undefined,
        ...overrides,
      },
      settle: (as) => {
        this.settlements.push({ id, as })
        if (!this.holdSettlements) return Promise.resolve()
        const held = gate()
        this.#held.push(held)
        return held.promise
      },
    })
  }

  answerSettlements(): void {
    for (const held of this.#held.splice(0)) held.open()
  }

  failSettlements(error: UnderstudyError): void {
    for (const held of this.#held.splice(0)) held.fail(error)
  }
}

/** A link whose other end does what the test says. */
export class ScriptedLink implements Link {
  readonly endpoint: string
  readonly host: string
  readonly closed: Promise<LinkClosed>
  readonly sent: ScriptedSend[] = []
  readonly subscriptions: ScriptedSubscription[] = []
  /** Sends are confirmed as they come. */
  confirms = false
  /** What SUBSCRIBE gets: acceptance, silence, or an error. */
  subscribing: 'accept' | 'mute' | UnderstudyError = 'accept'
  /** The peer never answers a goodbye. */
  closesMute = false
  /** How often `close` was called. */
  closeCalls = 0
  /** Whether it ended, by whichever side. */
  over = false
  readonly #muteSubscribes: Gate[] = []
  #settleClosed: (closed: LinkClosed) => void = () => {}

  constructor(endpoint: Endpoint) {
    this.endpoint = redact(endpoint)
    this.host = endpoint.host
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
  }

  send(message: OutgoingMessage, attempt: number): Promise<void> {
    const answer = gate()
    const send = new ScriptedSend(message, attempt, answer)
    if (this.over) {
      send.fail('not-sent')
      return answer.promise
    }
    this.sent.push(send)
    if (this.confirms) send.confirm()
    return answer.promise
  }

  /** What the dial was given. */
  context: DialContext | undefined
  /** What was declared, in order. */
  readonly declared: { readonly queue: string; readonly settings: QueueSettings }[] = []
  /** What a declaration gets: acceptance or an error. */
  declaring: 'accept' | UnderstudyError = 'accept'

  async declare(queue: string, settings: QueueSettings): Promise<void> {
    if (this.over) throw lost()
    if (this.declaring !== 'accept') throw this.declaring
    this.declared.push({ queue, settings })
  }

  /** What the queues hold; a queue that is not named here does not exist. */
  readonly queues: Map<string, QueueState> = new Map()
  /** What questions about queues get: an answer, silence, or an error. */
  asking: 'answer' | 'mute' | UnderstudyError = 'answer'

  async inspect(queue: string): Promise<QueueState | undefined> {
    await this.#asked()
    return this.queues.get(queue)
  }

  async purge(queue: string): Promise<number> {
    await this.#asked()
    const state = this.queues.get(queue)
    if (state) this.queues.set(queue, { ...state, ready: 0 })
    return state?.ready ?? 0
  }

  async #asked(): Promise<void> {
    if (this.over) throw lost()
    if (this.asking === 'mute') {
      const answer = gate()
      this.#muteSubscribes.push(answer)
      await answer.promise
    } else if (this.asking !== 'answer') throw this.asking
  }

  async subscribe(destination: Destination, options: SubscribeOptions, sink: DeliverySink): Promise<Subscription> {
    if (this.over) throw lost()
    const subscription = new ScriptedSubscription(destination, options.prefetch, sink)
    if (this.subscribing === 'mute') {
      const answer = gate()
      this.#muteSubscribes.push(answer)
      await answer.promise
    } else if (this.subscribing !== 'accept') throw this.subscribing
    this.subscriptions.push(subscription)
    return {
      cancel: () => {
        subscription.cancelled = true
        return subscription.cancelling
      },
    }
  }

  close(signal: AbortSignal): Promise<void> {
    this.closeCalls++
    if (this.over) return Promise.resolve()
    if (!this.closesMute || signal.aborted) {
      this.#end({ kind: 'closed' }, new UnderstudyError('closed', 'closed by us', { retriable: true }))
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#end({ kind: 'closed' }, new UnderstudyError('closed', 'closed by us', { retriable: true }))
        resolve()
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Answers what SUBSCRIBE was kept waiting with. */
  acceptSubscribes(): void {
    for (const answer of this.#muteSubscribes.splice(0)) answer.open()
  }

  confirmAll(): void {
    for (const send of this.sent) if (!send.answered) send.confirm()
  }

  /** The bodies' ids in the order they were written. */
  get ids(): string[] {
    return this.sent.map(({ message }) => message.id)
  }

  /** The connection is lost. */
  die(error: UnderstudyError = lost()): void {
    if (!this.over) this.#end({ kind: 'lost', error }, error)
  }

  #end(closed: LinkClosed, error: UnderstudyError): void {
    this.over = true
    for (const send of this.sent) if (!send.answered) send.fail('unknown', { code: 'unconfirmed' })
    for (const answer of this.#muteSubscribes.splice(0)) answer.fail(error)
    for (const subscription of this.subscriptions) subscription.failSettlements(error)
    this.#settleClosed(closed)
  }
}

const EVERYTHING: Capabilities = {
  priority: true,
  expiry: true,
  delay: true,
  topics: true,
  exchanges: true,
  deadLetters: true,
  confirmedSettlement: true,
  queueSettings: ['type', 'deadLetterTo', 'messageTtlMs', 'expiresAfterMs', 'maxLength', 'maxPriority', 'bindings'],
}

/** A transport without sockets: each host answers as it was told to, `accept` unless told otherwise. */
export class ScriptedTransport implements Transport {
  readonly schemes: readonly string[] = ['stomp', 'stomp+ssl', 'amqp', 'amqps', 'memory']
  readonly optionNames: readonly string[] = ['vhost']
  capabilities: Capabilities = EVERYTHING
  /** The hosts in the order they were dialled. */
  readonly dialled: string[] = []
  readonly links: ScriptedLink[] = []
  /** Dials that have not ended. */
  dialling = 0
  /** Called with every new link before the client sees it. */
  onLink: (link: ScriptedLink) => void = () => {}
  readonly #answers = new Map<string, DialAnswer | ((nth: number) => DialAnswer)>()
  readonly #counts = new Map<string, number>()

  answer(host: string, answer: DialAnswer | ((nth: number) => DialAnswer)): this {
    this.#answers.set(host, answer)
    return this
  }

  validate(): void {}

  /** The link that was made last. */
  get last(): ScriptedLink {
    const link = this.links.at(-1)
    if (!link) throw new Error('nothing was connected yet')
    return link
  }

  async dial(endpoint: Endpoint, signal: AbortSignal, context?: DialContext): Promise<Link> {
    const { host } = endpoint
    this.dialled.push(host)
    const nth = (this.#counts.get(host) ?? 0) + 1
    this.#counts.set(host, nth)
    const scripted = this.#answers.get(host) ?? 'accept'
    const answer = typeof scripted === 'function' ? scripted(nth) : scripted
    this.dialling++
    try {
      if (answer === 'accept') {
        const link = new ScriptedLink(endpoint)
        link.context = context
        this.links.push(link)
        this.onLink(link)
        return link
      }
      if (answer === 'mute') {
        return await new Promise<never>((_, reject) => {
          signal.addEventListener('abort', () => reject(abortReason(signal)), { once: true })
        })
      }
      if (answer === 'refuse') {
        throw new UnderstudyError('refused', `${redact(endpoint)} refused the connection`, { retriable: true })
      }
      throw answer
    } finally {
      this.dialling--
    }
  }
}
