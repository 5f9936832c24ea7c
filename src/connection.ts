import { abortWith, type Clock, type Random, withDeadline } from './clock.ts'
import { UnderstudyError } from './errors.ts'
import { checkQueueSettings, DeclaredQueues } from './failover/declared-queues.ts'
import { askBroker } from './failover/ask-broker.ts'
import { FailoverSession } from './failover/session.ts'
import { type LinkRole, StatusBroadcast, type StatusEvent } from './failover/status.ts'
import { describeFailoverUri, type FailoverUri } from './failover/uri.ts'
import { DeliveryStream } from './listener/delivery-stream.ts'
import type { DeliveryHandler } from './listener/handler-pool.ts'
import { Listener, type ListenerOptions } from './listener/listener.ts'
import { checkListenOptions, checkStreamOptions, type ListenOptions, type StreamOptions } from './listener/options.ts'
import { type Logger, patientLogger } from './logger.ts'
import { MessageComposer, type SendOptions } from './producer/composer.ts'
import type { Payload } from './producer/payload.ts'
import { Producer, type ProducerObserver } from './producer/producer.ts'
import type { ClientMetrics } from './telemetry/metrics.ts'
import { openTelemetry, type Telemetry } from './telemetry/telemetry.ts'
import type { ClientTracing } from './telemetry/tracing.ts'
import { type Codec, Codecs } from './transport/codec.ts'
import type { Gathering } from './request/gathering.ts'
import type { RequestHandler } from './request/incoming-request.ts'
import type { RequestCounts, RequestOptions, RespondingCounts, ScatterOptions } from './request/options.ts'
import type { Reply } from './request/reply.ts'
import { type ReplyHearer, Requests } from './request/requests.ts'
import type { Responder, ResponderOptions } from './request/responder.ts'
import { formatDestination, parseDestination } from './transport/destination.ts'
import { type Endpoint, redact, type RedactedEndpoint } from './transport/endpoint.ts'
import type { Capabilities } from './transport/capabilities.ts'
import type { Link } from './transport/link.ts'
import type { OutgoingMessage } from './transport/message.ts'
import type { QueueState } from './transport/queue-state.ts'
import type { QueueSettings } from './transport/topology.ts'
import type { Transport } from './transport/transport.ts'

/** What a queue should be like; destinations are written as everywhere else, such as `exchange://events/order.#`. */
export interface DeclareOptions extends Omit<QueueSettings, 'deadLetterTo' | 'bindings'> {
  readonly deadLetterTo?: string | null
  readonly bindings?: readonly string[]
}

export interface ConnectionOptions {
  readonly uri: FailoverUri
  readonly transportOf: (endpoint: Endpoint) => Transport
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly observer?: ProducerObserver
  readonly metrics?: ClientMetrics
  readonly tracing?: ClientTracing
  /** How many requests may be open at a time. Defaults to 10,000. */
  readonly maxOpenRequests?: number
  /** Defaults to none beside bytes, text and JSON. */
  readonly codecs?: readonly Codec[]
}

/**
 * What an application holds: sends and deliveries over a list of brokers, whichever of them serves.
 * Sends and deliveries go over links of their own, so that neither can hold the other up.
 */
export class Connection implements AsyncDisposable {
  readonly #options: ConnectionOptions
  readonly #status = new StatusBroadcast()
  readonly #queues: DeclaredQueues
  readonly #codecs: Codecs
  readonly #composer: MessageComposer
  readonly #sending: FailoverSession
  readonly #producer: Producer
  readonly #telemetry: Telemetry
  readonly #listeners = new Set<Listener>()
  /** Those of the queues that answers come to; they outlive the others when the connection closes. */
  readonly #replyListeners = new Set<Listener>()
  readonly #requests: Requests
  #listening: FailoverSession | undefined
  #closing: Promise<void> | undefined
  /** Ends the wait of `close`. */
  readonly #hurry = new AbortController()

  constructor(options: ConnectionOptions) {
    this.#options = { ...options, logger: patientLogger(options.logger) }
    this.#codecs = new Codecs(options.codecs)
    const { clock } = options
    this.#queues = new DeclaredQueues({ clock, confirmTimeoutMs: options.uri.options.confirmTimeoutMs })
    this.#composer = new MessageComposer({ brokers: () => this.#brokers(), codecs: this.#codecs, clock })
    this.#telemetry = openTelemetry(options, {
      brokers: options.uri.endpoints.map(redact),
      pendingSends: () => this.pending,
      unsettledDeliveries: () => this.#unsettled,
    })
    if (this.#telemetry.status) this.#status.observe(this.#telemetry.status)
    // The two links are lost and found together: who is back first spares the other the rest of its wait.
    this.#status.observe(({ type, role }) => {
      if (type !== 'connected' && type !== 'resumed') return
      if (role === 'producer') this.#listening?.hurry()
      else this.#sending.hurry()
    })
    this.#sending = this.#session('producer')
    this.#producer = new Producer({
      session: this.#sending,
      failover: options.uri.options,
      clock: options.clock,
      ...(options.observer ? { observer: options.observer } : {}),
      telemetry: this.#telemetry.sends,
    })
    this.#requests = new Requests({
      host: {
        send: (destination, payload, sendOptions) => this.send(destination, payload, sendOptions),
        listen: (destination, handler, listenOptions) => this.listen(destination, handler, listenOptions),
        listenForReplies: (queue, handler, listenOptions) =>
          this.#listen(queue, handler, listenOptions, { into: this.#replyListeners }),
        declare: (queue, settings) => this.#declare(queue, settings),
      },
      queuesExpire: options.uri.endpoints.every((endpoint) => {
        const { queueSettings } = options.transportOf(endpoint).capabilities
        return queueSettings.includes('expiresAfterMs') && queueSettings.includes('deadLetterTo')
      }),
      clock: options.clock,
      random: options.random,
      logger: this.#options.logger,
      maxOpenRequests: options.maxOpenRequests,
    })
  }

  /** The list of brokers as it may be shown, without credentials and options. */
  get uri(): string {
    return describeFailoverUri(this.#options.uri)
  }

  /** Whether every broker of the list can do this. */
  can(what: 'priority' | 'expiry' | 'delay' | 'topics' | 'exchanges' | 'deadLetters'): boolean {
    return this.#brokers().every(({ capabilities }) => capabilities[what])
  }

  /** Which broker each link is up to now; undefined where it has none, or was not needed yet. */
  get links(): Readonly<Record<LinkRole, RedactedEndpoint | undefined>> {
    return { producer: this.#sending.link?.endpoint, listener: this.#listening?.link?.endpoint }
  }

  /** How many sends are unconfirmed. */
  get pending(): number {
    return this.#producer.pending
  }

  get #unsettled(): number {
    let count = 0
    for (const listeners of [this.#listeners, this.#replyListeners])
      for (const listener of listeners) count += listener.unsettled
    return count
  }

  /** Resolves when a broker is connected for sending. @throws UnderstudyError when none ever will be. */
  async connected(): Promise<void> {
    await this.#sending.connected()
  }

  /**
   * Resolves with the message's id on the broker's confirm, and only then.
   *
   * @throws SendError with `outcome` `not-sent`, `unknown`, `rejected` or `returned`; UnderstudyError
   * `invalid-option` or `unsupported` before anything is sent.
   */
  send(destination: string, payload: Payload, options: SendOptions = {}): Promise<string> {
    let message: OutgoingMessage
    try {
      message = this.#composer.compose(destination, payload, options)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#producer.send(message, options.signal)
  }

  /**
   * Makes sure that a queue exists and is as the settings say, on the broker that serves now and on every
   * later one. Queues that are never declared are made when they are first used.
   *
   * A queue that is away is asked for until it is there or the connection closes.
   *
   * @throws UnderstudyError `invalid-option` for a setting that cannot be, `unsupported` for one that a broker of
   * the list does not know, `rejected` when the queue exists and is of another kind; then nothing is declared.
   */
  async declare(queue: string, settings: DeclareOptions = {}): Promise<void> {
    if (this.#closing) throw new UnderstudyError('closed', 'the connection was closed')
    await this.#declare(queue, settings)
  }

  async #declare(queue: string, settings: DeclareOptions): Promise<void> {
    const target = parseDestination(queue)
    if (target.kind !== 'queue')
      throw new UnderstudyError('invalid-option', `only queues are declared, not ${formatDestination(target)}`)
    const { deadLetterTo, bindings, ...plain } = settings
    const read = {
      ...plain,
      ...(deadLetterTo === undefined
        ? {}
        : { deadLetterTo: deadLetterTo === null ? null : parseDestination(deadLetterTo) }),
      ...(bindings === undefined ? {} : { bindings: bindings.map(parseDestination) }),
    }
    checkQueueSettings(read, this.#brokers())
    await this.#queues.declare(target.name, read, this.#sending)
  }

  /**
   * What waits in a queue of the broker that serves now; undefined where it has no such queue. Takes nothing out of
   * it and makes none. Bounded by `confirmTimeout`.
   *
   * @throws UnderstudyError `invalid-option` for what is no queue, `deadline` when no broker answered in time, and
   * what the broker or the lost link says.
   */
  async inspect(queue: string): Promise<QueueState | undefined> {
    return await this.#ask(queue, 'a look at', (link, name) => link.inspect(name))
  }

  /**
   * Removes all that waits in a queue of the broker that serves now, and resolves with how many messages that were.
   * What listeners hold stays theirs, and what is delayed comes later all the same. Bounded by `confirmTimeout`.
   *
   * @throws UnderstudyError as {@link inspect} does; what waited may be gone by then.
   */
  async purge(queue: string): Promise<number> {
    return await this.#ask(queue, 'a purge of', (link, name) => link.purge(name))
  }

  /**
   * Takes deliveries from a destination until closed, over as many brokers as it takes.
   *
   * @throws UnderstudyError `invalid-option` for a destination or prefetch that cannot be.
   */
  listen(destination: string, handler: DeliveryHandler, options: ListenOptions = {}): Listener {
    checkListenOptions(options)
    return this.#listen(destination, handler, options)
  }

  /**
   * Deliveries from a destination for a `for await` loop, which settles each of them.
   *
   * @throws UnderstudyError as {@link listen} does.
   */
  deliveries(source: string, options: StreamOptions = {}): DeliveryStream {
    checkStreamOptions(options)
    return new DeliveryStream((handler, dropWaiting) => this.#listen(source, handler, options, { dropWaiting }))
  }

  /**
   * Sends a request and resolves with its answer.
   *
   * @throws RequestError when the responder answered with an error; SendError when no broker confirmed the
   * request; UnderstudyError `deadline` when no answer came in time, `pending-full` when too many requests
   * are open, `aborted`, `closed`, and `invalid-option` or `unsupported` before anything is sent.
   */
  request(destination: string, payload: Payload, options: RequestOptions = {}): Promise<Reply> {
    return this.#requests.request(destination, payload, options)
  }

  /**
   * Sends one request to many, by a topic as a rule, and hands out the replies as they come: until as many
   * as expected have answered, or the time is over, which is no error.
   *
   * @throws UnderstudyError from the call and from the loop, as {@link request} does.
   */
  scatter(destination: string, payload: Payload, options: ScatterOptions = {}): Gathering {
    return this.#requests.scatter(destination, payload, options)
  }

  /**
   * Answers requests until closed. The answer is confirmed first and the request acknowledged after it.
   *
   * @throws UnderstudyError `invalid-option` for a destination or prefetch that cannot be.
   */
  respond(destination: string, handler: RequestHandler, options: ResponderOptions = {}): Responder {
    return this.#requests.respond(destination, handler, options)
  }

  /** The queue of this connection alone that answers come to, such as `queue://understudy.reply.1f0c…`. */
  get replyTo(): string {
    return this.#requests.replyTo
  }

  /**
   * Hands over what comes to {@link replyTo} and answers no request, such as the results of jobs. Listens there again
   * after a failover, as requests do. Resolves once the broker has taken the subscription, with what ends it.
   *
   * @throws UnderstudyError `closed`, and what refuses the subscription.
   */
  hearReplies(hearer: ReplyHearer): Promise<() => void> {
    return this.#requests.hear(hearer)
  }

  /** What the requests of this connection have come to so far. */
  get requests(): RequestCounts {
    return this.#requests.counts
  }

  /** What the responders of this connection have come to so far. */
  get responders(): RespondingCounts {
    return this.#requests.responding
  }

  /**
   * What happens to this connection from now on, until it closes. A reader that falls 1,024 events behind
   * loses the eldest.
   */
  status(): AsyncIterableIterator<StatusEvent> {
    return this.#status.events()
  }

  /** Calls `observer` for every status event from now on. Returns what ends that. */
  observe(observer: (event: StatusEvent) => void): () => void {
    return this.#status.observe(observer)
  }

  /**
   * Finishes what is in hand, then says goodbye: handlers end, deliveries are settled, pending sends are
   * confirmed. Bounded by `drainTimeout` and by `signal`: what is still unconfirmed then is rejected and says what is
   * known of it, what is still in hand goes back to the broker. A handler or a loop that waits for it keeps
   * it waiting. Idempotent: a later signal hurries it too. Never rejects.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#drainAndClose(this.#hurry.signal)
    if (signal) abortWith(signal, this.#hurry, this.#closing)
    return this.#closing
  }

  /** `close`, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #ask<Value>(queue: string, what: string, ask: (link: Link, queue: string) => Promise<Value>): Promise<Value> {
    if (this.#closing) throw new UnderstudyError('closed', 'the connection was closed')
    const target = parseDestination(queue)
    if (target.kind !== 'queue')
      throw new UnderstudyError('invalid-option', `only queues are asked about, not ${formatDestination(target)}`)
    const { clock, uri } = this.#options
    return askBroker({
      session: this.#sending,
      clock,
      timeoutMs: uri.options.confirmTimeoutMs,
      what: `${what} queue ${target.name}`,
      ask: (link) => ask(link, target.name),
    })
  }

  #listen(
    destination: string,
    handler: ListenerOptions['handler'],
    options: ListenOptions,
    { into = this.#listeners, dropWaiting }: { into?: Set<Listener>; dropWaiting?: () => void } = {},
  ): Listener {
    // Until the last handler has ended, it may ask others and wait for their answers.
    const over = into === this.#replyListeners ? this.#requests.isClosed : this.#closing !== undefined
    if (over) throw new UnderstudyError('closed', 'the connection was closed')
    const target = this.#composer.destination(destination)
    this.#listening ??= this.#session('listener')
    const { uri, clock, logger } = this.#options
    const listener = new Listener({
      ...options,
      session: this.#listening,
      failover: uri.options,
      destination: target,
      handler,
      ...(dropWaiting ? { dropWaiting } : {}),
      codecs: this.#codecs,
      observers: this.#telemetry.deliveries,
      clock,
      logger,
      onOver: (ended) => into.delete(ended),
    })
    into.add(listener)
    return listener
  }

  async #drainAndClose(signal: AbortSignal): Promise<void> {
    const { clock, uri } = this.#options
    const drain = async (late: AbortSignal): Promise<void> => {
      const close = async (listeners: ReadonlySet<Listener>): Promise<void> => {
        await Promise.all([...listeners].map((listener) => listener.close(late)))
      }
      await close(this.#listeners)
      this.#requests.close()
      await close(this.#replyListeners)
      await this.#producer.drain(late)
      await Promise.all([this.#sending.close(late), this.#listening?.close(late)])
    }
    await withDeadline(clock, uri.options.drainTimeoutMs, drain, signal)
    this.#status.end()
    this.#telemetry.close()
  }

  #session(role: LinkRole): FailoverSession {
    const { uri, transportOf, clock, random, logger } = this.#options
    return new FailoverSession({
      role,
      uri,
      transportOf,
      clock,
      random,
      logger,
      status: this.#status,
      topology: this.#queues,
    })
  }

  #brokers(): { readonly scheme: string; readonly capabilities: Capabilities }[] {
    const { uri, transportOf } = this.#options
    return uri.endpoints.map((endpoint) => ({
      scheme: endpoint.scheme,
      capabilities: transportOf(endpoint).capabilities,
    }))
  }
}
