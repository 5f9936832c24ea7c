import type { Clock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type Destination, formatDestination } from '../../src/transport/destination.ts'
import type { OutgoingMessage } from '../../src/transport/message.ts'
import type { QueueState } from '../../src/transport/queue-state.ts'
import type { QueueSettings } from '../../src/transport/topology.ts'
import { type StoredMessage, storeMessage } from './message.ts'
import { type EngineConsumer, QueueEngine, type QueuedMessage } from './queue-engine/queue-engine.ts'
import { engineAddress, Routes } from './routes.ts'

/** What is wrong with a broker at the moment, because a test wants it so. */
export interface Faults {
  /** No port is open. Links that are up stay up. */
  readonly refusing: boolean
  /** No process is there. */
  readonly stopped: boolean
  /** Nobody's credentials are good enough. */
  readonly strict: boolean
  /** It accepts connections and answers nothing. */
  readonly muted: boolean
  /** Why it takes no sends, if it takes none. */
  readonly blocked: string | undefined
  /** It takes sends and keeps the confirms to itself. */
  readonly holding: boolean
  /** How many of the next sends it refuses. */
  readonly nacks: number
}

/** What is wrong with one way to a broker, for those who come that way. */
export interface DoorFaults {
  /** New connections are refused. */
  readonly refusing: boolean
  /** New connections are accepted and thrown out again. */
  readonly slamming: boolean
  /** Nothing is passed on, either way. */
  readonly muted: boolean
  /** What clients say is passed on; what the broker answers is kept back. */
  readonly holding: boolean
}

interface Door {
  faults: DoorFaults
  dials: number
}

/** The broker's end of a link. */
export interface BrokerLink {
  /** The port of the URI that it was dialled by: which way it came. */
  readonly port: number
  /** The connection breaks. */
  lose(why: string): void
  /** The faults of the broker or of this way to it have changed. */
  faultsChanged(): void
  /** Every subscription ends while the link lives on. */
  cancelConsumers(): void
}

const SOUND: Faults = {
  refusing: false,
  stopped: false,
  strict: false,
  muted: false,
  blocked: undefined,
  holding: false,
  nacks: 0,
}

const OPEN: DoorFaults = { refusing: false, slamming: false, muted: false, holding: false }

// JMS gives this priority to a message whose sender names none.
const DEFAULT_PRIORITY = 4

export interface MemoryBrokerOptions {
  readonly clock: Clock
  /** Called when nothing is left that anybody could notice: no link, no message, no fault. */
  readonly onIdle: () => void
}

/** A broker in this process: queues, topics, exchanges and bindings over the queue engine, and faults on demand. */
export class MemoryBroker {
  readonly #clock: Clock
  readonly #onIdle: () => void
  readonly #engine: QueueEngine<StoredMessage>
  readonly #declared = new Map<string, QueueSettings>()
  readonly #routes = new Routes()
  readonly #links = new Set<BrokerLink>()
  readonly #doors = new Map<number, Door>()
  readonly #waiting = new Set<() => void>()
  #faults: Faults = SOUND

  constructor({ clock, onIdle }: MemoryBrokerOptions) {
    this.#clock = clock
    this.#onIdle = onIdle
    this.#engine = new QueueEngine<StoredMessage>({
      clock,
      takeDeadLetter: (from, { payload }) => {
        const to = from.kind === 'queue' ? this.#declared.get(from.name)?.deadLetterTo : undefined
        if (to === undefined) return false
        // Left to policies, of which there are none here.
        if (to === null) return true
        const message = { ...payload.message, expiresAtMs: undefined, deliverAtMs: undefined }
        this.#deliverTo(to, { ...payload, message })
        return true
      },
    })
    this.#engine.setResting(true)
  }

  get faults(): Faults {
    return this.#faults
  }

  /** What is wrong with the way through this port. */
  doorFaults(port: number): DoorFaults {
    return this.#doors.get(port)?.faults ?? OPEN
  }

  /** Changes what is wrong, and lets every link see it. */
  setFaults(faults: Partial<Faults>): void {
    this.#faults = { ...this.#faults, ...faults }
    this.#tellFaults()
  }

  /** Opens a door where there is none, whose dials are counted from then on, and changes what is wrong with it. */
  setDoor(port: number, faults: DoorFaults = OPEN): void {
    this.#doors.set(port, { dials: this.dials(port), faults })
    this.#tellFaults()
  }

  /** Takes back whatever is wrong, and forgets the doors. */
  reset(): void {
    this.#doors.clear()
    this.setFaults(SOUND)
  }

  /** How many connections came through a door since it was opened, those that were thrown out included. */
  dials(port: number): number {
    return this.#doors.get(port)?.dials ?? 0
  }

  countDial(port: number): void {
    const door = this.#doors.get(port)
    if (door !== undefined) door.dials += 1
  }

  /** How many links are up that came through a port. */
  linksThrough(port: number): number {
    let count = 0
    for (const link of this.#links) if (link.port === port) count += 1
    return count
  }

  /** Breaks every connection that is up, or those through one port. */
  cut(why: string, port?: number): void {
    for (const link of this.#links) if (port === undefined || link.port === port) link.lose(why)
  }

  cancelConsumers(): void {
    for (const link of this.#links) link.cancelConsumers()
  }

  /** The process ends: links break, and only persistent messages are there when it is started again. */
  stop(): void {
    this.setFaults({ stopped: true })
    this.cut('the broker was stopped')
    this.#engine.discard(({ persistent }) => !persistent)
  }

  /** How many messages a queue holds: those that are delivered and not settled included, those with a delay not. */
  depth(queue: string): number {
    const { ready, unsettled } = this.#engine.depth(queue)
    return ready + unsettled
  }

  /** Resolves when a fault has come or gone, or when `signal` fires. */
  async faultsToChange(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done)
        this.#waiting.delete(done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  join(link: BrokerLink): void {
    this.#links.add(link)
    this.#engine.setResting(false)
  }

  leave(link: BrokerLink): void {
    this.#links.delete(link)
    // A timer would keep a process alive that has closed everything it had.
    if (this.#links.size === 0) this.#engine.setResting(true)
    this.forgetIfIdle()
  }

  forgetIfIdle(): void {
    const isNoticed = this.#links.size > 0 || !this.#engine.isEmpty || this.#doors.size > 0
    if (isNoticed || Object.values(this.#faults).some(Boolean)) return
    this.#engine.close()
    this.#onIdle()
  }

  /**
   * Takes a message.
   *
   * @throws UnderstudyError `rejected` when a queue is full or a refusal was asked for, `returned` when
   * an exchange has nobody to give it to.
   */
  publish(message: OutgoingMessage, attempt: number): void {
    if (this.#faults.nacks > 0) {
      this.#faults = { ...this.#faults, nacks: this.#faults.nacks - 1 }
      throw new UnderstudyError('rejected', 'the broker was told to refuse it')
    }
    const { destination } = message
    for (const queue of this.#queuesOf(destination)) {
      const { maxLength = Number.POSITIVE_INFINITY } = this.#declared.get(queue) ?? {}
      if (this.#engine.depth(queue).ready < maxLength) continue
      throw new UnderstudyError('rejected', `queue://${queue} holds as many messages as it may`, { retriable: true })
    }
    if (this.#deliverTo(destination, storeMessage(message, attempt)) > 0 || destination.kind !== 'exchange') return
    throw new UnderstudyError('returned', `no queue is bound to ${formatDestination(destination)}`)
  }

  /**
   * @throws UnderstudyError `rejected` when the queue was declared differently; bindings are added.
   */
  declare(queue: string, settings: QueueSettings): void {
    const earlier = this.#declared.get(queue)
    if (earlier !== undefined && kindOf(earlier) !== kindOf(settings))
      throw new UnderstudyError('rejected', `queue://${queue} exists with other settings`)
    this.#declared.set(queue, settings)
    for (const source of settings.bindings ?? []) if (source.kind !== 'queue') this.#routes.bind(source, queue)
  }

  /** What waits in a queue; undefined where nobody declared or used it. */
  inspect(queue: string): QueueState | undefined {
    const { ready, consumers } = this.#engine.inspect(queue) ?? { ready: 0, consumers: 0 }
    const isThere = this.#engine.inspect(queue) !== undefined || this.#declared.has(queue)
    return isThere ? { ready, isExact: true, consumers } : undefined
  }

  /** Drops what waits in a queue, and tells how many messages that were. */
  purge(queue: string): number {
    return this.#engine.purge(queue)
  }

  /** Adds a consumer, paused. */
  consume(
    from: Destination,
    prefetch: number,
    deliver: (message: QueuedMessage<StoredMessage>) => void,
  ): EngineConsumer<StoredMessage> {
    return this.#engine.consume(engineAddress(from), { prefetch, deliver })
  }

  #tellFaults(): void {
    for (const link of this.#links) link.faultsChanged()
    for (const wake of this.#waiting) wake()
    this.forgetIfIdle()
  }

  /** @returns how many copies there are. */
  #deliverTo(destination: Destination, payload: StoredMessage): number {
    const queues = this.#queuesOf(destination)
    for (const queue of queues) this.#enqueue(queue, payload)
    if (destination.kind === 'queue') return 1
    const topic = engineAddress(destination)
    const subscribers = this.#engine.subscribers(topic)
    const { persistent, expiresAtMs, body } = payload.message
    if (subscribers > 0) this.#engine.send(topic, { payload, sizeBytes: body.length, persistent, expiresAtMs })
    return queues.size + subscribers
  }

  #queuesOf(destination: Destination): ReadonlySet<string> {
    return destination.kind === 'queue' ? new Set([destination.name]) : this.#routes.queuesOf(destination)
  }

  #enqueue(queue: string, payload: StoredMessage): void {
    const { body, persistent, priority = DEFAULT_PRIORITY, expiresAtMs: ownMs, deliverAtMs } = payload.message
    const { messageTtlMs, maxPriority = 0 } = this.#declared.get(queue) ?? {}
    // What is delayed does not wait in the queue yet.
    const sinceMs = Math.max(this.#clock.wallTime(), deliverAtMs ?? 0)
    const ttlMs = messageTtlMs === undefined ? undefined : sinceMs + messageTtlMs
    this.#engine.send(
      { kind: 'queue', name: queue },
      {
        payload,
        sizeBytes: body.length,
        persistent,
        expiresAtMs: ownMs === undefined || ttlMs === undefined ? (ownMs ?? ttlMs) : Math.min(ownMs, ttlMs),
        deliverAtMs,
        priority: Math.min(priority, maxPriority),
      },
    )
  }
}

/** What two declarations of one queue must agree on. */
function kindOf({ type, deadLetterTo, messageTtlMs, maxLength, maxPriority }: QueueSettings): string {
  const to = deadLetterTo && formatDestination(deadLetterTo)
  return JSON.stringify([type, to, messageTtlMs, maxLength, maxPriority])
}
