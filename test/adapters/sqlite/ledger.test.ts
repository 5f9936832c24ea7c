import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { it } from 'node:test'
import { type Clock, systemClock } from '../../../src/clock.ts'
import { sqliteLedger } from '../../../src/stores.ts'
import { ownFolder } from './place.ts'

it('a run is forgotten some time after it began, a few at every new one', async () => {
  using folder = ownFolder()
  let now = 1_000_000
  const clock: Clock = { ...systemClock, wallTime: () => now }
  await using ledger = sqliteLedger(folder.file, { keepForMs: 1_000, clock })
  for (let at = 0; at < 5; at++) await ledger.begin(`old ${at}`, 'w')
  await ledger.finish('old 0')
  now += 1_000
  assert.equal((await ledger.begin('old 0', 'w')).finished, true)
  now += 1
  await ledger.begin('new 1', 'w')
  const database = new DatabaseSync(folder.file)
  const runs = (): unknown[] =>
    database
      .prepare('SELECT run FROM runs ORDER BY run')
      .all()
      .map(({ run }) => run)
  assert.equal(runs().length, 4)
  await ledger.begin('new 2', 'w')
  assert.deepEqual(runs(), ['new 1', 'new 2', 'old 0'])
  database.close()
})

it('a time to remember that is none is refused', async () => {
  using folder = ownFolder()
  for (const keepForMs of [0, Number.NaN, -1]) {
    await using ledger = sqliteLedger(folder.file, { keepForMs })
    await assert.rejects(ledger.open(), { code: 'invalid-option' })
  }
})
