import { UnderstudyError } from '../../errors.ts'
import { OpenedOnce } from '../opened-once.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'

/** A ledger whose adapter is loaded with its first use. */
export class LazyLedger implements Ledger {
  readonly kind: string
  readonly #ledger: OpenedOnce<Ledger>
  #closed = false

  constructor(kind: string, load: () => Promise<Ledger>) {
    this.kind = kind
    this.#ledger = new OpenedOnce(async () => {
      if (this.#closed) throw new UnderstudyError('closed', `the ledger (${kind}) was closed by its owner`)
      return await load()
    })
  }

  async open(): Promise<void> {
    await (await this.#ledger.get()).open()
  }

  async begin(run: string, worker: string): Promise<LedgerEntry> {
    return await (await this.#ledger.get()).begin(run, worker)
  }

  async finish(run: string): Promise<void> {
    await (await this.#ledger.get()).finish(run)
  }

  async interrupted(run: string): Promise<void> {
    await (await this.#ledger.get()).interrupted(run)
  }

  async close(): Promise<void> {
    this.#closed = true
    const ledger = await this.#ledger.peek()
    await ledger?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
