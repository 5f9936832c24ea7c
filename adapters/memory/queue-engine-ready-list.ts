/** One message in one queue. */
export interface QueuedMessage<P> {
  /** Its place in the queue: a later send has a greater one, and it never changes while the message lives. */
  readonly sequence: number
  readonly payload: P
  readonly sizeBytes: number
  readonly persistent: boolean
  /** Wall time in milliseconds from which the message is no longer delivered; undefined for never. */
  readonly expiresAtMs: number | undefined
  /** Whether a consumer may have seen it before. */
  readonly redelivered: boolean
}

/** A queued message with its links: at any time it is in one ready list or with one consumer, never both. */
export interface Entry<P> extends QueuedMessage<P> {
  redelivered: boolean
  previous: Entry<P> | undefined
  next: Entry<P> | undefined
}

/**
 * The messages of a queue that wait for a consumer, in the order of their sequence numbers. A linked list,
 * so that taking from the front, adding to the back and dropping an expired one from the middle cost the
 * same however long it is.
 */
export class ReadyList<P> {
  #first: Entry<P> | undefined
  #last: Entry<P> | undefined
  #size = 0

  get first(): Entry<P> | undefined {
    return this.#first
  }

  get size(): number {
    return this.#size
  }

  /** Adds an entry whose sequence number is greater than that of every entry in the list. */
  append(entry: Entry<P>): void {
    this.#link(entry, this.#last, undefined)
  }

  /**
   * Puts entries that had left back in their places; they must be in ascending order. What was delivered
   * stood in front of what was not, so the walk passes only those that came back before.
   */
  putBack(entries: Iterable<Entry<P>>): void {
    let behind = this.#first
    for (const entry of entries) {
      while (behind !== undefined && behind.sequence < entry.sequence) behind = behind.next
      this.#link(entry, behind === undefined ? this.#last : behind.previous, behind)
    }
  }

  remove(entry: Entry<P>): void {
    if (entry.previous === undefined) this.#first = entry.next
    else entry.previous.next = entry.next
    if (entry.next === undefined) this.#last = entry.previous
    else entry.next.previous = entry.previous
    entry.previous = undefined
    entry.next = undefined
    this.#size -= 1
  }

  #link(entry: Entry<P>, previous: Entry<P> | undefined, next: Entry<P> | undefined): void {
    entry.previous = previous
    entry.next = next
    if (previous === undefined) this.#first = entry
    else previous.next = entry
    if (next === undefined) this.#last = entry
    else next.previous = entry
    this.#size += 1
  }
}
