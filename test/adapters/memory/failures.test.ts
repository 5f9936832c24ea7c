import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { emptyMemory, memoryFailures, MemoryFailures } from '../../../adapters/memory/failures.ts'
import { systemClock } from '../../../src/clock.ts'
import { failure } from '../../../src/testing/failure-store/place.ts'
import { failureStoreSuite } from '../../../src/testing/failure-store/suite.ts'

failureStoreSuite({
  name: 'memory',
  place: async () => {
    const memory = emptyMemory()
    return { store: () => new MemoryFailures(100_000, systemClock, memory), close: async () => {} }
  },
})

describe('failures in memory', () => {
  it('refuses what is beyond its bound, and forgets nothing for it', async () => {
    await using store = memoryFailures({ maxFailures: 2 })
    await store.keep([failure({ jobId: 'a' })])
    await assert.rejects(store.keep([failure({ jobId: 'b' }), failure({ jobId: 'c' })]), { code: 'storage' })
    await store.keep([failure({ jobId: 'a' }), failure({ jobId: 'b' })])
    assert.equal(await store.count({ kind: 'all' }), 2)
    for (const maxFailures of [0, 1.5, 1e9])
      assert.throws(() => memoryFailures({ maxFailures }), { code: 'invalid-option' })
  })

  it('keeps arguments of its own', async () => {
    await using store = memoryFailures()
    const args = Buffer.from('abc')
    await store.keep([failure({ jobId: 'a', args })])
    args.fill(0)
    assert.deepEqual((await store.get('a.0'))?.args, new Uint8Array(Buffer.from('abc')))
  })
})
