import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { it } from 'node:test'
import { networkFileSystem } from '../../../adapters/sqlite/network-folder.ts'
import { MIGRATIONS } from '../../../adapters/sqlite/schema.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { sqliteFailures } from '../../../src/stores.ts'
import { failures } from '../../../src/testing/failure-store/place.ts'
import { ownFolder } from './place.ts'

async function refusal(path: string): Promise<UnderstudyError> {
  await using store = sqliteFailures(path)
  const error: unknown = await store.open().then(
    () => assert.fail('it was opened'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof UnderstudyError, String(error))
  assert.ok(!error.message.includes('\n'))
  return error
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

it('a file that is no database is refused by name and stays as it is', async () => {
  using folder = ownFolder()
  writeFileSync(folder.file, 'not a database, but a text of some length'.repeat(100))
  const { code, message, retriable } = await refusal(folder.file)
  assert.deepEqual([code, retriable], ['storage', false])
  assert.equal(message, `the SQLite file ${folder.file}: it is no SQLite database`)
})

it('a database of something else is refused', async () => {
  using folder = ownFolder()
  change(folder.file, 'CREATE TABLE customers (name TEXT)')
  assert.match((await refusal(folder.file)).message, /failures\.db: it is the database of something else$/)
})

it('a file of a newer version is refused, with both versions', async () => {
  using folder = ownFolder()
  await using store = sqliteFailures(folder.file)
  await store.open()
  await store.close()
  change(folder.file, `PRAGMA user_version = ${MIGRATIONS.length + 1}`)
  const { message } = await refusal(folder.file)
  const versions = `(version ${MIGRATIONS.length + 1}, this one knows ${MIGRATIONS.length})`
  assert.ok(message.endsWith(`a newer understudy-mq wrote it ${versions}`), message)
})

it('a file that cannot be opened is refused by name, and may be opened once it can', async () => {
  using folder = ownFolder()
  const path = join(folder.path, 'later', 'failures.db')
  await using store = sqliteFailures(path)
  await assert.rejects(store.open(), {
    code: 'storage',
    message: /later\/failures\.db: it cannot be opened; its folder/,
  })
  assert.match((await refusal(folder.path)).message, /it cannot be opened|disk/)
  mkdirSync(join(folder.path, 'later'))
  await store.open()
  assert.equal(await store.count({ kind: 'all' }), 0)
})

it('what is no path of a file is refused', async () => {
  for (const path of ['', ':memory:', 'file:x.db?mode=memory', 'a\0b'])
    assert.equal((await refusal(path)).code, 'invalid-option')
})

it('a damaged file is an error of the store, and never of the process', async () => {
  using folder = ownFolder()
  await using store = sqliteFailures(folder.file)
  await store.keep(failures('a', 200))
  await store.close()
  writeFileSync(folder.file, Buffer.alloc(40_000, 7), { flag: 'r+' })
  assert.equal((await refusal(folder.file)).code, 'storage')
})

it('folders of other hosts are known by their file system, and those of this one are not taken for them', () => {
  assert.equal(networkFileSystem(0x6969), 'NFS')
  assert.equal(networkFileSystem(0xff534d42 | 0), 'CIFS')
  for (const local of [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630])
    assert.equal(networkFileSystem(local), undefined)
})

it('failures and a ledger leave a write-ahead log to nobody once all of them are closed', async () => {
  using folder = ownFolder()
  await using store = sqliteFailures(folder.file)
  await store.keep(failures('a', 5))
  await store.count({ kind: 'all' })
  await store.close()
  const database = new DatabaseSync(folder.file)
  assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
  database.exec(`INSERT INTO failure_words (failure_words) VALUES ('integrity-check')`)
  database.close()
})
