import { stateText } from '../results/state-text.ts'
import type { JobState, ResultAddress } from '../results/results.ts'

const MOST = 1000
const MOST_BYTES = 64 * 1024 * 1024

/** What is to be told of one job. */
export interface Outcome {
  readonly address: ResultAddress
  state: JobState
}

/**
 * Outcomes that wait for results which are away, in memory: those of the last 1,000 jobs, and no more than 64 MiB of
 * them, as JSON, unless a single one is larger. An outage must not cost a worker its memory.
 */
export class LateOutcomes {
  /** By the jobs' ids, the next to be tried first. */
  readonly #waiting = new Map<string, { readonly outcome: Outcome; readonly bytes: number }>()
  #bytes = 0

  get size(): number {
    return this.#waiting.size
  }

  has(jobId: string): boolean {
    return this.#waiting.has(jobId)
  }

  /** Puts it last. Returns those that there is no room for any more. */
  add(outcome: Outcome): readonly Outcome[] {
    const { jobId } = outcome.address
    this.remove(jobId)
    const bytes = bytesOf(outcome)
    this.#waiting.set(jobId, { outcome, bytes })
    this.#bytes += bytes
    const givenUp: Outcome[] = []
    while (this.size > MOST || (this.#bytes > MOST_BYTES && this.size > 1)) {
      const next = this.take()
      if (next) givenUp.push(next)
    }
    return givenUp
  }

  /** The next one, which waits here no longer. */
  take(): Outcome | undefined {
    const [next] = this.#waiting.values()
    if (next) this.remove(next.outcome.address.jobId)
    return next?.outcome
  }

  takeAll(): readonly Outcome[] {
    const all = Array.from(this.#waiting.values(), ({ outcome }) => outcome)
    this.#waiting.clear()
    this.#bytes = 0
    return all
  }

  remove(jobId: string): void {
    this.#bytes -= this.#waiting.get(jobId)?.bytes ?? 0
    this.#waiting.delete(jobId)
  }
}

function bytesOf({ address, state }: Outcome): number {
  try {
    return Buffer.byteLength(stateText(address.jobId, state))
  } catch {
    // What is no JSON is told without its value.
    return 0
  }
}
