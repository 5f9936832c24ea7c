import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { memoryBench, until } from './working.ts'

const EACH = 30

/**
 * What a worker with one slot does first to last, of two queues that are full from the beginning. Each job takes longer
 * than the next delivery of its queue.
 */
async function orderOf(
  queues: readonly string[] | Readonly<Record<string, number>>,
  given: number | undefined,
): Promise<string> {
  const prefetch = given ?? 2
  await using bench = await memoryBench()
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const left = { high: EACH, low: EACH }
  const next = async (queue: 'high' | 'low'): Promise<void> => {
    left[queue]--
    const waits = (): number => worker.describe().queues.find((one) => one.queue === queue)?.waiting ?? 0
    await until('the next delivery', () => waits() >= Math.min(prefetch - 1, left[queue]))
  }
  const jobs = (['high', 'low'] as const).map((queue) =>
    defineJob({
      name: queue,
      queue,
      perform: async (isFirst?: true) => {
        if (isFirst) return await gate.promise
        order.push(queue === 'high' ? 'h' : 'l')
        await next(queue)
      },
    }),
  )
  const [high] = jobs
  assert.ok(high)
  const worker = bench.worker({ jobs, queues, ...(given === undefined ? {} : { prefetch: given }) })
  await worker.start()
  await bench.send(high, true)
  await until('the slot is taken', () => worker.describe().slots.length === 1)
  for (let nth = 0; nth < EACH; nth++) for (const job of jobs) await bench.send(job)
  await until('as many wait as may', () => {
    const [ofHigh, ofLow] = worker.describe().queues
    return ofHigh?.waiting === Math.min(prefetch - 1, EACH) && ofLow?.waiting === Math.min(prefetch, EACH)
  })
  gate.resolve()
  await until('all are done', () => worker.describe().done.succeeded === 2 * EACH + 1)
  await worker.stop()
  return order.join('')
}

describe('a worker with one slot and two queues', () => {
  for (const prefetch of [undefined, 2, 40]) {
    it(`takes five of one to one of the other by their weights, not in a row, with a prefetch of ${prefetch ?? 'its own choice'}`, async () => {
      const order = await orderOf({ high: 5, low: 1 }, prefetch)
      const sixes = order.slice(0, EACH + 6).match(/.{6}/g) ?? []
      assert.deepEqual(
        sixes.map((six) => six.replaceAll('h', '')),
        sixes.map(() => 'l'),
        order,
      )
      assert.equal(order.slice(EACH + 6), 'l'.repeat(EACH - 6))
    })

    it(`takes from the second of a list when nothing of the first waits, with a prefetch of ${prefetch ?? 'its own choice'}`, async () => {
      assert.equal(await orderOf(['high', 'low'], prefetch), 'h'.repeat(EACH) + 'l'.repeat(EACH))
    })
  }
})
