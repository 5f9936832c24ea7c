import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteFailures, sqliteLedger } from '../../../src/stores.ts'
import type { FailureStorePlace } from '../../../src/testing/failure-store/place.ts'
import type { LedgerPlace } from '../../../src/testing/ledger/suite.ts'

/** A folder that is gone with the test. */
export function ownFolder(): { readonly path: string; readonly file: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'understudy-sqlite-'))
  return {
    path,
    file: join(path, 'failures.db'),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

export async function sqlitePlace(): Promise<FailureStorePlace & LedgerPlace> {
  const folder = ownFolder()
  return {
    store: () => sqliteFailures(folder.file),
    ledger: () => sqliteLedger(folder.file),
    close: async () => folder[Symbol.dispose](),
  }
}
