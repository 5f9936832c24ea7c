import assert from 'node:assert/strict'
import test from 'node:test'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { scriptedBench, settled } from './working.ts'

test('what a new subscription delivered is worked on, however late the one before it ends', async () => {
  const bench = await scriptedBench()
  const ends: (() => void)[] = []
  const job = defineJob({
    name: 'slow',
    queue: 'jobs',
    perform: () => new Promise<void>((resolve) => ends.push(resolve)),
  })
  const worker = bench.worker({ jobs: [job], prefetch: 10 })
  await worker.start()
  const answer = Promise.withResolvers<void>()
  bench.subscription('jobs').cancelling = answer.promise
  worker.pause()
  worker.resume()
  await settled()
  for (const id of ['first', 'first', 'second']) bench.deliver(job, undefined, { id })
  await settled()
  assert.deepEqual([ends.length, worker.describe().queues[0]?.waiting], [1, 1])
  answer.resolve()
  await settled()
  for (let nth = 0; nth < 2; nth++) {
    ends[nth]?.()
    await settled()
  }
  assert.deepEqual(
    bench.subscription('jobs').settlements.map(({ id, as }) => `${id} ${as}`),
    ['first ack', 'second ack', 'first ack'],
  )
  await worker.stop()
  await bench.connection.close()
  assert.equal(bench.clock.pending, 0)
})
