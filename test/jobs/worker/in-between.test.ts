import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { memoryLedger } from '../../../src/jobs/ledger/memory.ts'
import type { ResultsSession } from '../../../src/jobs/results/results.ts'
import { Run } from '../../../src/jobs/worker/run.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { keptFailures, memoryBench, scriptedBench, settled, until } from './working.ts'

/** A ledger that says nothing of what begins before it is told to. */
function slowLedger() {
  const { promise: answers, resolve: answer } = Promise.withResolvers<void>()
  const ledger = memoryLedger()
  const begin = ledger.begin.bind(ledger)
  let asked = 0
  ledger.begin = async (run, worker) => {
    asked++
    await answers
    return await begin(run, worker)
  }
  return { ledger, answer, asked: () => asked }
}

describe('a worker that is stopped', () => {
  it('while a job waits for its ledger counts it among what another delivery is left to', async () => {
    const ledger = memoryLedger()
    ledger.begin = async () => await Promise.reject(new UnderstudyError('storage', 'the disk is full'))
    await using bench = await memoryBench({ ledger })
    const job = defineJob({ name: 'count', queue: 'jobs', perform: () => {} })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job)
    await until('the ledger was asked', () =>
      bench.log.some(({ message }) => message.startsWith('the ledger does not')),
    )
    await worker.stop({ grace: 0 })
    assert.equal(worker.describe().done.interrupted, 1)
    assert.deepEqual(
      bench.events.map(({ type }) => type),
      ['interrupted'],
    )
    assert.equal(bench.depth('jobs'), 1)
  })

  it('before all its queues were listened to lets what it has in hand end within the grace', async () => {
    const bench = await scriptedBench()
    const { transport } = bench
    const { onLink } = transport
    transport.onLink = (link) => {
      onLink?.(link)
      const subscribe = link.subscribe.bind(link)
      link.subscribe = async (destination, ...rest) => {
        link.subscribing = destination.name === 'two' ? 'mute' : 'accept'
        return await subscribe(destination, ...rest)
      }
    }
    for (const link of transport.links) transport.onLink(link)
    const { promise: gate, resolve: end } = Promise.withResolvers<void>()
    let signal: AbortSignal | undefined
    const one = defineJob({
      name: 'one',
      queue: 'one',
      perform: async (_: unknown, context) => {
        signal = context.signal
        await gate
      },
    })
    const two = defineJob({ name: 'two', queue: 'two', perform: () => {} })
    const worker = bench.worker({ jobs: [one, two] })
    const starting = worker.start()
    starting.catch(() => {})
    await settled()
    bench.deliver(one, 1)
    await settled()
    assert.equal(worker.describe().slots.length, 1)
    const stopping = worker.stop({ grace: 10_000 })
    await bench.clock.advance(5000)
    assert.equal(signal?.aborted, false)
    end()
    await stopping
    assert.deepEqual([worker.describe().done.succeeded, worker.describe().done.interrupted], [1, 0])
    await assert.rejects(starting)
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })

  it('while its heartbeat waits for the failure store says all the same that it has', async () => {
    const failures = keptFailures()
    const bench = await scriptedBench({ failures })
    const job = defineJob({ name: 'count', queue: 'jobs', perform: () => {} })
    const worker = bench.worker({ jobs: [job] })
    let asked = 0
    failures.paused = () => (++asked === 1 ? Promise.resolve([]) : new Promise(() => {}))
    await worker.start()
    await settled()
    assert.equal(asked, 2)
    await worker.stop()
    const said = bench.sentTo('understudy.heartbeats').map(({ message }) => JSON.parse(message.body.toString()).state)
    assert.deepEqual(said, ['stopped'])
    await bench.connection.close()
  })
})

describe('a job that has ended', () => {
  it('waits for one step of its progress that cannot be told, and not for all behind it', async () => {
    const clock = new FakeClock()
    const told: string[] = []
    const results: ResultsSession = {
      replyTo: undefined,
      watch: async () => ({ close: () => {} }),
      get: async () => undefined,
      put: async (_, { kind }) => {
        told.push(kind)
        if (kind === 'progress') await new Promise(() => {})
      },
      close: async () => {},
    }
    await using bench = await memoryBench({ clock, results })
    const job = defineJob({
      name: 'count',
      queue: 'jobs',
      perform: (_: unknown, context) => {
        for (let percent = 1; percent <= 100; percent++) void context.progress(percent)
      },
    })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job)
    await until('it is told', () => told.length === 1)
    await clock.advance(15_000)
    await until('it is acknowledged', () => bench.depth('jobs') === 0)
    assert.deepEqual(told, ['progress', 'succeeded'])
  })
})

describe('a job in hand that is aborted', () => {
  it('before its ledger has answered is kept as aborted, and never begun', async () => {
    const failures = keptFailures()
    const { ledger, answer, asked } = slowLedger()
    await using bench = await memoryBench({ failures, ledger })
    let performed = 0
    const job = defineJob({ name: 'count', queue: 'jobs', perform: () => void performed++ })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, undefined, { id: 'j' })
    await until('the ledger was asked', () => asked() === 1)
    assert.deepEqual([worker.abort('other'), worker.abort('j')], [0, 1])
    answer()
    await until('it is acknowledged', () => bench.depth('jobs') === 0)
    assert.deepEqual([failures.kept.map(({ reason }) => reason), performed], [['aborted'], 0])
  })

  it('again and again is given up no later for it', async () => {
    const clock = new FakeClock()
    const run = new Run(clock)
    run.start(() => new Promise(() => {}))
    const reason = new UnderstudyError('aborted', 'enough')
    run.interrupt('aborted', reason, 5000)
    await clock.advance(3000)
    run.interrupt('aborted', reason, 5000)
    await clock.advance(1999)
    assert.equal(run.isOver, false)
    await clock.advance(1)
    assert.equal(run.isOver, true)
    const hurried = new Run(clock)
    hurried.start(() => new Promise(() => {}))
    hurried.interrupt('aborted', reason, 5000)
    hurried.interrupt('stopping', reason, 2000)
    await clock.advance(2000)
    assert.deepEqual([hurried.isOver, clock.pending], [true, 0])
  })
})
