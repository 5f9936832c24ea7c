import { formatDestination } from '../transport/destination.ts'
import type { PendingSend } from './pending.ts'

/**
 * Sends whose destination is away while the link is as good as before: the node of their queue is down, a
 * leader is being elected. One of each destination is offered again and again; the rest follow it.
 */
export class AwaySends {
  /** By destination, in the order in which they found it away. */
  readonly #byDestination = new Map<string, Set<PendingSend>>()

  get isEmpty(): boolean {
    return this.#byDestination.size === 0
  }

  add(entry: PendingSend): void {
    const key = keyOf(entry)
    const sends = this.#byDestination.get(key)
    if (sends) sends.add(entry)
    else this.#byDestination.set(key, new Set([entry]))
  }

  /** The eldest send of each destination, which is none of ours any more. */
  takeProbes(): PendingSend[] {
    const probes: PendingSend[] = []
    for (const [key, sends] of this.#byDestination) {
      const eldest = eldestOf(sends)
      if (eldest) {
        sends.delete(eldest)
        probes.push(eldest)
      }
      if (sends.size === 0) this.#byDestination.delete(key)
    }
    return probes
  }

  /** All of the destination where `entry` was confirmed, the eldest first; none of ours any more. */
  takeFollowers(entry: PendingSend): PendingSend[] {
    const key = keyOf(entry)
    const sends = this.#byDestination.get(key)
    if (!sends) return []
    this.#byDestination.delete(key)
    return [...sends].filter(({ settled }) => !settled).sort((one, other) => one.number - other.number)
  }

  clear(): void {
    this.#byDestination.clear()
  }
}

function keyOf({ message }: PendingSend): string {
  return formatDestination(message.destination)
}

function eldestOf(sends: Set<PendingSend>): PendingSend | undefined {
  let eldest: PendingSend | undefined
  for (const entry of sends) {
    if (entry.settled) sends.delete(entry)
    else if (!eldest || entry.number < eldest.number) eldest = entry
  }
  return eldest
}
