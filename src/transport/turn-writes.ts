/** What can hold writes back and let them go together, such as a socket. */
export interface Corkable {
  cork(): void
  uncork(): void
}

// What may wait for the end of the turn: with more, the broker would stand idle while we go on.
const HELD_BYTES = 16 * 1024

/** Lets what is written within one turn of the event loop leave together, as long as it is not much. */
export class TurnWrites {
  readonly #to: Corkable
  #corked = false
  #heldBytes = 0

  constructor(to: Corkable) {
    this.#to = to
  }

  /** To be called before a write. */
  hold(): void {
    if (this.#corked) return
    this.#corked = true
    this.#to.cork()
    process.nextTick(() => {
      this.#corked = false
      this.#heldBytes = 0
      this.#to.uncork()
    })
  }

  /** To be called after it, with its length. */
  held(bytes: number): void {
    this.#heldBytes += bytes
    if (this.#heldBytes < HELD_BYTES) return
    this.#heldBytes = 0
    this.#to.uncork()
    this.#to.cork()
  }
}
