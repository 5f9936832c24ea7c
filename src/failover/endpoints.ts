import type { Random } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'
import { type Endpoint, redact } from '../transport/endpoint.ts'
import { addressOf, type FailoverUri } from './uri.ts'

/** The order in which the brokers of a failover URI are tried. */
export class EndpointList {
  readonly #endpoints: readonly Endpoint[]
  readonly #preferred: ReadonlySet<Endpoint>
  readonly #randomize: boolean
  readonly #random: Random

  /** @throws UnderstudyError `invalid-option` when `priorityURIs` names a broker that is not listed. */
  constructor(uri: FailoverUri, random: Random) {
    this.#endpoints = uri.endpoints
    this.#randomize = uri.options.randomize
    this.#random = random
    this.#preferred = uri.options.priorityBackup ? preferredOf(uri) : new Set()
  }

  /** One pass over the whole list; the broker that was just lost comes last, the preferred ones first. */
  pass(lost?: Endpoint): readonly Endpoint[] {
    const order = [...this.#endpoints]
    if (this.#randomize) shuffle(order, this.#random)
    const rank = (endpoint: Endpoint): number => (endpoint === lost ? 2 : this.#preferred.has(endpoint) ? 0 : 1)
    return order.sort((one, other) => rank(one) - rank(other))
  }

  /** The preferred brokers to go back to from `current`; empty when it is one of them. */
  betterThan(current: Endpoint): readonly Endpoint[] {
    return this.#preferred.has(current) ? [] : [...this.#preferred]
  }
}

function preferredOf(uri: FailoverUri): ReadonlySet<Endpoint> {
  const { priorityUris } = uri.options
  if (priorityUris.length === 0) return new Set(uri.endpoints.slice(0, 1))
  const wanted = priorityUris.map((text) => {
    const address = addressOf(text)?.toLowerCase()
    const found = uri.endpoints.find((endpoint) => redact(endpoint).toLowerCase() === address)
    if (!found) {
      const listed = uri.endpoints.map(redact).join(', ')
      throw new UnderstudyError(
        'invalid-option',
        `option priorityURIs names a broker that is not in the list; listed are ${listed}`,
      )
    }
    return found
  })
  return new Set(wanted)
}

function shuffle(items: Endpoint[], random: Random): void {
  for (let last = items.length - 1; last > 0; last--) {
    const pick = Math.floor(random() * (last + 1))
    const [one, other] = [items[last] as Endpoint, items[pick] as Endpoint]
    items[last] = other
    items[pick] = one
  }
}
