/**
 * Lines that come by the thousand, written a turn of the event loop at a time: a write for each would cost more
 * than the jobs they tell of.
 */
export class LineBuffer {
  readonly #write: (text: string) => void
  #lines: string[] = []
  #turn: NodeJS.Immediate | undefined

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  add(line: string): void {
    this.#lines.push(line)
    this.#turn ??= setImmediate(() => this.flush())
  }

  /** Writes what waits. */
  flush(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
    if (this.#lines.length === 0) return
    const text = `${this.#lines.join('\n')}\n`
    this.#lines = []
    this.#write(text)
  }
}
