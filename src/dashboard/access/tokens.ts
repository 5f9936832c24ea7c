import { createHash, timingSafeEqual } from 'node:crypto'
import type { AccessToken } from './access.ts'
import type { Visitor } from './visitor.ts'

/** Who comes with a token. */
export interface Bearer {
  readonly visitor: Visitor
  /** The same for the same token of the same name and role, and of no other; it does not tell the token. */
  readonly key: string
}

/** Knows who comes with a token, and takes the same time for every one. */
export class Tokens {
  readonly #known: readonly (Bearer & { readonly digest: Buffer })[]
  readonly #keys: ReadonlySet<string>

  constructor(tokens: readonly AccessToken[]) {
    this.#known = tokens.map(({ name, role, token }) => {
      const digest = digestOf(token)
      return { digest, visitor: { name, role }, key: `${digest.toString('base64')} ${role} ${name}` }
    })
    this.#keys = new Set(this.#known.map(({ key }) => key))
  }

  bearerOf(token: string): Bearer | undefined {
    const digest = digestOf(token)
    let found: Bearer | undefined
    // All of them are compared, whichever fits: how long it takes says nothing.
    for (const known of this.#known) if (timingSafeEqual(digest, known.digest)) found = known
    return found
  }

  /** Whether there is still such a token, of the same name and role. */
  has(key: string): boolean {
    return this.#keys.has(key)
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest()
}
