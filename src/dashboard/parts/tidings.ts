import { randomBytes } from 'node:crypto'
import type { Html } from '../../page/html.ts'
import { notice } from './notice.ts'

const MOST = 100

/**
 * What came of an action, to be told on the page that the browser is sent to afterwards: the address names it by an id
 * that nobody can guess, so that no link of others can make a page say something.
 */
export class Tidings {
  readonly #told = new Map<string, Html>()

  /** Keeps it, and returns what stands behind the `?` of the address. */
  keep(tone: 'good' | 'bad' | 'doubtful', what: string): string {
    const id = randomBytes(9).toString('base64url')
    this.#told.set(id, notice(tone, what))
    for (const eldest of this.#told.keys()) {
      if (this.#told.size <= MOST) break
      this.#told.delete(eldest)
    }
    return `told=${id}`
  }

  /** Undefined for what was not told here, or too long ago. */
  of(id: string | undefined): Html | undefined {
    return id === undefined ? undefined : this.#told.get(id)
  }
}
