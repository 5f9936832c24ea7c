import type { SendError } from '../errors.ts'
import type { Link } from '../transport/link.ts'
import type { OutgoingMessage } from '../transport/message.ts'

/** One send that has not ended: in line for a link, or written and not yet confirmed. */
export interface PendingSend {
  readonly message: OutgoingMessage
  /** When the first attempt began, on the monotonic clock. */
  readonly startedAt: number
  readonly resolve: () => void
  readonly reject: (error: SendError) => void
  /** How many attempts there were, those without a connected broker included. */
  attempts: number
  /** Whether an attempt wrote bytes and had no answer, so that a broker may hold the message. */
  ambiguous: boolean
  /** The link that its last attempt was written to, until that attempt ended. */
  writtenTo: Link | undefined
  /** When that was. */
  writtenAt: number
  /** What a broker last answered by name, in a way that may have been the broker's trouble. */
  answer: 'rejected' | 'returned' | undefined
  /** Ended one way or another; its place in the line is given up. */
  settled: boolean
}

/**
 * The unconfirmed sends in the order they were made, bounded by count and by bytes of body.
 * A Set keeps insertion order and forgets any entry in constant time.
 */
export class PendingBuffer {
  readonly #entries = new Set<PendingSend>()
  readonly #maxCount: number
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether one more message of that size fits. A single message always fits into an empty buffer. */
  fits(bytes: number): boolean {
    return this.#entries.size === 0 || (this.#entries.size < this.#maxCount && this.#bytes + bytes <= this.#maxBytes)
  }

  add(entry: PendingSend): void {
    this.#entries.add(entry)
    this.#bytes += entry.message.body.length
  }

  remove(entry: PendingSend): void {
    if (this.#entries.delete(entry)) this.#bytes -= entry.message.body.length
  }

  /** The eldest unconfirmed send. */
  oldest(): PendingSend | undefined {
    return this.#entries.values().next().value
  }

  [Symbol.iterator](): IterableIterator<PendingSend> {
    return this.#entries.values()
  }
}
