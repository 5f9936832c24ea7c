import type { Clock, Timer } from '../clock.ts'

/** Something that has to end by a time of its own. */
export interface Timed {
  /** In the clock's `now`. */
  readonly dueAt: number
  /** Called once its time has come; it is not watched any more by then. */
  late(): void
}

/**
 * Watches things with deadlines of their own, with one timer for all of them: a heap has the nearest one
 * on top. A timer that is due earlier than needed is left to fire; it costs less than moving it.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #heap: Timed[] = []
  /** Where in the heap each one is, so that it can leave from the middle. */
  readonly #places = new Map<Timed, number>()
  #timer: Timer | undefined
  #timerDueAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(item: Timed): void {
    this.#heap.push(item)
    this.#rise(this.#heap.length - 1, item)
    this.#arm()
  }

  end(item: Timed): void {
    const place = this.#places.get(item)
    if (place === undefined) return
    this.#places.delete(item)
    const last = this.#heap.pop()
    if (last === undefined || last === item) return
    const above = this.#heap[(place - 1) >> 1]
    if (place > 0 && above && above.dueAt > last.dueAt) this.#rise(place, last)
    else this.#sink(place, last)
  }

  /** Watches nothing more, and leaves no timer. */
  clear(): void {
    this.#heap.length = 0
    this.#places.clear()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerDueAt = Number.POSITIVE_INFINITY
  }

  #arm(): void {
    const nearest = this.#heap[0]
    if (!nearest || nearest.dueAt >= this.#timerDueAt) return
    this.#timer?.cancel()
    this.#timerDueAt = nearest.dueAt
    this.#timer = this.#clock.after(nearest.dueAt - this.#clock.now(), () => {
      this.#timer = undefined
      this.#timerDueAt = Number.POSITIVE_INFINITY
      const now = this.#clock.now()
      for (let item = this.#heap[0]; item && item.dueAt <= now; item = this.#heap[0]) {
        this.end(item)
        item.late()
      }
      this.#arm()
    })
  }

  #put(place: number, item: Timed): void {
    this.#heap[place] = item
    this.#places.set(item, place)
  }

  #rise(from: number, item: Timed): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const other = this.#heap[above]
      if (!other || other.dueAt <= item.dueAt) break
      this.#put(place, other)
      place = above
    }
    this.#put(place, item)
  }

  #sink(from: number, item: Timed): void {
    let place = from
    for (;;) {
      const left = place * 2 + 1
      const [one, two] = [this.#heap[left], this.#heap[left + 1]]
      const nearer = one && two && two.dueAt < one.dueAt ? two : one
      if (!nearer || nearer.dueAt >= item.dueAt) break
      this.#put(place, nearer)
      place = nearer === one ? left : left + 1
    }
    this.#put(place, item)
  }
}
