import type { FailedSendOutcome } from '../../src/errors.ts'

/** Deliveries of a job after its first, each counted once, under the first kind that fits; see `docs/drills.md`. */
interface Duplicates {
  /** The same attempt's copy, after its acknowledge had been given and its giver been told that it worked. */
  readonly afterAck: number
  /** A copy of an attempt of which none was delivered before. */
  readonly resend: number
  /** A copy of an attempt again, marked as redelivered. */
  readonly redelivery: number
  /** A copy of an attempt again, unmarked. */
  readonly broker: number
  /** Of an attempt beyond the seventh: which of the others it is was not kept. */
  readonly unplaced: number
}

export interface LedgerCounts {
  readonly attempted: number
  readonly confirmed: number
  readonly failed: number
  /** Confirmed and never delivered. */
  readonly undelivered: number
  /** Failed as `unknown`, and delivered all the same. */
  readonly recovered: number
  readonly deliveries: number
  readonly duplicates: Duplicates
  /** Deliveries of jobs that were never attempted. */
  readonly unexpected: number
  /** Why sends failed, as `code, outcome`, with how often. */
  readonly failures: Readonly<Record<string, number>>
}

const CHUNK = 65_536
const MOST_ATTEMPTS = 7
const BEYOND = 0b1000_0000
const CONFIRMED = 1
const FAILED = 2
const IN_DOUBT = 4
const BYTES_PER_JOB = 3

interface Chunk {
  readonly state: Uint8Array
  /** A bit for each attempt, the last for all from the eighth on, of which a copy was delivered, or acknowledged. */
  readonly delivered: Uint8Array
  readonly acknowledged: Uint8Array
}

/**
 * What became of every job of a long run, jobs being numbers from 0. Three bytes each, outside the heap of
 * JavaScript: so that what the heap does in such a run is the client's own doing.
 */
export class Ledger {
  readonly #chunks: Chunk[] = []
  #attempted = 0
  #confirmed = 0
  #failed = 0
  #undelivered = 0
  #recovered = 0
  #deliveries = 0
  #unexpected = 0
  readonly #duplicates = { afterAck: 0, resend: 0, redelivery: 0, broker: 0, unplaced: 0 }
  readonly #failures = new Map<string, number>()

  /** How much memory the jobs take, in bytes. */
  get bytes(): number {
    return this.#chunks.length * CHUNK * BYTES_PER_JOB
  }

  get attempted(): number {
    return this.#attempted
  }

  get confirmed(): number {
    return this.#confirmed
  }

  /** Jobs that a broker confirmed or that failed. */
  get settled(): number {
    return this.#confirmed + this.#failed
  }

  get deliveries(): number {
    return this.#deliveries
  }

  /** Jobs that were confirmed and not delivered yet. */
  get undelivered(): number {
    return this.#undelivered
  }

  /** A new job, which is attempted from now on. */
  begin(): number {
    if (this.#attempted % CHUNK === 0) {
      const bytes = (): Uint8Array => new Uint8Array(CHUNK)
      this.#chunks.push({ state: bytes(), delivered: bytes(), acknowledged: bytes() })
    }
    return this.#attempted++
  }

  confirm(job: number): void {
    const { chunk, at } = this.#find(job)
    chunk.state[at] = (chunk.state[at] ?? 0) | CONFIRMED
    this.#confirmed++
    if (chunk.delivered[at] === 0) this.#undelivered++
  }

  fail(job: number, code: string, outcome: FailedSendOutcome): void {
    const { chunk, at } = this.#find(job)
    const inDoubt = outcome === 'unknown'
    chunk.state[at] = (chunk.state[at] ?? 0) | FAILED | (inDoubt ? IN_DOUBT : 0)
    this.#failed++
    if (inDoubt && chunk.delivered[at] !== 0) this.#recovered++
    const reason = `${code}, ${outcome}`
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1)
  }

  /** A copy came, sent by that attempt, counted from 1. */
  deliver(job: number, attempt: number, redelivered: boolean): void {
    this.#deliveries++
    if (!(Number.isInteger(job) && job >= 0 && job < this.#attempted)) {
      this.#unexpected++
      return
    }
    const { chunk, at } = this.#find(job)
    const before = chunk.delivered[at] ?? 0
    const bit = bitOf(attempt)
    chunk.delivered[at] = before | (bit ?? BEYOND)
    if (before === 0) this.#firstDelivery(chunk.state[at] ?? 0)
    else if (bit === undefined) this.#duplicates.unplaced++
    else if ((before & bit) === 0) this.#duplicates.resend++
    else if (((chunk.acknowledged[at] ?? 0) & bit) !== 0) this.#duplicates.afterAck++
    else if (redelivered) this.#duplicates.redelivery++
    else this.#duplicates.broker++
  }

  /** The acknowledge of a delivered copy is done, as far as the client can tell. */
  acknowledge(job: number, attempt: number): void {
    if (!(job < this.#attempted)) return
    const { chunk, at } = this.#find(job)
    chunk.acknowledged[at] = (chunk.acknowledged[at] ?? 0) | (bitOf(attempt) ?? 0)
  }

  counts(): LedgerCounts {
    return {
      attempted: this.#attempted,
      confirmed: this.#confirmed,
      failed: this.#failed,
      undelivered: this.#undelivered,
      recovered: this.#recovered,
      deliveries: this.#deliveries,
      duplicates: { ...this.#duplicates },
      unexpected: this.#unexpected,
      failures: Object.fromEntries(this.#failures),
    }
  }

  #firstDelivery(state: number): void {
    if ((state & CONFIRMED) !== 0) this.#undelivered--
    if ((state & IN_DOUBT) !== 0) this.#recovered++
  }

  #find(job: number): { chunk: Chunk; at: number } {
    const chunk = this.#chunks[Math.floor(job / CHUNK)]
    if (chunk === undefined || job >= this.#attempted) throw new RangeError(`job ${job} was never begun`)
    return { chunk, at: job % CHUNK }
  }
}

/** Undefined past what a byte can tell apart: its last bit stands for all that come after. */
function bitOf(attempt: number): number | undefined {
  return attempt >= 1 && attempt <= MOST_ATTEMPTS ? 1 << (attempt - 1) : undefined
}
