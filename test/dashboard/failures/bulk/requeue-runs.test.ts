import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RequeueRuns } from '../../../../src/dashboard/failures/bulk/requeue-runs.ts'
import type { FailureDesk } from '../../../../src/jobs/failures/desk.ts'
import { silentLogger } from '../../../../src/logger.ts'
import { FakeClock, settled } from '../../../support/fake-clock.ts'

describe('the requeues of a dashboard that closes', () => {
  it('are waited for, ten seconds at most: a store that hangs keeps nobody', async () => {
    const clock = new FakeClock()
    const warned: string[] = []
    const hangs = Promise.withResolvers<never>()
    let signal: AbortSignal | undefined
    const desk = {
      requeue: async (_query: unknown, options: { readonly signal: AbortSignal }) => {
        signal = options.signal
        return await hangs.promise
      },
    } as unknown as FailureDesk
    const logger = { ...silentLogger, warn: (_fields: object, message: string) => void warned.push(message) }
    const runs = new RequeueRuns(desk, { clock, logger, tell: (what) => what })
    runs.start({ query: { kind: 'and', of: [] }, what: 'all', choice: {}, actor: 'otto', expected: 1 })
    await settled()
    let isClosed = false
    const closed = runs.close().then(() => (isClosed = true))
    await clock.advance(9_999)
    assert.equal(isClosed, false)
    assert.equal(signal?.aborted, true)
    await clock.advance(1)
    await closed
    assert.deepEqual(warned, ['the dashboard was closed while failures were being sent back'])
    assert.equal(clock.pending, 0)
    hangs.reject(new Error('over'))
    await settled()
  })
})
