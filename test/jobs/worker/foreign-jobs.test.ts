import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { memoryLedger } from '../../../src/jobs/ledger/memory.ts'
import { keptFailures, scriptedBench, settled } from './working.ts'

describe('a job of a program that is not this package', () => {
  it('needs no message id: several without one are several jobs, and several failures', async () => {
    const failures = keptFailures()
    const bench = await scriptedBench({ failures })
    const seen: number[] = []
    const job = defineJob({
      name: 'foreign',
      queue: 'foreign',
      perform: (n: number) => {
        seen.push(n)
        if (n > 2) throw new Error(`no ${n}`)
      },
    })
    const worker = bench.worker({ jobs: [job], concurrency: 10 })
    await worker.start()
    for (const n of [1, 2, 3, 4]) bench.deliver(job, n, { id: '' })
    await settled()
    assert.deepEqual(seen, [1, 2, 3, 4])
    assert.deepEqual(
      failures.kept.map(({ errorMessage }) => errorMessage),
      ['no 3', 'no 4'],
    )
    assert.equal(new Set(bench.events.map(({ jobId }) => jobId)).size, 4)
    assert.ok(bench.events.every(({ jobId }) => jobId !== ''))
    await worker.stop()
    await bench.connection.close()
  })

  it('has one identity from its first failure on, the one of its next attempt and of its record', async () => {
    const failures = keptFailures()
    const bench = await scriptedBench({ failures })
    const job = defineJob({
      name: 'foreign',
      queue: 'foreign',
      retry: { attempts: 2, backoff: { delay: 0 } },
      perform: () => {
        throw new Error('never')
      },
    })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, 1, { id: '' })
    await settled()
    const [next] = bench.sentTo('foreign')
    assert.ok(next)
    bench.deliver(job, 1, { id: next.message.id, envelope: { attempt: 2 } })
    await settled()
    assert.deepEqual(
      failures.kept.map(({ jobId }) => jobId),
      [next.message.id],
    )
    await worker.stop()
    await bench.connection.close()
  })

  it('may have an id that no store has room for: its copies are known all the same', async () => {
    const ledger = memoryLedger()
    const runs: string[] = []
    const begin = ledger.begin.bind(ledger)
    ledger.begin = async (run, worker) => {
      runs.push(run)
      return await begin(run, worker)
    }
    const bench = await scriptedBench({ ledger })
    let performed = 0
    const job = defineJob({ name: 'foreign', queue: 'foreign', perform: () => void performed++ })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    for (let copy = 0; copy < 2; copy++) {
      bench.deliver(job, 1, { id: '€'.repeat(2000) })
      await settled()
    }
    bench.deliver(job, 1, { id: `${'€'.repeat(2000)}!` })
    await settled()
    assert.equal(performed, 2)
    assert.deepEqual(
      bench.events.map(({ type }) => type),
      ['started', 'succeeded', 'deduplicated', 'started', 'succeeded'],
    )
    assert.ok(runs.length === 3 && runs.every((run) => Buffer.byteLength(run) < 1000))
    await worker.stop()
    await bench.connection.close()
  })
})
