import { describe, it } from 'node:test'
import type { FailureStore } from '../../jobs/failures/store.ts'
import { keeping } from './keeping.ts'
import type { FailureStorePlace, FailureStoreTest } from './place.ts'
import { searching } from './searching.ts'
import { sendingBack } from './sending-back.ts'

/** Everything that a store of failures promises, whatever it keeps them in. */
export const failureStoreTests: readonly FailureStoreTest[] = [...keeping, ...searching, ...sendingBack]

/** What the contract suite of failure stores runs against. */
export interface FailureStoreSuiteOptions {
  /** What the suite runs against, such as `SQLite`. */
  readonly name: string
  /** Makes an empty place, once for each test. */
  readonly place: () => Promise<FailureStorePlace>
  /** Why nothing can run here, or false. Defaults to false. */
  readonly skip?: string | false
}

const HANG_MS = 60_000

/** Registers the contract suite of failure stores with node:test. */
export function failureStoreSuite({ name, place, skip = false }: FailureStoreSuiteOptions): void {
  describe(`the contract of failure stores on ${name}`, { skip }, () => {
    for (const { title, run } of failureStoreTests) {
      it(title, { timeout: HANG_MS }, async () => await playOn(await place(), run))
    }
  })
}

async function playOn(place: FailureStorePlace, run: FailureStoreTest['run']): Promise<void> {
  const stores: FailureStore[] = []
  try {
    await run(async () => {
      const store = place.store()
      stores.push(store)
      await store.open()
      return store
    })
  } finally {
    await Promise.all(stores.map((store) => store.close()))
    await place.close()
  }
}
