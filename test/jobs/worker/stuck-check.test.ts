import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { type ScriptedBench, scriptedBench, settled } from './working.ts'

const job = defineJob({ name: 'work', queue: 'jobs', perform: () => {} })

const subscriptionsOf = (bench: ScriptedBench) =>
  bench.transport.links.flatMap(({ subscriptions }) =>
    subscriptions.filter(({ destination }) => destination.name === 'jobs'),
  )

function ready(bench: ScriptedBench, count: number, isExact = true): void {
  for (const { queues } of bench.transport.links)
    queues.set('jobs', { ready: count, isExact, consumers: isExact ? 1 : undefined })
}

describe('a worker that is connected and gets nothing', () => {
  it('subscribes anew once two looks in a row see jobs that wait, says so, and gets them', async () => {
    const bench = await scriptedBench()
    const worker = bench.worker({ jobs: [job], stuckAfter: 30_000 })
    await worker.start()
    ready(bench, 5)
    await bench.clock.advance(44_000)
    assert.equal(subscriptionsOf(bench).length, 1, 'one look is not enough')
    await bench.clock.advance(2000)
    assert.deepEqual(
      subscriptionsOf(bench).map(({ cancelled }) => cancelled),
      [true, false],
    )
    assert.ok(bench.log.some(({ level, message }) => level === 'warn' && message.startsWith('jobs wait and none came')))
    ready(bench, 0)
    bench.deliver(job, 1)
    await settled()
    assert.equal(worker.describe().done.succeeded, 1)
    await bench.clock.advance(120_000)
    assert.equal(subscriptionsOf(bench).length, 2, 'an empty queue is no reason')
    await worker.stop({ grace: 0 })
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })

  it('leaves its subscription alone while something comes, or where the broker cannot be asked', async () => {
    const bench = await scriptedBench()
    const worker = bench.worker({ jobs: [job], stuckAfter: 30_000 })
    await worker.start()
    ready(bench, 5)
    for (let turn = 0; turn < 10; turn++) {
      await bench.clock.advance(20_000)
      bench.deliver(job, 1)
      await settled()
    }
    assert.equal(subscriptionsOf(bench).length, 1)
    for (const link of bench.transport.links) link.asking = new UnderstudyError('unsupported', 'not here')
    await bench.clock.advance(300_000)
    assert.equal(subscriptionsOf(bench).length, 1)
    await worker.stop({ grace: 0 })
    await bench.connection.close()
  })
})

describe('a worker that gets nothing, of a broker that counts what others hold', () => {
  it('subscribes anew on suspicion, seldom, and never says that it was stuck', async () => {
    const bench = await scriptedBench()
    const worker = bench.worker({ jobs: [job], stuckAfter: 30_000 })
    await worker.start()
    ready(bench, 5, false)
    await bench.clock.advance(46_000)
    assert.equal(subscriptionsOf(bench).length, 2, 'they may wait')
    await bench.clock.advance(270_000)
    assert.equal(subscriptionsOf(bench).length, 2, 'others have them in hand')
    await bench.clock.advance(60_000)
    assert.equal(subscriptionsOf(bench).length, 3)
    assert.deepEqual(
      bench.log.filter(({ level }) => level === 'warn'),
      [],
    )
    const said = bench.log.filter(({ message }) => message.includes('subscribes anew'))
    assert.deepEqual(
      said.map(({ level, message }) => [level, message.includes('other workers')]),
      [
        ['info', true],
        ['info', true],
      ],
    )
    await worker.stop({ grace: 0 })
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })
})

describe('a subscription that a broker refuses in the middle of its life', () => {
  it('is tried again later, and works then', async () => {
    const bench = await scriptedBench()
    const worker = bench.worker({ jobs: [job], stuckAfter: 30_000 })
    await worker.start()
    const refusal = new UnderstudyError('rejected', 'the queue is being moved')
    bench.transport.onLink = (link) => {
      link.confirms = true
      link.subscribing = refusal
    }
    for (const link of bench.transport.links) link.die()
    await bench.clock.advance(10_000)
    assert.ok(bench.log.some(({ level, message }) => level === 'error' && message === 'a worker lost its subscription'))
    for (const link of bench.transport.links) link.subscribing = 'accept'
    await bench.clock.advance(15_000)
    bench.deliver(job, 1)
    await settled()
    assert.equal(worker.describe().done.succeeded, 1)
    await worker.stop({ grace: 0 })
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })
})
