import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { FAILED_QUEUE } from '../../../src/jobs/job-host.ts'
import { Bounds } from '../../../src/jobs/worker/bounds.ts'
import { TimeLimit } from '../../../src/jobs/worker/time-limit.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { keptFailures, scriptedBench, settled } from './working.ts'

describe('a time limit', () => {
  it('tells each that is late, in its order and once, with one timer for all', async () => {
    const clock = new FakeClock()
    const late: string[] = []
    const limit = new TimeLimit<string>(clock, 100, (item) => late.push(item))
    limit.begin('a')
    await clock.advance(40)
    limit.begin('b')
    limit.begin('c')
    assert.equal(clock.pending, 1)
    limit.end('b')
    await clock.advance(59)
    assert.deepEqual(late, [])
    await clock.advance(1)
    assert.deepEqual(late, ['a'])
    assert.equal(clock.pending, 1)
    await clock.advance(40)
    assert.deepEqual(late, ['a', 'c'])
    assert.equal(clock.pending, 0)
    limit.begin('d')
    limit.clear()
    assert.equal(clock.pending, 0)
  })
})

describe('bounds', () => {
  it('pass on what comes in time and what is thrown, and refuse what hangs', async () => {
    const clock = new FakeClock()
    const bounds = new Bounds(clock)
    assert.equal(await bounds.within('it', async () => 7), 7)
    const error = new Error('no')
    await assert.rejects(
      bounds.within('it', () => Promise.reject(error)),
      (thrown) => thrown === error,
    )
    const hangs = assert.rejects(
      bounds.within('the store', () => new Promise<never>(() => {})),
      (thrown) => thrown instanceof UnderstudyError && thrown.code === 'deadline' && /the store/.test(thrown.message),
    )
    await clock.advance(10_000)
    await hangs
    bounds.close()
    assert.equal(clock.pending, 0)
  })

  it('leave no timer of what is asked when they are over', async () => {
    const clock = new FakeClock()
    const bounds = new Bounds(clock)
    bounds.close()
    assert.equal(await bounds.within('it', async () => 7), 7)
    assert.equal(clock.pending, 0)
  })

  it('have a failure go to the queue of failures where the store hangs', async () => {
    const failures = { ...keptFailures(), keep: () => new Promise<never>(() => {}) }
    const bench = await scriptedBench({ failures })
    const job = defineJob({
      name: 'fails',
      queue: 'jobs',
      perform: () => {
        throw new Error('no')
      },
    })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, 1, { id: 'j' })
    await bench.clock.advance(9999)
    assert.deepEqual(bench.subscription('jobs').settlements, [])
    await bench.clock.advance(1)
    await settled()
    assert.deepEqual(
      bench.sentTo(FAILED_QUEUE).map(({ message }) => message.id),
      ['j.0'],
    )
    assert.deepEqual(bench.subscription('jobs').settlements, [{ id: 'j', as: 'ack' }])
    await worker.stop({ grace: 0 })
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })
})
