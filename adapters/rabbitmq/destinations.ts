import type { UnderstudyError } from '../../src/errors.ts'
import type { Destination } from '../../src/transport/destination.ts'
import type { PublishFields } from './driver.ts'
import { routeOf } from './message.ts'

/** A send that waits until its destination is there. */
export interface Waiter {
  ready(route: PublishFields): void
  refused(error: UnderstudyError): void
}

/** Those who wait, in order; undefined once the destination is there. */
interface Known {
  line: Waiter[] | undefined
}

// A program that makes up names for ever forgets the eldest, and asks the broker for them again.
const MOST_KNOWN = 10_000

/** Holds sends back until their destination was made or found, and keeps their order per destination. */
export class Destinations {
  readonly #use: (destination: Destination) => Promise<void>
  readonly #known = new Map<string, Known>()

  constructor(use: (destination: Destination) => Promise<void>) {
    this.#use = use
  }

  /** Whether a send may go now. */
  isReady(destination: Destination): boolean {
    const known = this.#known.get(keyOf(destination))
    return known !== undefined && known.line === undefined
  }

  /** Asks for a destination that is not ready, and tells the waiter, behind those who came before. */
  wait(destination: Destination, waiter: Waiter): void {
    const key = keyOf(destination)
    const known = this.#known.get(key)
    if (known?.line) {
      known.line.push(waiter)
      return
    }
    const line = [waiter]
    const entry: Known = { line }
    this.#known.set(key, entry)
    this.#use(destination).then(
      () => {
        this.#bound()
        entry.line = undefined
        for (const one of line.splice(0)) one.ready(routeOf(destination))
      },
      (error: unknown) => {
        this.#known.delete(key)
        for (const one of line.splice(0)) one.refused(error as UnderstudyError)
      },
    )
  }

  /** It seems to be gone: the next send asks again. */
  forget(destination: Destination): void {
    const key = keyOf(destination)
    if (this.#known.get(key)?.line === undefined) this.#known.delete(key)
  }

  /** The link is over: nobody waits any longer. */
  ended(error: UnderstudyError): void {
    for (const { line } of this.#known.values()) for (const one of line?.splice(0) ?? []) one.refused(error)
    this.#known.clear()
  }

  #bound(): void {
    if (this.#known.size <= MOST_KNOWN) return
    for (const [key, { line }] of this.#known) {
      if (line) continue
      this.#known.delete(key)
      return
    }
  }
}

/** One for all routing keys of an exchange, and one for all topics, which share an exchange. */
function keyOf({ kind, name }: Destination): string {
  if (kind === 'queue') return name
  return kind === 'topic' ? 'topic://' : `exchange://${name}`
}
