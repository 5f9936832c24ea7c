import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { seededRandom } from '../../../src/clock.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { memoryLedger } from '../../../src/jobs/ledger/memory.ts'
import { FAILED_QUEUE } from '../../../src/jobs/job-host.ts'
import { keptFailures, memoryBench, until } from './working.ts'

interface Args {
  readonly n: number
  /** How many attempts fail; more than there are means for good. */
  readonly fails: number
}

const JOBS = 150

for (const seed of [1, 2, 3, 4]) {
  describe(`two workers under cut links, cancelled subscriptions, refused sends and pauses (seed ${seed})`, () => {
    it('do every job once, or keep it once, and lose none', async () => {
      const random = seededRandom(seed)
      const failures = keptFailures()
      const ledger = memoryLedger()
      await using bench = await memoryBench({ failures, ledger, random })
      await using stack = new AsyncDisposableStack()
      const succeeded: number[] = []
      const job = defineJob({
        name: 'chaos',
        queue: 'chaos',
        retry: { attempts: 3, backoff: { delay: 0 } },
        perform: async ({ n, fails }: Args, { attempt }) => {
          await setTimeout(random() * 4)
          if (attempt <= fails) throw new Error(`attempt ${attempt} of ${n}`)
          succeeded.push(n)
        },
      })
      const workers = [3, 2].map((concurrency) =>
        stack.use(bench.worker({ jobs: [job], concurrency, heartbeat: 5, stuckAfter: 50 })),
      )
      for (const worker of workers) await worker.start()
      const all = Array.from({ length: JOBS }, (_, n): Args => ({ n, fails: Math.floor(random() * 5) }))
      const expectedKept = all.filter(({ fails }) => fails >= 3).map(({ n }) => n)
      await Promise.all(all.map(async (args) => await bench.send(job, args, { id: `chaos-${args.n}` })))
      const isDone = (): boolean =>
        succeeded.length + failures.kept.length >= JOBS && bench.depth('chaos') === 0 && bench.depth(FAILED_QUEUE) === 0
      for (let turn = 0; turn < 40; turn++) {
        await setTimeout(random() * 8)
        const dice = random()
        const worker = workers[turn % 2]
        if (dice < 0.4) bench.broker.cut()
        else if (dice < 0.5) bench.broker.cancelConsumers()
        else if (dice < 0.6) worker?.pause()
        else if (dice < 0.7) worker?.resume()
        else if (dice < 0.8) bench.broker.nackNext(1)
      }
      for (const worker of workers) worker.resume()
      await until('every job is done or kept', isDone)
      assert.deepEqual(
        succeeded.toSorted((a, b) => a - b),
        all.filter(({ fails }) => fails < 3).map(({ n }) => n),
      )
      assert.deepEqual(
        failures.kept.map(({ jobId }) => Number(jobId.slice('chaos-'.length))).toSorted((a, b) => a - b),
        expectedKept,
      )
      await Promise.all(workers.map((worker) => worker.stop()))
      assert.equal(
        workers.reduce((sum, worker) => sum + worker.describe().slots.length, 0),
        0,
      )
    })
  })
}
