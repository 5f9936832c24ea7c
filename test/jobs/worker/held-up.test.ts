import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { memoryBench, scriptedBench, settled, until } from './working.ts'

const HELD_UP = 'jobs of other queues have all the slots; what waits here is given back'

/** A job that ends when it is told to, or with the test: under a clock that stands still nobody else would end it. */
function slowJob(queue: string) {
  const ends: (() => void)[] = []
  let isOver = false
  const job = defineJob({
    name: `slow-${queue}`,
    queue,
    perform: () => (isOver ? undefined : new Promise<void>((resolve) => ends.push(resolve))),
  })
  return {
    job,
    end: () => ends.shift()?.(),
    running: () => ends.length,
    [Symbol.dispose]: () => {
      isOver = true
      for (const end of ends.splice(0)) end()
    },
  }
}

describe('a job that waits at a worker for slots that another queue has', () => {
  it('goes to a worker that is idle after some seconds', async () => {
    const clock = new FakeClock()
    await using bench = await memoryBench({ clock })
    using high = slowJob('high')
    using low = slowJob('low')
    const busy = bench.worker({ jobs: [high.job, low.job], queues: ['high', 'low'] })
    await busy.start()
    await bench.send(high.job)
    await until('the slow one runs', () => high.running() === 1)
    await bench.send(low.job)
    await until('the other one waits', () => busy.describe().queues[1]?.waiting === 1)
    const idle = bench.worker({ jobs: [low.job] })
    await idle.start()
    for (let second = 0; second < 4; second++) await clock.advance(1000)
    assert.equal(low.running(), 0, 'a slot may be free any moment')
    for (let second = 0; second < 3; second++) await clock.advance(1000)
    await until('the idle worker has it', () => idle.describe().slots.length === 1)
    low.end()
    high.end()
    await until('both are done', () => bench.events.filter(({ type }) => type === 'succeeded').length === 2)
    await idle.stop()
    await bench.send(low.job)
    await until('the first one listens there again', () => busy.describe().slots[0]?.queue === 'low')
    low.end()
    await until('it is done', () => bench.events.filter(({ type }) => type === 'succeeded').length === 3)
    await busy.stop()
    assert.ok(!bench.events.some(({ type }) => type === 'deduplicated' || type === 'interrupted'))
    assert.equal(clock.pending, 0)
  })

  it('is given back once, and waits where it is when it comes again', async () => {
    const bench = await scriptedBench()
    const [high, low] = [slowJob('high'), slowJob('low')]
    const worker = bench.worker({ jobs: [high.job, low.job], queues: ['high', 'low'] })
    await worker.start()
    const said = (): number => bench.log.filter(({ message }) => message === HELD_UP).length
    const first = bench.subscription('low')
    bench.deliver(high.job, 1)
    const id = bench.deliver(low.job, 1)
    await settled()
    await bench.clock.advance(7000)
    assert.deepEqual([first.cancelled, said()], [true, 1])
    assert.throws(() => bench.subscription('low'), /nothing listens/)
    // The check for subscriptions that get nothing has nothing against it.
    await bench.clock.advance(60_000)
    assert.throws(() => bench.subscription('low'), /nothing listens/)
    bench.deliver(high.job, 2)
    high.end()
    await settled()
    assert.throws(() => bench.subscription('low'), /nothing listens/, 'the next one of the first queue has the slot')
    high.end()
    await settled()
    const second = bench.subscription('low')
    bench.deliver(high.job, 3)
    await settled()
    bench.deliver(low.job, 1, { id, redelivered: true })
    await settled()
    await bench.clock.advance(60_000)
    assert.deepEqual([second.cancelled, said()], [false, 1])
    high.end()
    await settled()
    assert.equal(low.running(), 1)
    low.end()
    await settled()
    assert.equal(worker.describe().done.succeeded, 4)
    assert.ok(!bench.log.some(({ level }) => level === 'warn'))
    await worker.stop({ grace: 0 })
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })

  it('comes back for its turn where the queues have weights, although the slots are never free', async () => {
    const bench = await scriptedBench()
    const [high, low] = [slowJob('high'), slowJob('low')]
    const worker = bench.worker({ jobs: [high.job, low.job], queues: { high: 1, low: 1 } })
    await worker.start()
    const first = bench.subscription('low')
    bench.deliver(high.job, 1)
    const id = bench.deliver(low.job, 1)
    await settled()
    bench.deliver(high.job, 2)
    await bench.clock.advance(7000)
    assert.equal(first.cancelled, true)
    high.end()
    await settled()
    assert.equal(high.running(), 1, 'the next one has the slot')
    bench.deliver(high.job, 3)
    bench.deliver(low.job, 1, { id, redelivered: true })
    bench.deliver(high.job, 4)
    await settled()
    for (let turn = 0; turn < 2; turn++) {
      high.end()
      await settled()
    }
    assert.deepEqual([low.running(), high.running()], [1, 0])
    low.end()
    await settled()
    high.end()
    await settled()
    assert.equal(worker.describe().done.succeeded, 5)
    await worker.stop({ grace: 0 })
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })

  it('comes back before the jobs of a later queue of the list, although these are never at an end', async () => {
    const bench = await scriptedBench()
    const [high, low] = [slowJob('high'), slowJob('low')]
    const worker = bench.worker({ jobs: [high.job, low.job], queues: ['high', 'low'] })
    await worker.start()
    const first = bench.subscription('high')
    bench.deliver(low.job, 1)
    await settled()
    const id = bench.deliver(high.job, 1)
    bench.deliver(low.job, 2)
    await bench.clock.advance(7000)
    assert.equal(first.cancelled, true)
    low.end()
    await settled()
    assert.equal(low.running(), 1, 'the next one has the slot')
    bench.deliver(low.job, 3)
    bench.deliver(high.job, 1, { id, redelivered: true })
    await settled()
    low.end()
    await settled()
    assert.deepEqual([high.running(), low.running()], [1, 0])
    high.end()
    await settled()
    low.end()
    await settled()
    assert.equal(worker.describe().done.succeeded, 4)
    await worker.stop({ grace: 0 })
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })

  it('stays while another one of its queue is in hand, which its subscription would take along', async () => {
    const bench = await scriptedBench()
    const [high, low] = [slowJob('high'), slowJob('low')]
    const worker = bench.worker({ jobs: [high.job, low.job], queues: ['high', 'low'], concurrency: 2 })
    await worker.start()
    bench.deliver(low.job, 1)
    bench.deliver(high.job, 1)
    bench.deliver(low.job, 2)
    await settled()
    await bench.clock.advance(60_000)
    assert.equal(bench.subscription('low').cancelled, false)
    low.end()
    await settled()
    assert.equal(low.running(), 1)
    low.end()
    high.end()
    await worker.stop()
    await bench.connection.close()
  })

  it('is none of a paused queue, nor of a worker that stops', async () => {
    const bench = await scriptedBench()
    const [high, low] = [slowJob('high'), slowJob('low')]
    const worker = bench.worker({ jobs: [high.job, low.job], queues: ['high', 'low'] })
    await worker.start()
    bench.deliver(high.job, 1)
    bench.deliver(low.job, 1)
    await settled()
    await bench.clock.advance(7000)
    worker.pause(['queue://low'])
    high.end()
    await settled()
    assert.throws(() => bench.subscription('low'), /nothing listens/)
    worker.resume(['low'])
    await settled()
    assert.equal(bench.subscription('low').cancelled, false)
    await worker.stop()
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })
})
