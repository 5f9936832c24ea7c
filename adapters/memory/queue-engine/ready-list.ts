/** One message in one queue. */
export interface QueuedMessage<P> {
  /** Its place in the queue: a later send has a greater one, and it never changes while the message lives. */
  readonly sequence: number
  readonly payload: P
  readonly sizeBytes: number
  readonly persistent: boolean
  /** Wall time in milliseconds from which the message is no longer delivered; undefined for never. */
  readonly expiresAtMs: number | undefined
  /** Wall time in milliseconds before which it does not stand in its queue; undefined where it does. */
  readonly deliverAtMs?: number | undefined
  /** Whether a consumer may have seen it before. */
  readonly redelivered: boolean
}

/** A queued message with its links: at any time it is in one ready list or with one consumer, never both. */
export interface Entry<P> extends QueuedMessage<P> {
  /** A whole number from 0; the greater goes first. */
  readonly priority: number
  redelivered: boolean
  previous: Entry<P> | undefined
  next: Entry<P> | undefined
}

/**
 * The messages of a queue that wait for a consumer, the highest priority first and within one priority in
 * the order of their sequence numbers. A linked list that knows the end of every priority, so that taking
 * from the front, adding and dropping an expired one from the middle cost the same however long it is.
 */
export class ReadyList<P> {
  #first: Entry<P> | undefined
  #last: Entry<P> | undefined
  // By priority: its last entry.
  readonly #ends: (Entry<P> | undefined)[] = []
  #size = 0

  get first(): Entry<P> | undefined {
    return this.#first
  }

  get size(): number {
    return this.#size
  }

  /** Adds an entry whose sequence number is greater than that of every entry in the list. */
  append(entry: Entry<P>): void {
    if (this.#last === undefined || this.#last.priority >= entry.priority) {
      this.#link(entry, this.#last, undefined)
      return
    }
    const previous = this.#ends[entry.priority] ?? this.#endAbove(entry.priority)
    this.#link(entry, previous, previous === undefined ? this.#first : previous.next)
  }

  /**
   * Puts entries that had left back in their places; they must be in ascending order. What was delivered
   * stood in front of what was not, so the walk passes only those that came back before.
   */
  putBack(entries: Iterable<Entry<P>>): void {
    let level = -1
    let behind: Entry<P> | undefined
    for (const entry of entries) {
      if (entry.priority !== level) {
        level = entry.priority
        const above = this.#endAbove(level)
        behind = above === undefined ? this.#first : above.next
      }
      while (behind !== undefined && behind.priority === level && behind.sequence < entry.sequence) behind = behind.next
      this.#link(entry, behind === undefined ? this.#last : behind.previous, behind)
    }
  }

  remove(entry: Entry<P>): void {
    if (entry.previous === undefined) this.#first = entry.next
    else entry.previous.next = entry.next
    if (entry.next === undefined) this.#last = entry.previous
    else entry.next.previous = entry.previous
    if (this.#ends[entry.priority] === entry) {
      this.#ends[entry.priority] = entry.previous?.priority === entry.priority ? entry.previous : undefined
    }
    entry.previous = undefined
    entry.next = undefined
    this.#size -= 1
  }

  /** The last entry of any higher priority. */
  #endAbove(priority: number): Entry<P> | undefined {
    for (let level = priority + 1; level < this.#ends.length; level++) {
      const end = this.#ends[level]
      if (end !== undefined) return end
    }
    return undefined
  }

  #link(entry: Entry<P>, previous: Entry<P> | undefined, next: Entry<P> | undefined): void {
    entry.previous = previous
    entry.next = next
    if (previous === undefined) this.#first = entry
    else previous.next = entry
    if (next === undefined) this.#last = entry
    else next.previous = entry
    if (next?.priority !== entry.priority) this.#ends[entry.priority] = entry
    this.#size += 1
  }
}
