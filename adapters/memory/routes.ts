import type { Destination } from '../../src/transport/destination.ts'
import type { EngineAddress } from './queue-engine/queue-engine.ts'
import { PatternMap } from './queue-engine/patterns.ts'

type Source = Exclude<Destination, { readonly kind: 'queue' }>

/** A destination as the queue engine knows it: an exchange is a space of topics named by routing keys. */
export function engineAddress(destination: Destination): EngineAddress {
  switch (destination.kind) {
    case 'queue':
    case 'topic':
      return { kind: destination.kind, name: destination.name }
    case 'exchange':
      return { kind: 'topic', name: destination.routingKey, space: `exchange ${destination.name}` }
  }
}

/** Which queues are bound to which exchanges and topics. */
export class Routes {
  readonly #spaces = new Map<string, PatternMap<Set<string>>>()

  /** What is bound already stays bound once. */
  bind(source: Source, queue: string): void {
    const { name, space = '' } = engineAddress(source)
    const patterns: PatternMap<Set<string>> = this.#spaces.get(space) ?? new PatternMap()
    this.#spaces.set(space, patterns)
    const queues = patterns.get(name) ?? new Set()
    patterns.set(name, queues.add(queue))
  }

  /** Each queue once, however many of its bindings match. */
  queuesOf(source: Source): ReadonlySet<string> {
    const { name, space = '' } = engineAddress(source)
    const found = new Set<string>()
    for (const queues of this.#spaces.get(space)?.matching(name) ?? []) {
      for (const queue of queues) found.add(queue)
    }
    return found
  }
}
