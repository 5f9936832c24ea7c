import assert from 'node:assert/strict'
import test, { mock } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { CopiesThatWait } from '../../../src/jobs/worker/runs-in-hand.ts'
import { memoryBench, scriptedBench, settled, until } from './working.ts'

const COPIES = 300
// Of what once stayed behind, 27 MB; a heap of tests strays by a fraction of this.
const MOST_BYTES = 8e6

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

test('copies that waited for the first of them leave nothing behind when they are done', async () => {
  await using bench = await memoryBench()
  const job = defineJob({ name: 'once', queue: 'once', perform: () => {} })
  await using worker = bench.worker({ jobs: [job], prefetch: COPIES })
  await worker.start()
  let before = 0
  for (const id of ['first', 'second']) {
    // The first burst warms up.
    before = heapBytes()
    await Promise.all(Array.from({ length: COPIES }, () => bench.send(job, undefined, { id })))
    await until('the copies are acknowledged', () => bench.depth('once') === 0)
  }
  const stayed = heapBytes() - before
  assert.equal(worker.describe().done.deduplicated, 2 * COPIES - 2)
  assert.ok(stayed < MOST_BYTES, `${stayed} bytes stayed behind`)
})

test('copies that wait are called one after the other, and not all by the end of each', async () => {
  const wait = mock.method(CopiesThatWait.prototype, 'wait')
  const waits = (): number => wait.mock.callCount()
  try {
    await using bench = await memoryBench()
    const { promise, resolve: end } = Promise.withResolvers<void>()
    const job = defineJob({ name: 'once', queue: 'once', perform: () => promise })
    await using worker = bench.worker({ jobs: [job], concurrency: 10, prefetch: COPIES })
    await worker.start()
    await Promise.all(Array.from({ length: COPIES }, () => bench.send(job, undefined, { id: 'same' })))
    await until('the others wait for the first', () => waits() === COPIES - 1)
    end()
    await until('the copies are acknowledged', () => bench.depth('once') === 0)
    assert.equal(worker.describe().done.deduplicated, COPIES - 1)
    assert.equal(waits(), COPIES - 1, 'somebody was called in vain')
  } finally {
    wait.mock.restore()
  }
})

test('a copy whose turn comes while its worker is paused takes it when that is resumed, and none stays behind', async () => {
  const bench = await scriptedBench()
  const ends: (() => void)[] = []
  const job = defineJob({
    name: 'once',
    queue: 'once',
    perform: () => new Promise<void>((resolve) => ends.push(resolve)),
  })
  const worker = bench.worker({ jobs: [job], concurrency: 2, prefetch: 10 })
  await worker.start()
  // Another one in hand keeps the subscription through the pause.
  bench.deliver(job, 1, { id: 'other' })
  for (let copy = 0; copy < 4; copy++) bench.deliver(job, 1, { id: 'same' })
  await settled()
  assert.equal(ends.length, 2)
  worker.pause()
  ends[1]?.()
  await settled()
  worker.resume()
  // The one that was called has a slot by now, and finds that it may not begin.
  worker.pause()
  await settled()
  worker.resume()
  await settled()
  assert.equal(worker.describe().done.deduplicated, 3)
  ends[0]?.()
  await settled()
  assert.equal(bench.subscription('once').settlements.length, 5)
  await worker.stop({ grace: 0 })
  await bench.connection.close()
})
