import { abortReason } from '../clock.ts'
import type { UnderstudyError } from '../errors.ts'

/** A send that waits for room in the buffer of unconfirmed ones. */
interface Waiter {
  readonly bytes: number
  readonly startedAt: number
  readonly admit: () => void
  readonly refuse: (error: UnderstudyError) => void
}

/** What becomes of a send that waits. Exactly one of the two is called, once. */
export interface WaitingSend {
  readonly bytes: number
  /** When it came, on the monotonic clock. */
  readonly startedAt: number
  readonly onAdmitted: () => void
  readonly onRefused: (error: UnderstudyError) => void
}

/** The sends that wait for room, first come, first served; bounded like the buffer they wait for. */
export class WaitingLine {
  readonly #maxCount: number
  readonly #maxBytes: number
  readonly #line = new Set<Waiter>()
  #bytes = 0

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  get isEmpty(): boolean {
    return this.#line.size === 0
  }

  /** Whether one more of that size may wait. */
  takes(bytes: number): boolean {
    return this.#line.size === 0 || (this.#line.size < this.#maxCount && this.#bytes + bytes <= this.#maxBytes)
  }

  /** @param signal refuses the send when it fires while it waits. */
  add({ bytes, startedAt, onAdmitted, onRefused }: WaitingSend, signal: AbortSignal | undefined): void {
    const onAbort = (): void => waiter.refuse(abortReason(signal as AbortSignal))
    const leave = (): void => {
      if (this.#line.delete(waiter)) this.#bytes -= bytes
      signal?.removeEventListener('abort', onAbort)
    }
    const waiter: Waiter = {
      bytes,
      startedAt,
      admit: () => {
        leave()
        onAdmitted()
      },
      refuse: (error) => {
        leave()
        onRefused(error)
      },
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#line.add(waiter)
    this.#bytes += bytes
  }

  /** When the one that has waited longest came, or undefined. */
  oldestStartedAt(): number | undefined {
    return this.#line.size === 0 ? undefined : this.#line.values().next().value?.startedAt
  }

  /** Admits the first ones, as long as `fits` says so. */
  admit(fits: (bytes: number) => boolean): void {
    if (this.#line.size === 0) return
    for (const waiter of this.#line) {
      if (!fits(waiter.bytes)) return
      waiter.admit()
    }
  }

  /** Refuses the first ones, as long as `isOver` says so of the time they came. */
  refuse(error: () => UnderstudyError, isOver: (startedAt: number) => boolean = () => true): void {
    for (const waiter of this.#line) {
      if (!isOver(waiter.startedAt)) return
      waiter.refuse(error())
    }
  }
}
