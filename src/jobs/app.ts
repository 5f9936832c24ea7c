import { hostname } from 'node:os'
import { type Clock, type Random, systemClock, systemRandom } from '../clock.ts'
import type { Connection, DeclareOptions } from '../connection.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import { type Logger, patientLogger, silentLogger } from '../logger.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import { sendMany } from './enqueue-many.ts'
import {
  checkEnqueueManyOptions,
  checkEnqueueOptions,
  type EnqueueManyOptions,
  type EnqueueOptions,
} from './enqueue-options.ts'
import { Enqueuer } from './enqueuer.ts'
import { FailureDesk } from './failures/desk.ts'
import type { FailureStore } from './failures/store.ts'
import type { Job } from './job.ts'
import type { JobEvent, JobObserver } from './job-events.ts'
import type { JobHandle } from './job-handle.ts'
import type { JobHost } from './job-host.ts'
import { JobQueues } from './job-queues.ts'
import type { Ledger } from './ledger/ledger.ts'
import { memoryLedger } from './ledger/memory.ts'
import { OpenedOnce } from './opened-once.ts'
import type { JobState, Results, ResultsSession } from './results/results.ts'
import { Worker, type WorkerOptions } from './worker.ts'
import { tellObserver } from '../tell-observer.ts'

/** What an application that enqueues or works on jobs stands on. */
export interface AppOptions {
  /** What jobs go over; the caller closes it, after the application. */
  readonly connection: Connection
  /** Keeps failed jobs. Defaults to none: then they go to the broker's queue `understudy.failed`. */
  readonly failures?: FailureStore
  /** Remembers finished runs. Defaults to one in memory, which knows of this process alone. */
  readonly ledger?: Ledger
  /** How results come back, such as `replyResults()`. Defaults to none. */
  readonly results?: Results
  /** What queues are like, where it matters: each is declared so before its first use. Defaults to none. */
  readonly queues?: Readonly<Record<string, DeclareOptions>>
  /** What the application calls itself. Defaults to `host:pid`. */
  readonly name?: string
  /** A pino-shaped logger. Defaults to one that says nothing. */
  readonly logger?: Logger
  /** Defaults to the system's. */
  readonly clock?: Clock
  /** Defaults to `Math.random`. */
  readonly random?: Random
  /** Told of what happens to jobs. Defaults to nobody. */
  readonly observer?: JobObserver
}

/** What came of `enqueueMany`. */
export interface EnqueuedMany<Result = unknown> {
  /** How many jobs a broker has confirmed: all of them. */
  readonly confirmed: number
  /** Those of an array, in its order; none of other lists, which may be longer than memory. */
  readonly handles: readonly JobHandle<Result>[]
}

const APP_OPTIONS: NamesOf<AppOptions> = {
  connection: true,
  failures: true,
  ledger: true,
  results: true,
  queues: true,
  name: true,
  logger: true,
  clock: true,
  random: true,
  observer: true,
}

/**
 * Puts the job layer onto a connection. Nothing is opened before it is used.
 *
 * @throws UnderstudyError `invalid-option`.
 */
export function createApp(options: AppOptions): App {
  return new App(options)
}

/** Enqueues jobs, makes workers, and keeps what failed; made by {@link createApp}. */
export class App implements AsyncDisposable {
  readonly #name: string
  readonly #logger: Logger
  readonly #enqueuer: Enqueuer
  readonly #failureStore: OpenedOnce<FailureStore> | undefined
  readonly #ledger: OpenedOnce<Ledger>
  readonly #results: OpenedOnce<ResultsSession> | undefined
  readonly #host: OpenedOnce<JobHost>
  readonly #workers = new Set<Worker>()
  readonly #observers = new Set<JobObserver>()
  /** Stores that were to be opened: one that could not be may hold a thread all the same. */
  readonly #touched = new Set<{ close(): Promise<void> }>()
  #closing: Promise<void> | undefined
  /** Where failed jobs are searched and sent back. */
  readonly failures: FailureDesk

  /** @throws UnderstudyError `invalid-option`. */
  constructor(options: AppOptions) {
    checkNames('createApp', options, APP_OPTIONS)
    const { connection, clock = systemClock, random = systemRandom, observer } = options
    if (typeof connection?.send !== 'function')
      throw new UnderstudyError('invalid-option', 'createApp: connection must be one that connect() made')
    if (observer !== undefined && typeof observer !== 'function')
      throw new UnderstudyError('invalid-option', 'createApp: observer must be a function')
    this.#name = options.name ?? `${hostname()}:${process.pid}`
    this.#logger = patientLogger(options.logger ?? silentLogger)
    if (observer !== undefined) this.observe(observer)
    const tell: JobObserver = (event) => {
      for (const observing of this.#observers) observing(event)
    }
    const queues = new JobQueues(connection, options.queues)
    const { failures, ledger = memoryLedger(), results } = options
    const ready = async <Store extends { open(): Promise<void>; close(): Promise<void> }>(
      store: Store,
    ): Promise<Store> => {
      this.#mustBeOpen()
      this.#touched.add(store)
      await store.open()
      return store
    }
    this.#failureStore = failures && new OpenedOnce(() => ready(failures))
    this.#ledger = new OpenedOnce(() => ready(ledger))
    this.#results = results && new OpenedOnce(() => this.#openResults(results, connection, clock))
    this.#host = new OpenedOnce(async () => ({
      connection,
      failures: await this.#failureStore?.get(),
      ledger: await this.#ledger.get(),
      results: await this.#results?.get(),
      declareQueue: async (queue) => await queues.prepare(queue),
      tell,
      clock,
      random,
      logger: this.#logger,
    }))
    const session = this.#results
    this.#enqueuer = new Enqueuer({
      connection,
      queues,
      results: session && (() => session.get()),
      tell,
      clock,
    })
    this.failures = new FailureDesk(() => this.#host.get())
  }

  /** Tells somebody more of what happens to jobs from now on, as the `observer` of `createApp`. Returns what ends that. */
  observe(observer: JobObserver): () => void {
    const patient = patientObserver(observer, this.#logger)
    this.#observers.add(patient)
    return () => void this.#observers.delete(patient)
  }

  /** Whether failed jobs have a store, so that {@link failures} can be asked. */
  get keepsFailures(): boolean {
    return this.#failureStore !== undefined
  }

  /** Whether {@link result} can be asked. */
  get keepsResults(): boolean {
    return this.#results !== undefined
  }

  /**
   * Sends a job, and resolves when a broker has confirmed it.
   *
   * @throws SendError with what is known of the message, whose id is the job's; UnderstudyError `schema` for arguments
   * that the job's schema does not want, `invalid-option` or `unsupported` before anything is sent, `closed`.
   */
  async enqueue<Input, Args, Result>(
    job: Job<Input, Args, Result>,
    args: Input,
    options: EnqueueOptions = {},
  ): Promise<JobHandle<Result>> {
    checkJob(job)
    checkEnqueueOptions(options)
    return await this.#enqueuer.enqueue(job, args, options)
  }

  /**
   * Sends many jobs of one kind, as fast as brokers confirm them, with at most 1,000 unconfirmed at a time; so a list
   * may be longer than memory. The options hold for each of them.
   *
   * @throws EnqueueManyError when not all of them are confirmed: nothing is taken from the list after the first
   * failure. UnderstudyError `invalid-option` before anything is sent.
   */
  async enqueueMany<Input, Args, Result>(
    job: Job<Input, Args, Result>,
    list: Iterable<Input> | AsyncIterable<Input>,
    options: EnqueueManyOptions = {},
  ): Promise<EnqueuedMany<Result>> {
    checkJob(job)
    checkEnqueueManyOptions(options)
    checkList(list)
    const { signal } = options
    if (!Array.isArray(list)) {
      const send = (args: Input): Promise<unknown> => this.#enqueuer.dispatch(job, args, options)
      return { confirmed: await sendMany(list, send, signal), handles: [] }
    }
    const handles: JobHandle<Result>[] = []
    const send = async (args: Input, index: number): Promise<void> => {
      handles[index] = await this.#enqueuer.enqueue(job, args, options)
    }
    return { confirmed: await sendMany(list, send, signal), handles }
  }

  /**
   * A worker for jobs; it begins with its `start`. Its failures, ledger and results are the application's.
   *
   * @throws UnderstudyError `invalid-option`, `closed`.
   */
  worker(options: WorkerOptions): Worker {
    this.#mustBeOpen()
    const worker = new Worker(() => this.#host.get(), options)
    for (const earlier of this.#workers) if (earlier.state === 'stopped') this.#workers.delete(earlier)
    this.#workers.add(worker)
    return worker
  }

  /**
   * The last that is known of a job, by its id; undefined for nothing.
   *
   * @throws UnderstudyError `unsupported` where results are not kept, `storage`.
   */
  async result(jobId: string): Promise<JobState | undefined> {
    this.#mustBeOpen()
    if (this.#results) return await (await this.#results.get()).get(jobId)
    throw new UnderstudyError('unsupported', 'the application has no results: give createApp({ results })')
  }

  /**
   * Stops the workers that are not stopped, each with its own grace, then closes the stores. Who waits for a result
   * gets `closed`. The connection is left as it is. Idempotent. Never rejects.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** `close`, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#enqueuer.close()
    await Promise.all(Array.from(this.#workers, (worker) => worker.stop()))
    // What is just being opened is closed when it has been.
    const [results] = await Promise.all([this.#results?.peek(), this.#failureStore?.peek(), this.#ledger.peek()])
    const stores = results === undefined ? [...this.#touched] : [results, ...this.#touched]
    await Promise.all(
      stores.map(async (store) => {
        try {
          await store.close()
        } catch (error) {
          this.#logger.warn({ error: messageOf(error) }, 'a store of the application did not close well')
        }
      }),
    )
  }

  #mustBeOpen(): void {
    if (this.#closing) throw new UnderstudyError('closed', 'the application was closed')
  }

  async #openResults(results: Results, connection: Connection, clock: Clock): Promise<ResultsSession> {
    this.#mustBeOpen()
    return await results.open({
      name: this.#name,
      clock,
      send: (destination, payload, options) => connection.send(destination, payload, options),
      replyTo: connection.replyTo,
      hearReplies: (hearer) => connection.hearReplies(hearer),
    })
  }
}

/** What an observer throws, or an async one rejects with, disturbs nobody. */
function patientObserver(observer: JobObserver, logger: Logger): JobObserver {
  return (event: JobEvent) =>
    tellObserver(
      () => observer(event),
      (error) => logger.error({ event: event.type, error: messageOf(error) }, 'the observer of jobs threw'),
    )
}

function checkJob(job: Job): void {
  if (typeof job?.name === 'string' && typeof job.serializer?.encode === 'function') return
  throw new UnderstudyError('invalid-option', 'what is enqueued first is a job that defineJob() made')
}

function checkList(list: object): void {
  const isList = typeof list === 'object' && list !== null && (Symbol.iterator in list || Symbol.asyncIterator in list)
  if (!isList)
    throw new UnderstudyError('invalid-option', 'enqueueMany takes an array, an iterable or an async iterable')
}
