import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { memoryLedger } from '../../../src/jobs/ledger/memory.ts'
import { ledgerTests } from '../../../src/testing/ledger/suite.ts'

// What a ledger in memory knows goes with it: it cannot be opened in a second place.
const OF_ONE_PLACE = new Set([
  'a run is begun as often as it is, until it is finished',
  'a start that was interrupted does not count, and a finished run stays finished',
  'a run that was never begun may be finished',
])

describe('a ledger in memory', () => {
  for (const { title, run } of ledgerTests.filter(({ title }) => OF_ONE_PLACE.has(title)))
    it(title, async () => {
      await run(async () => memoryLedger())
      OF_ONE_PLACE.delete(title)
    })

  it('keeps what the contract of ledgers says of one place', () => {
    assert.deepEqual([...OF_ONE_PLACE], [], 'these were not found in the contract')
  })

  it('forgets the eldest past its bound', async () => {
    const ledger = memoryLedger({ maxRuns: 2 })
    for (const run of ['a', 'b', 'c']) await ledger.finish(run)
    assert.deepEqual(await Promise.all(['c', 'b', 'a'].map(async (run) => (await ledger.begin(run, 'w')).finished)), [
      true,
      true,
      false,
    ])
  })

  it('refuses a bound that cannot be, and everything once it is closed', async () => {
    for (const maxRuns of [0, 1.5, Number.NaN, 1e9])
      assert.throws(() => memoryLedger({ maxRuns }), { code: 'invalid-option' })
    const ledger = memoryLedger()
    await ledger.finish('a')
    await ledger.close()
    await ledger.close()
    const refused = (error: unknown): boolean => error instanceof UnderstudyError && error.code === 'closed'
    await assert.rejects(ledger.begin('a', 'w'), refused)
    await assert.rejects(ledger.finish('a'), refused)
    await ledger.interrupted('a')
  })
})
