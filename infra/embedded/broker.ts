import { join } from 'node:path'
import { QueueEngine, type QueueJournal } from '../../adapters/memory/queue-engine/queue-engine.ts'
import type { Clock, Timer } from '../../src/clock.ts'
import { messageOf } from '../../src/errors.ts'
import { CommitGroup } from './commit-group.ts'
import { isTempQueue } from './stomp/destination-header.ts'
import { DEFAULT_FRAME_LIMITS } from './stomp/frame-parser.ts'
import type { Credentials } from './stomp/handshake.ts'
import { removeHolder, writeHolder } from './holder.ts'
import { SharedLock } from './lock.ts'
import type { BrokerLog } from './log.ts'
import { StompServer } from './stomp/stomp-server.ts'
import { MessageStore } from './store.ts'
import { deadLetterFrame, type StoredFrame } from './stored-frame.ts'

export interface BrokerOptions {
  readonly name: string
  /** The folder that both brokers of a pair share. */
  readonly dir: string
  readonly host: string
  /** 0 for any free one; the log says which. */
  readonly port: number
  /** How often a standby asks for the lock, and its holder makes sure of it, in milliseconds. */
  readonly lockPollMs: number
  /** Undefined lets everybody in. */
  readonly credentials: Credentials | undefined
  readonly clock: Clock
  readonly log: BrokerLog
}

/** A broker that has the lock and the store. */
interface Service {
  readonly engine: QueueEngine<StoredFrame>
  readonly group: CommitGroup
  readonly store: MessageStore
  readonly server: StompServer
  /** How many messages it took over. */
  readonly restored: number
}

/**
 * - `standby`: the lock is asked for at every tick. No port is open.
 * - `opening`: the lock is held; store and port are being opened.
 * - `serving`: clients are served; every tick makes sure of the lock.
 * - `stopping`: it was told to stop.
 * - `stopped`: nothing is left, and the lock is free.
 */
type State =
  | { readonly kind: 'standby'; readonly tick: Timer | undefined }
  | { readonly kind: 'opening' }
  | { readonly kind: 'serving'; readonly service: Service; readonly tick: Timer }
  | { readonly kind: 'stopping'; readonly service: Service }
  | { readonly kind: 'stopped' }

const HANDSHAKE_MS = 10_000
const MAX_CONNECTIONS = 1_000

/** One broker of a pair, from its start as a standby to its end. */
export class EmbeddedBroker {
  readonly #options: BrokerOptions
  readonly #lock: SharedLock
  readonly #finish: (failed: boolean) => void
  /** Settles when nothing of the broker is left: true when it stopped because it could not go on. */
  readonly finished: Promise<boolean>
  #state: State = { kind: 'standby', tick: undefined }
  #stopReason: string | undefined
  #acquiredAt: number | undefined

  constructor(options: BrokerOptions) {
    this.#options = options
    this.#lock = new SharedLock(join(options.dir, 'lock.db'))
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.finished = promise
    this.#finish = resolve
  }

  start(): void {
    const { dir, log, port } = this.#options
    log({ event: 'starting', pid: process.pid, dir, port })
    this.#askForLock(true)
  }

  /**
   * Stops in order: nothing new is taken, what was taken is committed and answered, connections end, the lock
   * is released. Takes about half a second when a client does not let go. May be called twice.
   */
  stop(reason: string): void {
    this.#stopReason ??= reason
    const state = this.#state
    switch (state.kind) {
      case 'standby':
        this.#announceStop()
        this.#end(false)
        break
      case 'serving':
        this.#announceStop()
        void this.#stopServing(state.service)
        break
      // It is looked at again once the port is open.
      case 'opening':
      case 'stopping':
      case 'stopped':
        break
    }
  }

  #askForLock(first: boolean): void {
    const { log, lockPollMs } = this.#options
    try {
      const store = this.#acquire()
      if (store !== undefined) {
        log({ event: 'lock-acquired' })
        this.#noteHolder(this.#options.port)
        void this.#serve(store)
        return
      }
      if (first) log({ event: 'standby', lockPollMs })
      this.#transition({ kind: 'standby', tick: this.#tick(() => this.#askForLock(false)) })
    } catch (error) {
      this.#fail(error)
    }
  }

  /** The lock together with the store; neither without the other. */
  #acquire(): MessageStore | undefined {
    if (!this.#lock.tryAcquire()) return undefined
    const store = MessageStore.open(join(this.#options.dir, 'messages.db'))
    // Somebody lost the lock's file and has not noticed yet: a stopped process, for one.
    if (store === undefined) this.#lock.release()
    return store
  }

  #noteHolder(port: number): void {
    const { clock, dir, name } = this.#options
    this.#acquiredAt ??= clock.wallTime()
    writeHolder(dir, { name, pid: process.pid, port, at: this.#acquiredAt })
  }

  async #serve(store: MessageStore): Promise<void> {
    this.#transition({ kind: 'opening' })
    try {
      const service = await this.#open(store)
      const { port } = service.server
      if (port !== this.#options.port) this.#noteHolder(port)
      this.#transition({ kind: 'serving', service, tick: this.#watchLock() })
      this.#options.log({ event: 'serving', port, epoch: store.epoch, messages: service.restored })
      if (this.#stopReason !== undefined) this.stop(this.#stopReason)
    } catch (error) {
      store.close()
      this.#fail(error)
    }
  }

  async #open(store: MessageStore): Promise<Service> {
    const { clock, credentials, host, log, port } = this.#options
    const group = new CommitGroup(
      () => {
        // Last look before anything is confirmed: without the lock another broker may be serving.
        this.#lock.assertHeld()
        store.commit()
      },
      (error) => this.#fail(error),
    )
    const engine = new QueueEngine<StoredFrame>({
      clock,
      journal: journalOf(store, group),
      deadLetterPayload: deadLetterFrame,
      // Nobody could ever ask for them.
      takeDeadLetter: (from) => from.kind === 'queue' && isTempQueue(from.name),
    })
    let messageIds = 0
    const nextMessageId = (): string => `ID:${store.id}-${store.epoch}-${++messageIds}`
    try {
      const { last, messages } = store.load((queue, message) => engine.restore(queue, message))
      engine.continueAbove(last)
      const server = await StompServer.listen(
        { host, port, maxConnections: MAX_CONNECTIONS },
        {
          engine,
          clock,
          group,
          credentials,
          nextMessageId,
          limits: DEFAULT_FRAME_LIMITS,
          handshakeMs: HANDSHAKE_MS,
          onClientError: (client, message) => log({ event: 'client-error', client, message }),
        },
      )
      return { engine, group, store, server, restored: messages }
    } catch (error) {
      group.close()
      engine.close()
      throw error
    }
  }

  #watchLock(): Timer {
    return this.#tick(() => {
      if (this.#state.kind !== 'serving') return
      try {
        this.#lock.assertHeld()
        this.#transition({ ...this.#state, tick: this.#watchLock() })
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  #tick(action: () => void): Timer {
    return this.#options.clock.after(this.#options.lockPollMs, action)
  }

  #announceStop(): void {
    this.#options.log({ event: 'stopping', reason: this.#stopReason ?? '' })
  }

  async #stopServing(service: Service): Promise<void> {
    this.#transition({ kind: 'stopping', service })
    await service.server.close()
    // A commit that failed meanwhile has ended everything.
    if (this.#state.kind !== 'stopping') return
    this.#closeService(service)
    removeHolder(this.#options.dir)
    this.#end(false)
  }

  /** The broker cannot keep its promises: it confirms nothing more and leaves. */
  #fail(error: unknown): void {
    const state = this.#state
    if (state.kind === 'stopped') return
    this.#options.log({ event: 'error', message: messageOf(error) })
    if (state.kind === 'serving' || state.kind === 'stopping') this.#closeService(state.service)
    this.#end(true)
  }

  #closeService({ engine, group, server, store }: Service): void {
    group.close()
    server.destroy()
    engine.close()
    store.close()
  }

  #end(failed: boolean): void {
    const { kind } = this.#state
    if (kind === 'stopped') return
    this.#transition({ kind: 'stopped' })
    this.#lock.release()
    if (kind !== 'standby') this.#options.log({ event: 'lock-released', reason: failed ? 'error' : 'stopped' })
    if (!failed) this.#options.log({ event: 'stopped' })
    this.#finish(failed)
  }

  #transition(next: State): void {
    if (this.#state.kind === 'standby' || this.#state.kind === 'serving') this.#state.tick?.cancel()
    this.#state = next
  }
}

/** The store as the engine's journal; what it is told is committed with the current turn, waited for or not. */
function journalOf(store: MessageStore, group: CommitGroup): QueueJournal<StoredFrame> {
  return {
    enqueued(queue, message) {
      store.enqueued(queue, message)
      group.schedule()
    },
    dispatched(queue, message) {
      store.dispatched(queue, message)
      group.schedule()
    },
    removed(queue, message) {
      store.removed(queue, message)
      group.schedule()
    },
  }
}
