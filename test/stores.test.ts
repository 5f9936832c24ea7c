import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { it } from 'node:test'
import { sqliteFailures, sqliteLedger, UnderstudyError } from '../src/index.ts'
import { ownFolder } from './adapters/sqlite/place.ts'

it('a store says what and where it is, and makes nothing before it is used', async () => {
  using folder = ownFolder()
  const store = sqliteFailures(folder.file)
  const ledger = sqliteLedger(folder.file)
  assert.deepEqual([store.kind, store.name, ledger.kind], ['sqlite', 'failures.db', 'sqlite'])
  await store.close()
  await ledger.close()
  assert.equal(existsSync(folder.file), false)
  await assert.rejects(store.open(), { code: 'closed' })
  await assert.rejects(ledger.open(), { code: 'closed' })
})

it('an option that nobody knows is refused at once', () => {
  assert.throws(
    () => sqliteLedger('x.db', { keepFor: 1 } as object),
    (error) => error instanceof UnderstudyError && /keepFor"; did you mean keepForMs\?/.test(error.message),
  )
  assert.throws(() => sqliteFailures('x.db', { clok: 1 } as object), { code: 'invalid-option' })
})

it('a store and a ledger may share a file', async () => {
  using folder = ownFolder()
  await using store = sqliteFailures(folder.file)
  await using ledger = sqliteLedger(folder.file)
  await Promise.all([store.open(), ledger.open()])
  await Promise.all([store.setPaused('a', true), ledger.finish('r')])
  assert.deepEqual(await store.paused(), ['a'])
  assert.equal((await ledger.begin('r', 'w')).finished, true)
})
