import { hostname } from 'node:os'
import { aborted, pause, type Timer } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { Responder } from '../request/responder.ts'
import { plainQueueName } from '../transport/destination.ts'
import { Reconciler } from './failures/requeue/reconciler.ts'
import type { JobEvent } from './job-events.ts'
import type { JobHost, OpenHost } from './job-host.ts'
import { mayDelay, readRetry } from './retry-policy.ts'
import { Bounds } from './worker/bounds.ts'
import { answerCommands } from './worker/control.ts'
import type { WorkerCounts, WorkerDescription, WorkerState } from './worker/description.ts'
import { Heartbeat } from './worker/heartbeat.ts'
import { type ReadWorkerOptions, readWorkerOptions, type WorkerOptions, wrongGrace } from './worker/options.ts'
import { Pauses } from './worker/pauses.ts'
import { operatorsAbort, Processing } from './worker/processing.ts'
import { QueueSource } from './worker/queue-source.ts'
import { runsInHand } from './worker/runs-in-hand.ts'
import { Slots } from './worker/slots.ts'
import { StuckCheck } from './worker/stuck-check.ts'
import type { Task } from './worker/task.ts'

export type { WorkerOptions } from './worker/options.ts'

/** How patient a worker is when it stops. */
export interface StopOptions {
  /**
   * How long jobs in hand may take to end, in milliseconds; then their signals fire, and what still does not end is
   * left unacknowledged, for another worker. Defaults to 25,000.
   */
  readonly grace?: number
}

/** What it does again and again. */
type Look = 'heartbeat' | 'stuck' | 'held-up'

const DEFAULT_GRACE_MS = 25_000
// How long a run that was told to end may take to do so.
const ABORT_GRACE_MS = 5000
const STOP_GRACE_MS = 2000
// The longest that what follows a run's end, such as its acknowledge, may hold up a stop.
const LAST_WORDS_MS = 1000
// Who told the worker to resume waits about a second for its answer.
const PAUSES_MS = 500
// How often it looks for deliveries that wait for slots which other queues have.
const HELD_UP_LOOK_MS = 1000

// Several workers of one process have the same host and pid.
let workers = 0

/** Takes jobs from queues and works on them, over as many brokers as it takes. Made by `App.worker`. */
export class Worker implements AsyncDisposable {
  /** `host:pid:n`. */
  readonly id: string
  readonly #openHost: OpenHost
  readonly #options: ReadWorkerOptions
  readonly #pauses: Pauses
  readonly #slots: Slots
  /** What it has in hand, in the order in which it began. */
  readonly #tasks = new Set<Task>()
  readonly #letGo = new AbortController()
  readonly #graceOver = new AbortController()
  /** Fires when it is stopped before it has begun. */
  readonly #startOver = new AbortController()
  readonly #counts: { -readonly [Name in keyof WorkerCounts]: WorkerCounts[Name] } = {
    succeeded: 0,
    failed: 0,
    retried: 0,
    deduplicated: 0,
    interrupted: 0,
  }
  readonly #timers = new Map<Look, Timer>()
  readonly #idle: (() => void)[] = []
  #host: JobHost | undefined
  #processing: Processing | undefined
  #bounds: Bounds | undefined
  #heartbeat: Heartbeat | undefined
  #sources: readonly QueueSource[] = []
  #responder: Responder | undefined
  #reconciler: Reconciler | undefined
  #phase: 'idle' | 'started' | 'stopping' | 'stopped' = 'idle'
  #since = 0
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #beating = false

  /** @throws UnderstudyError `invalid-option`, naming the option. */
  constructor(openHost: OpenHost, options: WorkerOptions) {
    this.#openHost = openHost
    this.#options = readWorkerOptions(options)
    this.#pauses = new Pauses(this.#options.queues)
    this.#slots = new Slots(this.#options.concurrency, this.#options.queues, this.#options.weights)
    this.id = `${hostname()}:${process.pid}:${++workers}`
  }

  get state(): WorkerState {
    if (this.#phase !== 'started') return this.#phase
    return this.#pauses.isWhole ? 'paused' : 'running'
  }

  /**
   * Resolves when the brokers have accepted the subscriptions. A second call is the first one's.
   *
   * @throws UnderstudyError `unsupported` when a job waits between its attempts and a broker of the list cannot delay
   * messages; `closed` after a stop; and what keeps the stores from opening or the queues from being listened to.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /**
   * Takes nothing more from these queues, all by default, named as `images` or `queue://images`; jobs in hand go on. Queues
   * that are not this worker's are for others.
   */
  pause(queues?: readonly string[]): void {
    this.#pauses.pause(queues?.map(plainQueueName))
    this.#apply()
  }

  /** Takes jobs again; a queue that is paused in the failure store stays so. */
  resume(queues?: readonly string[]): void {
    this.#pauses.resume(queues?.map(plainQueueName))
    this.#apply()
  }

  /** Aborts what is in hand now; each is kept as `aborted`. Returns how many those are. */
  abortCurrent(): number {
    return this.#abort(() => true)
  }

  /** Aborts the job of this id, if it is in hand here; it is kept as `aborted`. Returns how many those are. */
  abort(jobId: string): number {
    return this.#abort((id) => id === jobId)
  }

  /** What it is doing. */
  describe(): WorkerDescription {
    const { name = this.id, concurrency, queues, heartbeatMs } = this.#options
    return {
      id: this.id,
      name,
      host: hostname(),
      pid: process.pid,
      state: this.state,
      queues: queues.map((queue) => ({
        queue,
        paused: this.#pauses.isPaused(queue),
        waiting: this.#slots.waiting(queue),
      })),
      concurrency,
      slots: Array.from(this.#tasks, ({ job, jobId, queue, envelope, beganAt }) => ({
        job,
        jobId,
        queue,
        attempt: envelope.attempt,
        since: beganAt,
      })),
      done: { ...this.#counts },
      since: this.#since,
      at: this.#host?.clock.wallTime() ?? Date.now(),
      heartbeatMs,
    }
  }

  /**
   * Takes nothing more and waits for the jobs in hand. Past the grace their signals fire, and what does not end within
   * two seconds more is left to another worker. A later call can shorten the grace.
   *
   * @throws UnderstudyError `invalid-option` for a grace that is no number of milliseconds: then it goes on. For
   * nothing else.
   */
  stop({ grace = DEFAULT_GRACE_MS }: StopOptions = {}): Promise<void> {
    const refused = wrongGrace(grace)
    if (refused) return Promise.reject(refused)
    const host = this.#host
    if (host === undefined || this.#phase === 'stopped') {
      // What is still being started finds that it is over.
      if (this.#phase !== 'stopped') this.#phase = 'stopping'
      this.#startOver.abort()
      this.#stopping ??=
        this.#starting === undefined
          ? this.#stopped()
          : this.#starting.then(
              () => this.#stopped(),
              () => this.#stopped(),
            )
      return this.#stopping
    }
    this.#stopping ??= this.#drainAndStop(host)
    if (grace === 0) {
      this.#graceOver.abort()
      return this.#stopping
    }
    const timer = host.clock.after(grace, () => this.#graceOver.abort())
    void this.#stopping.then(() => timer.cancel())
    return this.#stopping
  }

  /** `stop`, at the end of an `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #start(): Promise<void> {
    this.#refuseIfOver()
    const host = await this.#openHost()
    this.#refuseIfOver()
    this.#checkDelays(host)
    const bounds = new Bounds(host.clock)
    this.#bounds = bounds
    await this.#pauses.read(host, bounds)
    // Without a broker that waits for one, as long as it takes.
    const over = aborted(this.#startOver.signal)
    for (const queue of this.#options.queues) await Promise.race([host.declareQueue(queue), over])
    this.#refuseIfOver()
    this.#host = host
    this.#since = host.clock.wallTime()
    this.#phase = 'started'
    const { jobs, maxLost, queues, prefetch, stuckAfterMs, heartbeatMs } = this.#options
    const watched = { ...host, tell: (event: JobEvent) => this.#tell(host, event) }
    const processing = new Processing(
      { host: watched, worker: this.id, bounds, letGo: this.#letGo.signal },
      jobs.values(),
      maxLost,
    )
    this.#processing = processing
    this.#heartbeat = new Heartbeat(host)
    const runs = runsInHand(host.ledger)
    this.#sources = queues.map(
      (queue) =>
        new QueueSource({
          host,
          queue,
          prefetch,
          name: subscriptionName(this.id),
          slots: this.#slots,
          tasks: this.#tasks,
          runs,
          work: (task) => processing.process(task),
          onStale: (task) => processing.lost(task),
          onIdle: () => this.#wakeIdle(),
        }),
    )
    try {
      const ready = this.#sources.filter(({ queue }) => !this.#pauses.isPaused(queue)).map((source) => source.take())
      this.#apply()
      await Promise.all(ready)
    } catch (error) {
      // It may be a stop, with a grace of its own, that ended the subscriptions.
      await (this.#stopping ?? this.stop({ grace: 0 }))
      throw error
    }
    if (this.#isOver()) return
    const check = new StuckCheck(host, stuckAfterMs)
    this.#every('stuck', stuckAfterMs / 2, () => check.look(this.#sources))
    this.#every('heartbeat', heartbeatMs, () => this.#beat(host))
    // Only other queues hold one up.
    if (queues.length > 1)
      this.#every('held-up', HELD_UP_LOOK_MS, async () => {
        for (const source of this.#sources) source.giveBackHeldUp()
      })
    this.#responder = this.#answer(host)
    if (host.failures) this.#reconciler = new Reconciler(this.#openHost, host.clock)
    this.#reconciler?.start()
    void this.#beat(host)
  }

  async #drainAndStop(host: JobHost): Promise<void> {
    this.#phase = 'stopping'
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    for (const source of this.#sources) source.takeNothing()
    const reconciled = this.#reconciler?.stop()
    await Promise.race([this.#whenIdle(), aborted(this.#graceOver.signal)])
    if (this.#inHand > 0) {
      this.#letGo.abort(new UnderstudyError('aborted', 'the worker stops'))
      const reason = new UnderstudyError('aborted', 'the worker stops, and its grace is over')
      for (const { run } of this.#tasks) run?.interrupt('stopping', reason, STOP_GRACE_MS)
      await this.#within(host, STOP_GRACE_MS + LAST_WORDS_MS, this.#whenIdle())
    }
    await Promise.all(this.#sources.map((source) => source.close()))
    this.#letGo.abort()
    if (this.#processing) await this.#within(host, LAST_WORDS_MS, this.#processing.lastWords())
    this.#processing?.close()
    await this.#responder?.close(AbortSignal.abort())
    if (reconciled) await this.#within(host, LAST_WORDS_MS, reconciled)
    await this.#stopped()
    // Whatever an earlier heartbeat waits for.
    if (this.#heartbeat) await this.#within(host, LAST_WORDS_MS, this.#heartbeat.send(this.describe()))
  }

  async #stopped(): Promise<void> {
    this.#phase = 'stopped'
    this.#bounds?.close()
  }

  /** Each source takes or does not, as the pauses and the phase say. */
  #apply(): void {
    if (this.#phase !== 'started') return
    for (const source of this.#sources) {
      const isWanted = !this.#pauses.isPaused(source.queue)
      if (isWanted === source.isTaking) continue
      if (!isWanted) source.takeNothing()
      else
        source.take().catch((error: unknown) => {
          this.#host?.logger.warn({ queue: source.queue, error: messageOf(error) }, 'a queue could not be resumed')
        })
    }
  }

  #abort(isMeant: (jobId: string) => boolean): number {
    let count = 0
    for (const task of this.#tasks) {
      const { jobId, run } = task
      if (run?.isOver || !isMeant(jobId)) continue
      // What waits for its ledger, say, is not begun any more.
      if (run === undefined) task.isAborted = true
      else run.interrupt('aborted', operatorsAbort(), ABORT_GRACE_MS)
      count++
    }
    return count
  }

  /** What a job needs of the broker is known before it fails for the first time. */
  #checkDelays({ connection }: JobHost): void {
    if (connection.can('delay')) return
    for (const { name, retry } of this.#options.jobs.values()) {
      if (!mayDelay(readRetry(retry))) continue
      throw new UnderstudyError(
        'unsupported',
        `job ${name} waits between its attempts, and a broker of ${connection.uri} cannot delay messages: give it retry.backoff.delay 0, or another broker`,
      )
    }
  }

  #answer(host: JobHost): Responder | undefined {
    if (!host.connection.can('topics')) return undefined
    return answerCommands(host.connection, {
      id: this.id,
      name: this.#options.name ?? this.id,
      describe: () => this.describe(),
      pause: (queues) => this.pause(queues),
      resume: async (queues) => {
        this.resume(queues)
        // An operator who resumes has taken the pause out of the store just before.
        await this.#within(host, PAUSES_MS, this.#readPauses(host))
      },
      abort: (jobId) => this.abort(jobId),
    })
  }

  /** Shows that it is alive, and reads what operators paused. One at a time, however long it takes. */
  async #beat(host: JobHost): Promise<void> {
    if (this.#beating) return
    this.#beating = true
    try {
      await this.#readPauses(host)
      await this.#heartbeat?.send(this.describe())
    } finally {
      this.#beating = false
    }
  }

  async #readPauses(host: JobHost): Promise<void> {
    if (this.#phase === 'started' && this.#bounds) await this.#pauses.read(host, this.#bounds)
    this.#apply()
  }

  /** Calls `action` again and again until the stop. A call that takes longer than the interval skips turns. */
  #every(what: Look, intervalMs: number, action: () => Promise<void>): void {
    const arm = (): void => {
      if (this.#phase !== 'started') return
      const timer = this.#host?.clock.after(intervalMs, () => {
        this.#timers.delete(what)
        void action()
          .catch((error: unknown) =>
            this.#host?.logger.warn({ error: messageOf(error) }, `the worker's ${what} failed`),
          )
          .then(arm)
      })
      if (timer) this.#timers.set(what, timer)
    }
    arm()
  }

  #tell({ tell }: JobHost, event: JobEvent): void {
    const { type } = event
    if (type !== 'started' && type !== 'enqueued' && type !== 'requeued') this.#counts[type]++
    tell(event)
  }

  get #inHand(): number {
    let count = 0
    for (const { inHand } of this.#sources) count += inHand
    return count
  }

  #whenIdle(): Promise<void> {
    if (this.#inHand === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #wakeIdle(): void {
    if (this.#idle.length === 0 || this.#inHand > 0) return
    for (const wake of this.#idle.splice(0)) wake()
  }

  async #within({ clock }: JobHost, limitMs: number, what: Promise<void>): Promise<void> {
    const over = new AbortController()
    try {
      await Promise.race([what, pause(clock, limitMs, over.signal)])
    } finally {
      over.abort()
    }
  }

  #isOver(): boolean {
    return this.#phase === 'stopping' || this.#phase === 'stopped'
  }

  #refuseIfOver(): void {
    if (this.#isOver()) throw new UnderstudyError('closed', 'the worker was stopped')
  }
}

/** What brokers' lists call its subscriptions: no colons, which STOMP would escape. */
function subscriptionName(id: string): string {
  return `understudy-worker-${id.replaceAll(/[^\w.-]/g, '-')}`
}
