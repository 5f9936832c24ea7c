import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sleep } from '../../../src/clock.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { Job } from '../../../src/jobs/job.ts'
import type { JobState, ResultsSession } from '../../../src/jobs/results/results.ts'
import { stateText } from '../../../src/jobs/results/state-text.ts'
import { type ScriptedBench, scriptedBench, settled } from './working.ts'

interface Kept extends ResultsSession {
  isDown: boolean
  /** It will never take anything. */
  isRefusing: boolean
  /** What an answer waits for. */
  answering: () => Promise<void>
  /** How often something was put, in vain or not. */
  tries: number
  readonly states: Map<string, JobState>
}

function keptResults(): Kept {
  const answer = (): void => {
    if (kept.isDown) throw new UnderstudyError('storage', 'away', { retriable: true })
  }
  const kept: Kept = {
    isDown: false,
    isRefusing: false,
    answering: async () => {},
    tries: 0,
    states: new Map(),
    replyTo: undefined,
    watch: async () => ({ close: () => {} }),
    get: async (jobId) => {
      answer()
      return kept.states.get(jobId)
    },
    put: async ({ jobId }, state) => {
      kept.tries++
      answer()
      await kept.answering()
      if (kept.isRefusing) throw new UnderstudyError('storage', 'the user may not write', { retriable: false })
      // As stores do, it takes nothing but JSON.
      stateText(jobId, state)
      kept.states.set(jobId, state)
    },
    close: async () => {},
  }
  return kept
}

const job = defineJob({
  name: 'double',
  queue: 'jobs',
  perform: async (n: number, context) => {
    await context.progress(50)
    return 2 * n
  },
})

const acknowledged = (bench: ScriptedBench): string[] => bench.subscription('jobs').settlements.map(({ id }) => id)

function valueOf({ states }: Kept, jobId: string): readonly unknown[] {
  const state = states.get(jobId)
  return [state?.kind, state?.kind === 'succeeded' ? state.value : undefined]
}

/** A worker whose results have been away for longer than it waits, and the job that found that out. */
async function whileAway(...more: readonly Job[]) {
  const results = keptResults()
  results.isDown = true
  const bench = await scriptedBench({ results })
  const worker = bench.worker({ jobs: [job, ...more], concurrency: 2, prefetch: 100 })
  await worker.start()
  bench.deliver(job, 1, { id: 'first' })
  await bench.clock.advance(29_000)
  assert.deepEqual(acknowledged(bench), [], 'they may be back any moment')
  await bench.clock.advance(11_000)
  assert.deepEqual(acknowledged(bench), ['first'])
  return {
    bench,
    results,
    worker,
    stop: async () => {
      await worker.stop({ grace: 0 })
      await bench.connection.close()
      assert.equal(bench.clock.pending, 0)
    },
  }
}

/** A value that JSON has no word for. */
const unwritable = defineJob({ name: 'big', queue: 'jobs', perform: () => ({ n: 1n }) })

describe('an outcome that cannot be told', () => {
  it('is told without what the job returned where that is no JSON, and holds nothing up', async () => {
    const results = keptResults()
    const bench = await scriptedBench({ results })
    const worker = bench.worker({ jobs: [unwritable] })
    await worker.start()
    bench.deliver(unwritable, undefined, { id: 'j' })
    await settled()
    // The clock stands still: it waited for nothing.
    assert.deepEqual(valueOf(results, 'j'), ['succeeded', undefined])
    assert.deepEqual(acknowledged(bench), ['j'])
    assert.equal(worker.describe().done.succeeded, 1)
    assert.ok(bench.log.some(({ message }) => message.includes('told as done, without it')))
    await worker.stop()
    await bench.connection.close()
  })

  it('is given up at once where a store says that it will never take it', async () => {
    const results = keptResults()
    results.isRefusing = true
    const bench = await scriptedBench({ results })
    const done = defineJob({ name: 'done', queue: 'jobs', perform: () => {} })
    const worker = bench.worker({ jobs: [done] })
    await worker.start()
    bench.deliver(done, undefined, { id: 'j' })
    await settled()
    assert.equal(results.tries, 1)
    assert.deepEqual(acknowledged(bench), ['j'])
    assert.equal(worker.describe().done.succeeded, 1)
    await worker.stop()
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })

  it('is told late without what the job returned, too, and no other waits behind it', async () => {
    const results = keptResults()
    results.isDown = true
    const bench = await scriptedBench({ results })
    const worker = bench.worker({ jobs: [unwritable, job], prefetch: 10 })
    await worker.start()
    bench.deliver(unwritable, undefined, { id: 'no json' })
    await bench.clock.advance(40_000)
    bench.deliver(job, 2, { id: 'other' })
    await settled()
    assert.deepEqual(acknowledged(bench), ['no json', 'other'])
    results.isDown = false
    await bench.clock.advance(10_000)
    assert.deepEqual(valueOf(results, 'no json'), ['succeeded', undefined])
    assert.deepEqual(valueOf(results, 'other'), ['succeeded', 4])
    await worker.stop()
    await bench.connection.close()
  })
})

describe('results that are away for long', () => {
  it('are waited for by no further job, and asked by one at a time', async () => {
    const { bench, results, stop } = await whileAway()
    const before = results.tries
    for (let nth = 0; nth < 50; nth++) bench.deliver(job, nth)
    await settled()
    assert.equal(acknowledged(bench).length, 51)
    assert.equal(results.tries, before)
    await bench.clock.advance(60_000)
    assert.ok(results.tries - before <= 8, `asked ${results.tries - before} times in a minute`)
    await stop()
  })

  it('are told all that they missed when they answer again, and waited for anew in their next outage', async () => {
    const { bench, results, stop } = await whileAway()
    bench.deliver(job, 2, { id: 'second' })
    await settled()
    results.isDown = false
    await bench.clock.advance(10_000)
    const values = ['first', 'second']
      .map((id) => results.states.get(id))
      .map((state) => state?.kind === 'succeeded' && state.value)
    assert.deepEqual(values, [2, 4])
    results.isDown = true
    bench.deliver(job, 3, { id: 'third' })
    await bench.clock.advance(20_000)
    assert.deepEqual(acknowledged(bench), ['first', 'second'])
    results.isDown = false
    await bench.clock.advance(10_000)
    assert.deepEqual(acknowledged(bench), ['first', 'second', 'third'])
    await stop()
  })

  it('are told late of nothing that is known better by then', async () => {
    const { bench, results, stop } = await whileAway()
    const later: JobState = { kind: 'succeeded', value: 'of a later run', at: bench.clock.wallTime() }
    results.states.set('first', later)
    results.isDown = false
    await bench.clock.advance(10_000)
    assert.equal(results.states.get('first'), later)
    await stop()
  })

  it('have a last chance when the worker stops', async () => {
    const { results, stop } = await whileAway()
    results.isDown = false
    await stop()
    assert.equal(results.states.get('first')?.kind, 'succeeded')
  })

  it('have it in vain where they never answer, and the worker says how many outcomes it takes along', async () => {
    const { bench, results, worker } = await whileAway()
    results.isDown = false
    results.answering = () => new Promise<never>(() => {})
    const before = results.tries
    while (results.tries === before) await bench.clock.advance(1000)
    const stopping = worker.stop({ grace: 0 })
    await settled()
    await bench.clock.advance(1000)
    await stopping
    const said = bench.log.filter(({ message }) => message.includes('are lost unless the results answer now'))
    assert.deepEqual(
      said.map(({ fields }) => fields),
      [{ outcomes: 1 }],
    )
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })

  it('are told of all together then, as a worker waits for a second only', async () => {
    const { bench, results, worker } = await whileAway()
    for (let nth = 0; nth < 30; nth++) bench.deliver(job, nth)
    await settled()
    results.isDown = false
    results.answering = () => sleep(bench.clock, 100)
    const stopping = worker.stop({ grace: 0 })
    await settled()
    await bench.clock.advance(1000)
    await stopping
    assert.equal(results.states.size, 31)
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })

  it('are told then, too, of nothing that is known better', async () => {
    const { bench, results, stop } = await whileAway()
    const later: JobState = { kind: 'succeeded', value: 'of a later run', at: bench.clock.wallTime() }
    results.states.set('first', later)
    results.isDown = false
    await stop()
    assert.equal(results.states.get('first'), later)
  })

  it('are owed no more than a thousand outcomes', async () => {
    const { bench, results, stop } = await whileAway()
    for (let nth = 0; nth < 1000; nth++) {
      bench.deliver(job, nth, { id: `job-${nth}` })
      await settled()
    }
    assert.equal(acknowledged(bench).length, 1001)
    results.isDown = false
    await bench.clock.advance(10_000)
    assert.equal(results.states.size, 1000)
    assert.ok(!results.states.has('first'))
    await stop()
  })

  it('are owed no more than 64 MiB of outcomes', async () => {
    const large = defineJob({ name: 'large', queue: 'jobs', perform: (): string => 'x'.repeat(20 * 1024 * 1024) })
    const { bench, results, stop } = await whileAway(large)
    for (let nth = 0; nth < 5; nth++) {
      bench.deliver(large, undefined, { id: `large-${nth}` })
      await settled()
    }
    bench.deliver(job, 1, { id: 'small' })
    await settled()
    assert.equal(acknowledged(bench).length, 7)
    results.isDown = false
    await bench.clock.advance(10_000)
    assert.deepEqual([...results.states.keys()].sort(), ['large-2', 'large-3', 'large-4', 'small'])
    await stop()
  })
})
