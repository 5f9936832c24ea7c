interface Waiting<Item, Answer> {
  readonly item: Item
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * What many ask for at once shares one transaction, and with it one wait for the server's disk: while one batch is under
 * way, the next one gathers.
 */
export class Batches<Item, Answer> {
  readonly #perform: (items: readonly Item[]) => Promise<readonly Answer[]>
  readonly #most: number
  readonly #waiting: Waiting<Item, Answer>[] = []
  #isUnderWay = false

  /** @param perform gives an answer for each item, in their order. What it throws is thrown to all of them. */
  constructor(most: number, perform: (items: readonly Item[]) => Promise<readonly Answer[]>) {
    this.#most = most
    this.#perform = perform
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#isUnderWay) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isUnderWay = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#most)
      try {
        const answers = await this.#perform(batch.map(({ item }) => item))
        for (const [at, { resolve }] of batch.entries()) resolve(answers[at] as Answer)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isUnderWay = false
  }
}
