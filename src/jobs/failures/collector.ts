import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { aborted, pause } from '../../clock.ts'
import { messageOf, UnderstudyError } from '../../errors.ts'
import type { Delivery } from '../../listener/delivery.ts'
import type { Listener } from '../../listener/listener.ts'
import { checkNames, type NamesOf } from '../../transport/option-names.ts'
import { FAILED_QUEUE } from '../job-host.ts'
import { failureOfLetter } from './dead-letters.ts'
import type { DeskHost } from './desk-host.ts'
import { type FailedDelivery, failureOf, withId } from './failure-of.ts'
import { FAILURE_RECORD_TYPE, parseFailure } from './failure-record.ts'
import type { Failure } from './failure.ts'
import { returnQueueName } from './requeue/options.ts'

/** Where failures and dead letters are taken from, and for how long. */
export interface CollectOptions {
  /**
   * The queues that are emptied into the store: `understudy.failed`, and those of dead letters, such as `DLQ.images` on
   * RabbitMQ and `ActiveMQ.DLQ` on ActiveMQ. Defaults to `understudy.failed` alone.
   */
  readonly queues?: readonly string[]
  /** Ends when nothing waits any more. Defaults to false: until the signal fires. */
  readonly once?: boolean
  /** Ends it. Needed unless it is for once. */
  readonly signal?: AbortSignal
}

/** What became of the failures that waited in queues of the broker. */
export interface CollectOutcome {
  /** How many are in the store and out of their queues. */
  readonly kept: number
  /** How many the store cannot take, such as one that is too large for it: they are in their queues as before. */
  readonly left: number
}

const NAMES: NamesOf<CollectOptions> = { queues: true, once: true, signal: true }

// Kept in one piece, in which the store has one transaction.
const BATCH = 100
// How many a queue may have out here. With as many that the store cannot take, nothing more comes.
const PREFETCH = 2 * BATCH
const GATHER_MS = 20
const STORE_DOWN_MS = 1000
const QUIET_MS = 500
// Where the broker counts what other consumers hold: what does not come in so many quiet spells in a row is theirs.
const QUIET_SPELLS = 4

/**
 * Keeps what waits in queues of failures and of dead letters, and acknowledges each once it is kept: collecting twice
 * is collecting once. What cannot be read is kept as `decode`. While the store is down everything stays where it is, and
 * what it cannot take stays so for good and holds up nothing else.
 *
 * @throws UnderstudyError `invalid-option` for queues that cannot be, or neither `once` nor a signal; what the store has
 * against two hundred of them; and what ends a listener for good.
 */
export async function collect(host: DeskHost, options: CollectOptions): Promise<CollectOutcome> {
  checkNames('collect', options, NAMES)
  const { once = false, signal, queues = [FAILED_QUEUE] } = options
  if (!once && !signal) throw new UnderstudyError('invalid-option', 'collect needs once: true, or a signal to end it')
  const names = [...new Set(queues.map(returnQueueName))]
  if (names.length === 0) throw new UnderstudyError('invalid-option', 'collect needs a queue to collect from')
  const collector = new Collector(host)
  const over = new AbortController()
  const stop = (): void => over.abort()
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  const there = once ? await existing(host, names) : names
  const listeners = over.signal.aborted ? [] : there.map((name) => collector.listen(name))
  try {
    const ended = Promise.all(listeners.map((listener) => untilEnded(listener, over.signal)))
    const empty = once ? [collector.untilEmpty(there, over.signal)] : []
    await Promise.race([ended, aborted(over.signal), collector.full, ...empty])
  } finally {
    stop()
    signal?.removeEventListener('abort', stop)
    collector.stop()
    await Promise.all(listeners.map((listener) => listener.close()))
  }
  return { kept: collector.kept, left: collector.left }
}

/** A queue that is not there has nothing, and listening would make it. One of which nothing can be said may be there. */
async function existing({ connection }: DeskHost, names: readonly string[]): Promise<string[]> {
  const looks = await Promise.allSettled(names.map((name) => connection.inspect(`queue://${name}`)))
  return names.filter((_, index) => {
    const look = looks[index]
    return look?.status !== 'fulfilled' || look.value !== undefined
  })
}

/** Rejects when the listener ends by itself; resolves when nobody wants it any more. */
async function untilEnded(listener: Listener, over: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  listener.whenEnded((error) => {
    if (!over.aborted) reject(error)
  })
  await Promise.race([promise, aborted(over)])
}

interface Waiting {
  readonly delivery: Delivery
  readonly failure: Failure
  readonly kept: () => void
  readonly lost: (error: unknown) => void
}

/** Gathers what is delivered, and keeps many at a time. */
class Collector {
  readonly #host: DeskHost
  readonly #worker = `${hostname()}:${process.pid}:0`
  readonly #stopping = new AbortController()
  readonly #waiting: Waiting[] = []
  #isWriting = false
  readonly #listeners: Listener[] = []
  #inHand = 0
  #kept = 0
  /** The ids of those that the store cannot take: each comes again with every link that is lost. */
  readonly #left = new Set<string>()
  /** Their deliveries, without those whose link is gone. */
  readonly #held = new Set<Delivery>()
  readonly #full = Promise.withResolvers<never>()
  #deliveries = 0

  constructor(host: DeskHost) {
    this.#host = host
  }

  get kept(): number {
    return this.#kept
  }

  /** How many the store cannot take. */
  get left(): number {
    return this.#left.size
  }

  /** Rejects when no more can be taken. */
  get full(): Promise<never> {
    return this.#full.promise
  }

  listen(queue: string): Listener {
    const handler = async (delivery: Delivery): Promise<void> => this.#handle(delivery)
    // What is not kept stays with the broker, and goes back to its queue when the listener closes.
    const options = { prefetch: PREFETCH, onError: 'leave' } as const
    const listener = this.#host.connection.listen(`queue://${queue}`, handler, options)
    this.#listeners.push(listener)
    return listener
  }

  /** What waits for a store that is down is let go. */
  stop(): void {
    this.#stopping.abort()
  }

  /**
   * Resolves when nothing was delivered for a while, nothing is in hand and the broker says that nothing waits, or
   * cannot tell it from what others hold.
   */
  async untilEmpty(queues: readonly string[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#host
    await Promise.all(this.#listeners.map((listener) => listener.ready))
    let quiet = 0
    while (!signal.aborted) {
      const before = this.#deliveries
      await pause(clock, QUIET_MS, signal)
      quiet = this.#inHand > 0 || this.#deliveries !== before ? 0 : quiet + 1
      if (quiet === 0) continue
      const found = await Promise.all(queues.map((queue) => this.#lookInto(queue)))
      if (this.#deliveries !== before || found.includes('waits')) continue
      if (!found.includes('held or waits') || quiet >= QUIET_SPELLS) return
    }
  }

  async #handle(delivery: Delivery): Promise<void> {
    this.#deliveries++
    this.#inHand++
    try {
      const failure = read(delivery, { worker: this.#worker, at: this.#host.clock.wallTime() })
      await this.#keep(delivery, failure)
      this.#left.delete(failure.id)
      await delivery.ack()
      this.#kept++
    } finally {
      this.#inHand--
    }
  }

  #keep(delivery: Delivery, failure: Failure): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ delivery, failure, kept: resolve, lost: reject })
    if (!this.#isWriting) void this.#write()
    return promise
  }

  async #write(): Promise<void> {
    const { clock } = this.#host
    const { signal } = this.#stopping
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      if (this.#waiting.length < BATCH) await pause(clock, GATHER_MS, signal)
      const batch = this.#waiting.splice(0, BATCH)
      const refusal = await this.#keepAll(batch)
      if (refusal === undefined) continue
      for (const one of batch) {
        // One of many is to blame, and must not hold up the others.
        const own = batch.length === 1 ? refusal : await this.#keepAll([one])
        if (own !== undefined) this.#leave(one, own)
      }
    }
    this.#isWriting = false
  }

  /** Why the store will never take all of these. While it is down they are tried again, until nobody waits. */
  async #keepAll(batch: readonly Waiting[]): Promise<Error | undefined> {
    const { store, logger, clock } = this.#host
    const { signal } = this.#stopping
    for (;;) {
      try {
        await store.keep(batch.map(({ failure }) => failure))
        for (const { kept } of batch) kept()
        return undefined
      } catch (error) {
        if (!(error instanceof UnderstudyError && error.retriable)) return asError(error)
        const fields = { store: store.name, error: messageOf(error) }
        logger.warn(fields, 'what was collected could not be kept; it stays with the broker until it is')
        if (signal.aborted) {
          for (const { lost } of batch) lost(error)
          return undefined
        }
      }
      await pause(clock, STORE_DOWN_MS, signal)
    }
  }

  #leave({ delivery, failure, lost }: Waiting, refusal: Error): void {
    const { store, logger } = this.#host
    const fields = { store: store.name, id: failure.id, queue: failure.queue, error: messageOf(refusal) }
    logger.error(fields, 'the store cannot take this failure; it stays with the broker')
    lost(refusal)
    this.#left.add(failure.id)
    this.#held.add(delivery)
    for (const one of this.#held) if (one.isStale) this.#held.delete(one)
    if (this.#held.size >= PREFETCH) this.#full.reject(refusal)
  }

  /** Undefined where the broker cannot say: then quiet has to do. */
  async #lookInto(queue: string): Promise<'empty' | 'waits' | 'held or waits' | undefined> {
    try {
      const state = await this.#host.connection.inspect(`queue://${queue}`)
      if (state === undefined || state.ready === 0) return 'empty'
      return state.isExact ? 'waits' : 'held or waits'
    } catch {
      return undefined
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new UnderstudyError('storage', messageOf(thrown), { cause: thrown })
}

/** A worker's record, a dead letter, or what cannot be read. */
function read(delivery: Delivery, by: { readonly worker: string; readonly at: number }): Failure {
  // One that comes again without an id is kept twice rather than lost.
  const letter: FailedDelivery = withId(delivery, delivery.id === '' ? randomUUID() : delivery.id)
  if (letter.contentType !== FAILURE_RECORD_TYPE) return failureOfLetter(letter, by)
  try {
    return parseFailure(Buffer.from(letter.bytes).toString())
  } catch (error) {
    return failureOf(letter, { reason: 'decode', error, ...by })
  }
}
