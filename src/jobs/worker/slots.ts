/** One queue's deliveries that wait for a slot, the first to come first. */
interface Line {
  readonly queue: string
  readonly weight: number
  waiting: ((entered: boolean) => void)[]
  /** How many of `waiting` are through already; moving the rest up for each would cost more. */
  through: number
  /** Nobody of it gets a slot for now. */
  held: boolean
  /** How much of its share it has not had; see {@link Slots.#next}. */
  due: number
}

const MOST_THROUGH = 64

/**
 * So many jobs at a time, over several queues: those that were delivered and wait get their turn by the order of the
 * queues, or by their weights.
 */
export class Slots {
  readonly limit: number
  readonly #lines = new Map<string, Line>()
  readonly #isStrict: boolean
  #busy = 0
  #onFree: { readonly line: Line; readonly callback: () => void }[] = []

  /** @param weights undefined for a strict order. */
  constructor(limit: number, queues: readonly string[], weights: ReadonlyMap<string, number> | undefined) {
    this.limit = limit
    this.#isStrict = weights === undefined
    for (const queue of queues) {
      this.#lines.set(queue, { queue, weight: weights?.get(queue) ?? 1, waiting: [], through: 0, held: false, due: 0 })
    }
  }

  get busy(): number {
    return this.#busy
  }

  waiting(queue: string): number {
    const line = this.#lines.get(queue)
    return line ? line.waiting.length - line.through : 0
  }

  /** True at once where a slot is free; else resolves with true for a slot and with false once it is let go. */
  enter(queue: string): true | Promise<boolean> {
    const line = this.#line(queue)
    if (!line.held && this.#busy < this.limit) {
      this.#busy++
      return true
    }
    return new Promise((resolve) => line.waiting.push(resolve))
  }

  /**
   * Calls back, once, when a slot is free that this queue could have: in a strict order one that nobody of an earlier
   * queue waits for, by weights any. Those of later queues that wait must not keep it away for ever.
   */
  whenFree(queue: string, callback: () => void): void {
    this.#onFree.push({ line: this.#line(queue), callback })
  }

  /** A slot is free again. */
  exit(): void {
    this.#busy--
    this.#tellFree()
    this.#fill()
  }

  /** Nobody of this queue gets a slot until it is freed; those that have one keep it. */
  hold(queue: string): void {
    this.#line(queue).held = true
  }

  free(queue: string): void {
    this.#line(queue).held = false
    this.#fill()
  }

  /** Those of this queue that wait need wait no longer: they get none. */
  letGo(queue: string): void {
    const line = this.#line(queue)
    const waiting = line.waiting.slice(line.through)
    line.waiting = []
    line.through = 0
    for (const resolve of waiting) resolve(false)
  }

  #fill(): void {
    while (this.#busy < this.limit) {
      const line = this.#next()
      const resolve = line?.waiting[line.through]
      if (line === undefined || resolve === undefined) break
      line.through++
      if (line.through === line.waiting.length || line.through >= MOST_THROUGH) {
        line.waiting.splice(0, line.through)
        line.through = 0
      }
      this.#busy++
      resolve(true)
    }
    if (this.#busy < this.limit) this.#tellFree()
  }

  #tellFree(): void {
    if (this.#onFree.length === 0) return
    const waiting = this.#onFree
    this.#onFree = []
    for (const one of waiting) {
      if (this.#couldHave(one.line)) one.callback()
      else this.#onFree.push(one)
    }
  }

  #couldHave(line: Line): boolean {
    if (!this.#isStrict) return true
    for (const earlier of this.#lines.values()) {
      if (earlier === line) return true
      if (!earlier.held && earlier.through < earlier.waiting.length) return false
    }
    return true
  }

  /**
   * By weights: whoever waits gets its weight on account, and the one with the most on it pays for all, so that the
   * turns of five to one are spread and not five in a row. An empty line saves nothing up.
   */
  #next(): Line | undefined {
    let best: Line | undefined
    let total = 0
    for (const line of this.#lines.values()) {
      if (line.held || line.through === line.waiting.length) {
        line.due = 0
        continue
      }
      if (this.#isStrict) return line
      line.due += line.weight
      total += line.weight
      if (best === undefined || line.due > best.due) best = line
    }
    if (best) best.due -= total
    return best
  }

  #line(queue: string): Line {
    const line = this.#lines.get(queue)
    if (line === undefined) throw new RangeError(`no queue ${queue} here`)
    return line
  }
}
