import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { JobState, ResultsSession } from '../../../src/jobs/results/results.ts'
import { stateText } from '../../../src/jobs/results/state-text.ts'
import { scriptedBench, settled } from './working.ts'

/** Results that keep what is JSON, as stores do, and refuse everything where they are told to. */
function keptResults(refuses = false): ResultsSession & { readonly states: JobState[]; puts: number } {
  const session = {
    states: [] as JobState[],
    puts: 0,
    replyTo: undefined,
    watch: async () => ({ close: () => {} }),
    get: async () => undefined,
    put: async ({ jobId }: { readonly jobId: string }, state: JobState) => {
      session.puts++
      if (refuses) throw new UnderstudyError('storage', 'the user may not write', { retriable: false })
      stateText(jobId, state)
      session.states.push(state)
    },
    close: async () => {},
  }
  return session
}

describe('the outcome of a job', () => {
  it('is told without what it returned where that is no JSON, and holds nothing up', async () => {
    const results = keptResults()
    const bench = await scriptedBench({ results })
    const job = defineJob({ name: 'big', queue: 'big', perform: () => ({ n: 1n }) })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, undefined)
    await settled()
    // The clock stands still: it waited for nothing.
    assert.deepEqual(
      results.states.map((state) => [state.kind, 'value' in state && state.value]),
      [['succeeded', undefined]],
    )
    assert.equal(worker.describe().done.succeeded, 1)
    assert.ok(bench.log.some(({ message }) => message.includes('told as done, without it')))
    await worker.stop()
    await bench.connection.close()
  })

  it('is given up at once where a store says that it will never take it', async () => {
    const results = keptResults(true)
    const bench = await scriptedBench({ results })
    const job = defineJob({ name: 'done', queue: 'done', perform: () => {} })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, undefined)
    await settled()
    assert.equal(results.puts, 1)
    assert.equal(worker.describe().done.succeeded, 1)
    await worker.stop()
    await bench.connection.close()
  })
})
