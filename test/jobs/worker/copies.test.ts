import assert from 'node:assert/strict'
import test from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { memoryBench, until } from './working.ts'

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
