/** Something that is opened at its first use, once for all who want it. */
export class OpenedOnce<Value> {
  readonly #open: () => Promise<Value>
  #opening: Promise<Value> | undefined

  constructor(open: () => Promise<Value>) {
    this.#open = open
  }

  /** Where it could not be opened, the next call tries anew. */
  get(): Promise<Value> {
    this.#opening ??= this.#tryToOpen()
    return this.#opening
  }

  /** What it is, where it was opened or is about to be; undefined where nobody wanted it, or it could not be had. */
  async peek(): Promise<Value | undefined> {
    try {
      return await this.#opening
    } catch {
      return undefined
    }
  }

  async #tryToOpen(): Promise<Value> {
    try {
      return await this.#open()
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }
}
