import type { SendError } from '../errors.ts'
import type { Link } from '../transport/link.ts'
import type { OutgoingMessage } from '../transport/message.ts'

/** One send that has not ended: in line for a link, or written and not yet confirmed. */
export interface PendingSend {
  readonly message: OutgoingMessage
  /** Its place in the order of the calls. */
  readonly number: number
  /** When the first attempt began, on the monotonic clock. */
  readonly startedAt: number
  /** Called with the message's id. */
  resolve: (id: string) => void
  reject: (error: SendError) => void
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
  /** How its last attempt failed. */
  failure: SendError | undefined
  /** The link that first refused it by name. */
  refusedBy: Link | undefined
  /** Ended one way or another; its place in the line is given up. */
  settled: boolean
  /** Its neighbours in the buffer. */
  previous: PendingSend | undefined
  next: PendingSend | undefined
}

/**
 * The unconfirmed sends in the order they were made, bounded by count and by bytes of body. A linked
 * list: a Set would do the same and gives the garbage collector several times the work.
 */
export class PendingBuffer {
  readonly #maxCount: number
  readonly #maxBytes: number
  #first: PendingSend | undefined
  #last: PendingSend | undefined
  #size = 0
  /** How many have room, and how many bytes: those in line, and those that were given up and are owed an answer. */
  #count = 0
  #bytes = 0
  readonly #owed = new Set<PendingSend>()

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#size
  }

  /** How many have room: those that were given up and are owed an answer too. */
  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether one more message of that size fits. A single message always fits into an empty buffer. */
  fits(bytes: number): boolean {
    return this.#count === 0 || (this.#count < this.#maxCount && this.#bytes + bytes <= this.#maxBytes)
  }

  /** Adds an entry that is in no buffer. */
  add(entry: PendingSend): void {
    entry.previous = this.#last
    if (this.#last) this.#last.next = entry
    else this.#first = entry
    this.#last = entry
    this.#size++
    this.#count++
    this.#bytes += entry.message.body.length
  }

  /** Removes an entry that is in this buffer. */
  remove(entry: PendingSend): void {
    this.#leave(entry)
    this.#giveRoomBack(entry)
  }

  /**
   * Removes an entry that was given up while the present link owes its answer. That may hold its bytes for as long as
   * the broker reads nothing, so it keeps its room.
   */
  giveUp(entry: PendingSend): void {
    this.#leave(entry)
    this.#owed.add(entry)
  }

  /** The link has answered; whether that was still owed. */
  answered(entry: PendingSend): boolean {
    if (!this.#owed.delete(entry)) return false
    this.#giveRoomBack(entry)
    return true
  }

  /** The link is gone, and what it owed with it. */
  forgetOwed(): void {
    for (const entry of this.#owed) this.answered(entry)
  }

  /** Those that were given up and are owed an answer, in the order of that. */
  owed(): Iterable<PendingSend> {
    return this.#owed
  }

  /** When the first of them was written; infinite where there is none. */
  owedSince(): number {
    if (this.#owed.size === 0) return Number.POSITIVE_INFINITY
    return this.#owed.values().next().value?.writtenAt ?? Number.POSITIVE_INFINITY
  }

  #giveRoomBack(entry: PendingSend): void {
    this.#count--
    this.#bytes -= entry.message.body.length
  }

  #leave(entry: PendingSend): void {
    if (entry.previous) entry.previous.next = entry.next
    else this.#first = entry.next
    if (entry.next) entry.next.previous = entry.previous
    else this.#last = entry.previous
    entry.previous = undefined
    entry.next = undefined
    this.#size--
  }

  /** The eldest unconfirmed send. */
  oldest(): PendingSend | undefined {
    return this.#first
  }

  /** All that are in the buffer now, the eldest first. */
  all(): PendingSend[] {
    const entries: PendingSend[] = []
    for (let entry = this.#first; entry; entry = entry.next) entries.push(entry)
    return entries
  }
}
