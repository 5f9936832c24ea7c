import type { JobEvent } from '../../../jobs/job-events.ts'
import type { Worker } from '../../../jobs/worker.ts'
import { formatDuration } from '../../arguments/duration.ts'
import { Exit, EXIT } from '../../exit-code.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { age } from '../age.ts'
import type { WorkerLines } from './lines.ts'
import { onWorkerSignals } from './signals.ts'

interface Asked {
  readonly graceMs: number
  /** Why it cannot go on; undefined where somebody asked it to end. */
  readonly broken: string | undefined
}

// Longer than any job: whoever drains waits for it, and a second signal ends the wait.
const DRAIN_MS = 7 * 24 * 3_600_000

/** How a worker's process ends, and what signals do to it until then. */
export class WorkerEnd {
  readonly #terminal: Terminal
  readonly #lines: WorkerLines
  readonly #graceMs: number
  readonly #early = new AbortController()
  readonly #asked = Promise.withResolvers<Asked>()
  readonly #ignoreSignals: () => void
  #worker: Worker | undefined
  #isEnding = false
  #isForced = false
  #letGo = 0

  constructor(options: { readonly terminal: Terminal; readonly lines: WorkerLines; readonly graceMs: number }) {
    this.#terminal = options.terminal
    this.#lines = options.lines
    this.#graceMs = options.graceMs
    // Nobody reads what it says any more.
    options.terminal.interrupted.addEventListener('abort', () => this.#end(this.#graceMs), { once: true })
    this.#ignoreSignals = onWorkerSignals({
      stop: () => this.#end(this.#graceMs),
      drain: () => this.#end(DRAIN_MS),
      force: () => this.#force(),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      abort: () => this.#abort(),
      describe: () => this.#describe(),
    })
  }

  /** Fires when it is asked to end; for what goes on before the worker begins. */
  get early(): AbortSignal {
    return this.#early.signal
  }

  /** Whether there was a worker that could have jobs in hand. */
  get hasBegun(): boolean {
    return this.#worker !== undefined
  }

  /** The worker cannot go on. */
  fail(reason: string): void {
    this.#asked.resolve({ graceMs: this.#graceMs, broken: reason })
  }

  heard({ type }: JobEvent): void {
    if (type === 'interrupted' && this.#isEnding) this.#letGo++
  }

  /**
   * Resolves once the worker was asked to end and has finished all that was in hand.
   *
   * @throws Exit when some of it goes back to the broker, or when the worker could not go on.
   */
  async stopped(worker: Worker): Promise<void> {
    this.#worker = worker
    const { graceMs, broken } = await this.#asked.promise
    this.#isEnding = true
    const inHand = worker.describe().slots.length
    const within = graceMs === DRAIN_MS ? '' : ` within ${formatDuration(graceMs)}`
    const what = inHand === 0 ? 'nothing is in hand' : `finishing ${inHand} in hand${within}`
    this.#lines.say('stopping', `stopping: ${what}`, { inHand })
    await worker.stop({ grace: graceMs })
    // What is in hand still waits for a store that hangs, and can tell of nothing any more.
    const letGo = this.#letGo + worker.describe().slots.length
    this.#lines.say('stopped', letGo === 0 ? 'stopped' : `stopped; ${letGo} let go`, { letGo })
    if (broken !== undefined) throw new Exit(EXIT.unknown, broken)
    if (letGo > 0)
      throw new Exit(
        EXIT.interrupted,
        `${letGo} not finished: the broker delivers ${letGo === 1 ? 'it' : 'them'} again`,
      )
  }

  /** It has ended as it has: signals change nothing any more. */
  settle(): void {
    this.#ignoreSignals()
  }

  #end(graceMs: number): void {
    this.#early.abort()
    this.#asked.resolve({ graceMs, broken: undefined })
  }

  #force(): void {
    if (this.#isForced) {
      this.#terminal.err('understudy: ended at once; what was in hand is delivered again\n')
      process.exit(EXIT.interrupted)
    }
    this.#isForced = true
    this.#lines.say('forced', 'letting go of what is in hand')
    void this.#worker?.stop({ grace: 0 })
  }

  #pause(): void {
    this.#worker?.pause()
    this.#lines.say('paused', 'paused: what is in hand goes on; CONT resumes')
  }

  #resume(): void {
    this.#worker?.resume()
    this.#lines.say('resumed', 'resumed')
  }

  #abort(): void {
    const aborted = this.#worker?.abortCurrent() ?? 0
    this.#lines.say('aborting', `aborting ${aborted} in hand`, { aborted })
  }

  #describe(): void {
    const slots = this.#worker?.describe().slots ?? []
    const now = Date.now()
    const each = slots.map(
      ({ job, jobId, queue, attempt, since }) =>
        `\n  ${job} ${jobId} from ${queue}, attempt ${attempt}, for ${age(since, now)}`,
    )
    this.#lines.say('slots', `${slots.length} in hand${each.join('')}`, { slots })
  }
}
