import type { Clock, Timer } from '../../../src/clock.ts'
import type { QueuedMessage } from './ready-list.ts'

/** A message whose time has not come, and the queue that it will stand in. */
export interface DelayedMessage<M extends QueuedMessage<unknown>> {
  readonly queue: string
  readonly message: M
  /** Wall time in milliseconds. */
  readonly deliverAtMs: number
}

/**
 * Messages that wait for their time, the earliest first and those of one moment in the order of their sequence
 * numbers: a binary heap, and one timer for the first of them. Time is the clock's wall time, and a timer that comes
 * before it is set anew, so that nothing is early.
 */
export class DelayedMessages<M extends QueuedMessage<unknown>> {
  readonly #clock: Clock
  readonly #release: (due: DelayedMessage<M>) => void
  #heap: DelayedMessage<M>[] = []
  #timer: Timer | undefined
  #resting = false

  /** `release` is given each message when its time has come. */
  constructor(clock: Clock, release: (due: DelayedMessage<M>) => void) {
    this.#clock = clock
    this.#release = release
  }

  get size(): number {
    return this.#heap.length
  }

  /** Whether one of them will stand in this queue. Linear in their number. */
  has(queue: string): boolean {
    return this.#heap.some((delayed) => delayed.queue === queue)
  }

  add(delayed: DelayedMessage<M>): void {
    let index = this.#heap.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = this.#heap[parent]
      if (above === undefined || !comesBefore(delayed, above)) break
      this.#heap[index] = above
      index = parent
    }
    this.#heap[index] = delayed
    if (index === 0) this.#arm()
  }

  /** Takes out those that are meant. */
  removeWhere(isMeant: (message: M, queue: string) => boolean): DelayedMessage<M>[] {
    const removed: DelayedMessage<M>[] = []
    const kept: DelayedMessage<M>[] = []
    for (const delayed of this.#heap) (isMeant(delayed.message, delayed.queue) ? removed : kept).push(delayed)
    // A sorted list is a heap.
    this.#heap = kept.toSorted((a, b) => (comesBefore(a, b) ? -1 : 1))
    this.#arm()
    return removed
  }

  /** Keeps no timer while true; what falls due meanwhile comes when it is false again. */
  setResting(resting: boolean): void {
    this.#resting = resting
    this.#arm()
  }

  #arm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const first = this.#heap[0]
    if (this.#resting || first === undefined) return
    this.#timer = this.#clock.after(first.deliverAtMs - this.#clock.wallTime(), () => {
      this.#timer = undefined
      const now = this.#clock.wallTime()
      for (let next = this.#heap[0]; next !== undefined && next.deliverAtMs <= now; next = this.#heap[0]) {
        // Whoever is given one may end it all.
        if (this.#resting) return
        this.#takeFirst()
        this.#release(next)
      }
      this.#arm()
    })
  }

  #takeFirst(): void {
    const last = this.#heap.pop()
    const size = this.#heap.length
    if (last === undefined || size === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const [left, right] = [this.#heap[child], this.#heap[child + 1]]
      if (left === undefined) break
      const smaller = right !== undefined && comesBefore(right, left) ? right : left
      if (smaller === right) child += 1
      if (!comesBefore(smaller, last)) break
      this.#heap[index] = smaller
      index = child
    }
    this.#heap[index] = last
  }
}

function comesBefore<M extends QueuedMessage<unknown>>(a: DelayedMessage<M>, b: DelayedMessage<M>): boolean {
  if (a.deliverAtMs !== b.deliverAtMs) return a.deliverAtMs < b.deliverAtMs
  return a.message.sequence < b.message.sequence
}
