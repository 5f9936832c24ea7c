import type { UnderstudyError } from '../../src/errors.ts'
import type { SessionTenant } from '../../src/failover/session.ts'
import type { Link } from '../../src/transport/link.ts'

/** A tenant that writes down what it is told, and quiesces when the test says so. */
export class ScriptedTenant implements SessionTenant {
  readonly heard: string[] = []
  /** Called on every word, after it was written down. */
  onWord: (word: string) => void = () => {}
  /** Whether `quiesce` waits for `finish`. */
  busy = false
  #finish: () => void = () => {}

  linkUp(link: Link): void {
    this.#hear(`up ${link.endpoint}`)
  }

  linkDown(error: UnderstudyError): void {
    this.#hear(`down ${error.code}`)
  }

  linkBlocked(blocked: boolean): void {
    this.#hear(blocked ? 'blocked' : 'unblocked')
  }

  ended(error: UnderstudyError): void {
    this.#hear(`ended ${error.code}`)
  }

  quiesce(): Promise<void> {
    this.#hear('quiesce')
    if (!this.busy) return Promise.resolve()
    return new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  finish(): void {
    this.#finish()
  }

  #hear(word: string): void {
    this.heard.push(word)
    this.onWord(word)
  }
}
