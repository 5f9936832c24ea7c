import { aborted, type Clock, type Random, type Timer, withDeadline } from '../clock.ts'
import { type ErrorCode, messageOf, UnderstudyError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { type Endpoint, redact } from '../transport/endpoint.ts'
import type { Link } from '../transport/link.ts'
import { NOTHING_DECLARED, type Topology } from '../transport/topology.ts'
import type { Transport } from '../transport/transport.ts'
import { Backoff } from './backoff.ts'
import { dial, discard } from './dial.ts'
import { EndpointList } from './endpoints.ts'
import { Pause } from './pause.ts'
import { type Dialled, retryDial } from './retry.ts'
import { logStatus } from './status-log.ts'
import type { LinkRole, StatusBroadcast, StatusEvent } from './status.ts'
import type { FailoverUri } from './uri.ts'

/** What lives on a session's links: a producer or a listener. None of these calls may throw. */
export interface SessionTenant {
  /** A link is up. It is the only one until `linkDown`; after `quiesce` it may be the same one again. */
  linkUp(link: Link): void
  /** The link is gone. What is unfinished on it is being rejected, some of it perhaps a little later. */
  linkDown(error: UnderstudyError): void
  /** The broker has stopped to read from the present link, or reads on. A new link starts unblocked. */
  linkBlocked(blocked: boolean): void
  /** No link will come any more. */
  ended(error: UnderstudyError): void
  /** Starts nothing new on the present link, and resolves once nothing is unfinished on it. */
  quiesce(): Promise<void>
}

export interface SessionOptions {
  readonly role: LinkRole
  readonly uri: FailoverUri
  /** The adapter for an endpoint's scheme. */
  readonly transportOf: (endpoint: Endpoint) => Transport
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly status: StatusBroadcast
  /** What the application declared of queues. Defaults to nothing. */
  readonly topology?: Topology
}

/** Each state with what belongs to it; what a state started is ended when the state is left. */
type State =
  /** Nothing was asked of it yet. */
  | { readonly name: 'idle' }
  /** The list is being tried for the first time. */
  | { readonly name: 'dialling'; readonly since: number; readonly stop: AbortController }
  /** One link is up. */
  | {
      readonly name: 'connected'
      readonly since: number
      readonly current: Dialled
      probe: Timer | undefined
      readonly stop: AbortController
    }
  /** The link was lost; the list is being tried again. */
  | {
      readonly name: 'reconnecting'
      readonly since: number
      readonly lost: Endpoint
      passes: number
      readonly stop: AbortController
    }
  /** A preferred broker is connected too; the tenants finish on the present link. */
  | {
      readonly name: 'switching'
      readonly since: number
      readonly current: Dialled
      readonly better: Dialled
      betterDied: boolean
      readonly stop: AbortController
    }
  /** Closed by its owner, or failed for good. */
  | { readonly name: 'ended'; readonly error: UnderstudyError }

// How often a preferred broker is tried while another one serves.
const PRIORITY_PROBE_MS = 1000
// Such a broker may greet whoever comes, and be silent again.
const SILENT: ReadonlySet<ErrorCode> = new Set(['confirm-timeout', 'heartbeat-lost'])
const MOVED = 'the connection moves to a preferred broker'

/**
 * The one reconnect loop. It keeps at most one link for its tenants, dials the list when there is none,
 * and tells them what happened. The states and their order are drawn in `docs/state-machines.md`.
 */
export class FailoverSession {
  readonly #options: SessionOptions
  readonly #endpoints: EndpointList
  readonly #backoff: Backoff
  readonly #pause: Pause
  readonly #tenants = new Set<SessionTenant>()
  readonly #waiting = new Set<{ resolve: (link: Link) => void; reject: (error: UnderstudyError) => void }>()
  readonly #leaveNow = new AbortController()
  #state: State = { name: 'idle' }
  /** How many times in a row a preferred broker died young, or was given up because it said nothing. */
  #preferredFlaps = 0
  /** Links whose broker has stopped to read, with its reason. */
  readonly #blocked = new WeakMap<Link, string>()
  #closing: Promise<void> | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#endpoints = new EndpointList(options.uri, options.random)
    this.#backoff = new Backoff(options.uri.options, options.random)
    this.#pause = new Pause(options.clock)
  }

  /** The link that is up, or undefined. */
  get link(): Link | undefined {
    return this.#state.name === 'connected' || this.#state.name === 'switching' ? this.#state.current.link : undefined
  }

  /** Whether the broker of the link that is up has stopped to read. */
  get isBlocked(): boolean {
    return this.link !== undefined && this.#blocked.has(this.link)
  }

  /** Why no link will come any more, or undefined. */
  get endedBy(): UnderstudyError | undefined {
    return this.#state.name === 'ended' ? this.#state.error : undefined
  }

  /** Begins to dial, once; later calls do nothing. */
  open(): void {
    if (this.#state.name !== 'idle') return
    const now = this.#options.clock.now()
    this.#backoff.restart(now)
    this.#transition({ name: 'dialling', since: now, stop: new AbortController() })
  }

  /** Resolves with the link that is up, or with the next one. All who wait share the one dial. */
  connected(): Promise<Link> {
    this.open()
    if (this.link) return Promise.resolve(this.link)
    if (this.endedBy) return Promise.reject(this.endedBy)
    return new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }))
  }

  /** Takes a tenant in. It is given the link at once where one is up. */
  attach(tenant: SessionTenant): void {
    this.#tenants.add(tenant)
    if (this.#state.name === 'ended') tenant.ended(this.#state.error)
    else if (this.link) {
      tenant.linkUp(this.link)
      if (this.link && this.#blocked.has(this.link)) tenant.linkBlocked(true)
    }
  }

  detach(tenant: SessionTenant): void {
    this.#tenants.delete(tenant)
  }

  /** Gives up a link that is up but does not do its work, as if it had been lost for `error`. */
  abandon(link: Link, error: UnderstudyError): void {
    if (this.link !== link) return
    this.#lost(link, error)
    void discard(link)
  }

  /** A broker of the list has answered somebody else: the next pass over it need not wait. */
  hurry(): void {
    if (!this.#backoff.flapping) this.#pause.cutShort()
  }

  /** Ends the link and the loop. The tenants have been drained by their owner. Idempotent, never rejects. */
  close(signal: AbortSignal): Promise<void> {
    this.#closing ??= this.#end(signal)
    return this.#closing
  }

  async #end(signal: AbortSignal): Promise<void> {
    const state = this.#state
    this.#transition({ name: 'ended', error: new UnderstudyError('closed', 'the connection was closed') })
    this.#leaveNow.abort()
    const links = 'current' in state ? [state.current.link] : []
    if (state.name === 'switching') links.push(state.better.link)
    await Promise.allSettled(links.map(async (link) => link.close(signal)))
  }

  /** The only place where the state changes. Ends what the old state started, then starts what the new one needs. */
  #transition(next: State): void {
    const previous = this.#state
    if (previous.name === 'ended') return
    this.#state = next
    if (previous.name === 'connected') previous.probe?.cancel()
    if (previous.name !== 'idle' && previous.name !== 'connected') previous.stop.abort()
    if (previous.name === 'connected' && next.name !== 'switching') previous.stop.abort()

    switch (next.name) {
      case 'idle':
        break
      case 'dialling':
      case 'reconnecting':
        void this.#dialList(next)
        break
      case 'connected':
        this.#enterConnected(next, previous)
        break
      case 'switching':
        this.report({ type: 'switching', role: this.#options.role, endpoint: redact(next.better.endpoint) })
        void this.#handOver(next)
        break
      case 'ended':
        this.#enterEnded(next.error)
        break
    }
  }

  async #dialList(state: Extract<State, { name: 'dialling' | 'reconnecting' }>): Promise<void> {
    const { clock, role, uri } = this.#options
    const startup = state.name === 'dialling'
    const lost = startup ? undefined : state.lost
    let firstPass = true
    try {
      const dialled = await retryDial(
        {
          clock,
          backoff: this.#backoff,
          pause: this.#pause,
          retries: startup ? uri.options.startupMaxReconnectAttempts : uri.options.maxReconnectAttempts,
          pass: () => {
            const order = this.#endpoints.pass(firstPass ? lost : undefined)
            firstPass = false
            return order
          },
          dial: (endpoint, signal) => this.#dialOne(endpoint, signal),
          onAttemptFailed: (endpoint, error) =>
            this.report({ type: 'attempt-failed', role, endpoint: redact(endpoint), error }),
          onPassFailed: (passes, delayMs) => {
            if (state.name === 'reconnecting') state.passes = passes
            this.#warn(passes, delayMs)
            this.report({ type: 'reconnecting', role, passes, delayMs })
          },
        },
        state.stop.signal,
      )
      if (this.#state === state) this.#transition(this.#connectedTo(dialled))
      else void discard(dialled.link)
    } catch (thrown) {
      if (this.#state !== state) return
      const error =
        thrown instanceof UnderstudyError
          ? thrown
          : new UnderstudyError('unreachable', messageOf(thrown), { cause: thrown })
      this.#transition({ name: 'ended', error })
    }
  }

  async #dialOne(endpoint: Endpoint, signal: AbortSignal): Promise<Link> {
    const { transportOf, clock, topology = NOTHING_DECLARED } = this.#options
    let link: Link | undefined
    let reason: string | undefined
    const onBlocked = (now: string | undefined): void => {
      reason = now
      if (link) this.#linkBlocked(link, now)
    }
    link = await dial(transportOf(endpoint), endpoint, clock, signal, { topology, onBlocked })
    if (reason !== undefined) this.#blocked.set(link, reason)
    return link
  }

  /** A broker that runs out of memory or disk says so, and reads nothing until it has some. */
  #linkBlocked(link: Link, reason: string | undefined): void {
    const was = this.#blocked.has(link)
    if (reason === undefined) this.#blocked.delete(link)
    else this.#blocked.set(link, reason)
    if (this.link === link && was !== (reason !== undefined)) this.#tellBlocked(link, reason)
  }

  #tellBlocked(link: Link, reason: string | undefined): void {
    const { role } = this.#options
    const { endpoint } = link
    for (const tenant of this.#tenants) tenant.linkBlocked(reason !== undefined)
    if (reason === undefined) this.report({ type: 'unblocked', role, endpoint })
    else this.report({ type: 'blocked', role, endpoint, reason })
  }

  #connectedTo(dialled: Dialled, since: number = this.#options.clock.now()): Extract<State, { name: 'connected' }> {
    return { name: 'connected', since, current: dialled, probe: undefined, stop: new AbortController() }
  }

  #enterConnected(state: Extract<State, { name: 'connected' }>, previous: State): void {
    const { role } = this.#options
    const { link } = state.current
    const endpoint = link.endpoint
    void link.closed.then((closed) => {
      if (closed.kind === 'lost') this.#lost(link, closed.error)
    })
    if (previous.name === 'dialling')
      this.report({ type: 'connected', role, endpoint, afterMs: state.since - previous.since })
    else {
      const passes = previous.name === 'reconnecting' ? previous.passes + 1 : 1
      const outageMs = previous.name === 'reconnecting' ? state.since - previous.since : 0
      this.report({ type: 'resumed', role, endpoint, outageMs, passes })
    }
    for (const waiting of this.#waiting) waiting.resolve(link)
    this.#waiting.clear()
    // Whoever was just told may have closed the session, or given the link up again.
    for (const tenant of this.#tenants) if (this.#state === state) tenant.linkUp(link)
    const blocked = this.#blocked.get(link)
    if (this.#state === state && blocked !== undefined) this.#tellBlocked(link, blocked)
    if (this.#state === state) this.#probePreferred(state)
  }

  #lost(link: Link, error: UnderstudyError): void {
    const state = this.#state
    if ((state.name !== 'connected' && state.name !== 'switching') || state.current.link !== link) return
    const { clock, role, uri } = this.#options
    const now = clock.now()
    const livedMs = now - state.since
    this.#backoff.linkLost(now, livedMs)
    if (this.#endpoints.betterThan(state.current.endpoint).length === 0) {
      const isNoUse = livedMs < uri.options.stabilityWindowMs || SILENT.has(error.code)
      this.#preferredFlaps = isNoUse ? this.#preferredFlaps + 1 : 0
    }
    for (const tenant of this.#tenants) tenant.linkDown(error)
    this.report({ type: 'interrupted', role, endpoint: link.endpoint, error })
    // Whoever was just told may have closed the session.
    if (this.#state !== state) return
    // The preferred link that is already up saves the dial.
    if (state.name === 'switching' && !state.betterDied) this.#transition(this.#connectedTo(state.better))
    else {
      const lost = state.current.endpoint
      this.#transition({ name: 'reconnecting', since: now, lost, passes: 0, stop: new AbortController() })
    }
  }

  /** While a second choice serves, a preferred broker is tried once in a while; rarely if it keeps dying. */
  #probePreferred(state: Extract<State, { name: 'connected' }>): void {
    const better = this.#endpoints.betterThan(state.current.endpoint)
    if (better.length === 0) return
    const { clock, uri } = this.#options
    const longest = Math.max(PRIORITY_PROBE_MS, uri.options.maxReconnectDelayMs)
    state.probe = clock.after(Math.min(PRIORITY_PROBE_MS * 2 ** this.#preferredFlaps, longest), () => {
      void this.#dialPreferred(better, state).then((found) => {
        if (this.#state !== state) {
          if (found) void discard(found.link)
        } else if (found) this.#transition({ ...state, name: 'switching', better: found, betterDied: false })
        else this.#probePreferred(state)
      })
    })
  }

  async #dialPreferred(
    better: readonly Endpoint[],
    state: Extract<State, { name: 'connected' }>,
  ): Promise<Dialled | undefined> {
    for (const endpoint of better) {
      try {
        return { link: await this.#dialOne(endpoint, state.stop.signal), endpoint }
      } catch {
        if (state.stop.signal.aborted) return undefined
      }
    }
    return undefined
  }

  async #handOver(state: Extract<State, { name: 'switching' }>): Promise<void> {
    const { clock, uri } = this.#options
    void state.better.link.closed.then(() => {
      state.betterDied = true
    })
    const quiesced = Promise.allSettled([...this.#tenants].map((tenant) => tenant.quiesce())).then(() => true)
    const inTime = await withDeadline(
      clock,
      uri.options.drainTimeoutMs,
      (signal) => Promise.race([quiesced, aborted(signal).then(() => false)]),
      state.stop.signal,
    )
    if (this.#state !== state) return
    if (state.betterDied) {
      this.#preferredFlaps++
      // Nothing is unfinished on the present link, so it can be taken up again; else it is as good as lost.
      if (inTime) this.#transition(this.#connectedTo(state.current, state.since))
      else this.abandon(state.current.link, new UnderstudyError('link-lost', MOVED, { retriable: true }))
      return
    }
    const moved = new UnderstudyError('link-lost', MOVED, { retriable: true })
    for (const tenant of this.#tenants) tenant.linkDown(moved)
    this.#transition(this.#connectedTo(state.better))
    void this.#leave(state.current.link)
  }

  /** Says goodbye to a link that was left for a better one. */
  async #leave(link: Link): Promise<void> {
    const { clock, uri } = this.#options
    try {
      await withDeadline(clock, uri.options.drainTimeoutMs, (signal) => link.close(signal), this.#leaveNow.signal)
    } catch {
      // It is gone either way.
    }
  }

  #enterEnded(error: UnderstudyError): void {
    const { role } = this.#options
    for (const waiting of this.#waiting) waiting.reject(error)
    this.#waiting.clear()
    for (const tenant of this.#tenants) tenant.ended(error)
    this.#tenants.clear()
    this.report(error.code === 'closed' ? { type: 'closed', role } : { type: 'failed', role, error })
  }

  #warn(passes: number, delayMs: number): void {
    const first = this.#options.uri.options.warnAfterReconnectAttempts
    if (first <= 0 || passes < first || !Number.isInteger(Math.log2(passes / first))) return
    this.#options.logger.warn(
      { role: this.#options.role, passes, delayMs },
      `no broker answered in ${passes} passes over the list`,
    )
  }

  /** Tells the news, a tenant's own too, to those who watch the connection and to the log. */
  report(event: StatusEvent): void {
    logStatus(this.#options.logger, event)
    this.#options.status.publish(event)
  }
}
