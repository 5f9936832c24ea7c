import { UnderstudyError } from '../../errors.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'

/** A ledger whose adapter is loaded with its first use. */
export class LazyLedger implements Ledger {
  readonly kind: string
  readonly #load: () => Promise<Ledger>
  #loading: Promise<Ledger> | undefined
  #closed = false

  constructor(kind: string, load: () => Promise<Ledger>) {
    this.kind = kind
    this.#load = load
  }

  async open(): Promise<void> {
    await (await this.#ledger()).open()
  }

  async begin(run: string, worker: string): Promise<LedgerEntry> {
    return await (await this.#ledger()).begin(run, worker)
  }

  async finish(run: string): Promise<void> {
    await (await this.#ledger()).finish(run)
  }

  async interrupted(run: string): Promise<void> {
    await (await this.#ledger()).interrupted(run)
  }

  async close(): Promise<void> {
    this.#closed = true
    const ledger = await this.#loading?.catch(() => undefined)
    await ledger?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #ledger(): Promise<Ledger> {
    if (this.#closed && !this.#loading)
      return Promise.reject(new UnderstudyError('closed', `the ledger (${this.kind}) was closed by its owner`))
    this.#loading ??= this.#load().catch((error: unknown) => {
      // Another try may find what this one did not.
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }
}
