import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { WORKERS_TOPIC } from '../../../src/jobs/job-host.ts'
import { tellWorkers, workersOf } from '../../../src/jobs/worker/control.ts'
import type { WorkerDescription } from '../../../src/jobs/worker/description.ts'
import { Heartbeat, HeartbeatRegistry, HEARTBEATS_TOPIC } from '../../../src/jobs/worker/heartbeat.ts'
import { readDescription } from '../../../src/jobs/worker/read-description.ts'
import { Bounds } from '../../../src/jobs/worker/bounds.ts'
import { Pauses } from '../../../src/jobs/worker/pauses.ts'
import { silentLogger } from '../../../src/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { keptFailures, memoryBench, until } from './working.ts'

const job = defineJob({
  name: 'waits',
  queue: 'jobs',
  perform: (_: unknown, { signal }) =>
    new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
})

/** How long answers are gathered; on a busy machine none may come in that time. */
const QUICK = { wait: 100 }

/** Asks again until so many have answered in time. */
async function answersOf(
  count: number,
  ask: () => Promise<readonly WorkerDescription[]>,
): Promise<readonly WorkerDescription[]> {
  let answers: readonly WorkerDescription[] = []
  await until(`${count} answer`, async () => {
    answers = await ask()
    return answers.length >= count
  })
  return answers
}

describe('workers over the broker', () => {
  it('answer what they are doing, and do what they are told', async () => {
    const failures = keptFailures()
    await using bench = await memoryBench({ failures })
    const [one, two] = ['one', 'two'].map((name) => bench.worker({ jobs: [job], name }))
    assert.ok(one && two)
    for (const worker of [one, two]) await worker.start()
    await bench.send(job, 1, { id: 'j' })
    await until('one of them runs it', () => one.describe().slots.length + two.describe().slots.length === 1)
    const found = await answersOf(2, () => workersOf(bench.connection, QUICK))
    assert.deepEqual(
      found.map(({ name, pid, state, queues }) => [name, pid, state, queues.map(({ queue }) => queue)]),
      ['one', 'two'].map((name) => [name, process.pid, 'running', ['jobs']]),
    )
    assert.deepEqual(
      found.flatMap(({ slots }) => slots.map(({ jobId, job: name, attempt }) => [jobId, name, attempt])),
      [['j', 'waits', 1]],
    )
    const paused = await answersOf(1, () =>
      tellWorkers(bench.connection, { command: 'pause', queues: ['jobs'] }, { ...QUICK, worker: 'two' }),
    )
    assert.deepEqual(
      paused.map(({ name, state }) => [name, state]),
      [['two', 'paused']],
    )
    assert.deepEqual([one.state, two.state], ['running', 'paused'])
    await tellWorkers(bench.connection, { command: 'resume' }, { ...QUICK, worker: two.id })
    await until('it is resumed', () => two.state === 'running')
    await tellWorkers(bench.connection, { command: 'abort', jobId: 'j' }, QUICK)
    await until('it is kept as aborted', () => failures.kept[0]?.reason === 'aborted')
    await one.stop()
    assert.deepEqual(
      (await answersOf(1, () => workersOf(bench.connection, QUICK))).map(({ name }) => name),
      ['two'],
    )
    await two.stop()
    assert.deepEqual(await workersOf(bench.connection, { wait: 50 }), [])
  })

  it('know what is paused for all when they are told to resume, and not only with the next heartbeat', async () => {
    const failures = keptFailures()
    failures.pausedQueues = ['jobs']
    await using bench = await memoryBench({ failures })
    await using worker = bench.worker({ jobs: [job], heartbeat: 3_600_000 })
    await worker.start()
    assert.equal(worker.state, 'paused')
    const resume = () => answersOf(1, () => tellWorkers(bench.connection, { command: 'resume' }, QUICK))
    const stillPaused = await resume()
    assert.deepEqual(
      stillPaused.map(({ state }) => state),
      ['paused'],
    )
    failures.pausedQueues = []
    const resumed = await resume()
    assert.deepEqual(
      resumed.map(({ state }) => state),
      ['running'],
    )
    failures.paused = async () => await Promise.reject(new UnderstudyError('storage', 'the disk is full'))
    const unread = await resume()
    assert.deepEqual(
      unread.map(({ state }) => state),
      ['running'],
    )
  })

  it('go by what the store said last, in whatever order its answers come', async () => {
    const failures = keptFailures()
    await using bench = await memoryBench({ failures })
    const bounds = new Bounds(bench.host.clock)
    const pauses = new Pauses(['jobs'])
    const late = Promise.withResolvers<readonly string[]>()
    failures.paused = async () => await late.promise
    const before = pauses.read(bench.host, bounds)
    failures.paused = async () => []
    await pauses.read(bench.host, bounds)
    late.resolve(['jobs'])
    await before
    assert.equal(pauses.isPaused('jobs'), false)
    bounds.close()
  })

  it('answer what is no command with an error, and stay', async () => {
    await using bench = await memoryBench()
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    const odd = [null, 7, {}, { command: 'explode' }, { command: 'pause', queues: 'jobs' }, { command: 'abort' }]
    for (const command of odd) {
      const codes: (string | undefined)[] = []
      for await (const { error } of bench.connection.scatter(WORKERS_TOPIC, command, { expect: 1 }))
        codes.push(error?.remoteCode)
      assert.deepEqual(codes, ['decode'], JSON.stringify(command))
    }
    assert.deepEqual(await tellWorkers(bench.connection, { command: 'explode' } as never, QUICK), [])
    assert.equal(worker.state, 'running')
  })
})

describe('what a worker says of itself', () => {
  it('is taken field by field, and left where one of them is none', async () => {
    await using bench = await memoryBench()
    await using worker = bench.worker({ jobs: [job] })
    const said = worker.describe()
    const slot = { job: 'j', jobId: 'i', queue: 'q', attempt: 1, since: 1 }
    const read = (value: unknown): unknown => readDescription({ json: () => structuredClone(value) })
    assert.deepEqual(read(said), said)
    assert.deepEqual(read({ ...said, slots: [{ ...slot, more: 'unknown' }], more: {} }), { ...said, slots: [slot] })
    const [queue] = said.queues
    for (const odd of [
      { name: { markup: '<b>' } },
      { state: ['running'] },
      { queues: [null] },
      { queues: [{ ...queue, queue: { markup: '<b>' } }] },
      { queues: Array.from({ length: 1001 }, () => queue) },
      { slots: [{ ...slot, jobId: { markup: '<b>' } }] },
      { slots: [{ ...slot, attempt: '1' }] },
      { slots: {} },
      { done: {} },
      { at: '1' },
      { heartbeatMs: '5000' },
      { heartbeatMs: 1e300 },
    ])
      assert.equal(read({ ...said, ...odd }), undefined, JSON.stringify(odd).slice(0, 100))
    for (const odd of [null, 7, 'text', []]) assert.equal(read(odd), undefined)
  })
})

describe('heartbeats', () => {
  it('that nobody could hear yet are no news, and one that is not sent later is', async () => {
    await using bench = await memoryBench()
    const told: string[] = []
    let send = (): Promise<void> => Promise.reject(new UnderstudyError('closed', 'no broker answered'))
    const connection = { can: () => true, send: () => send() }
    const logger = { ...silentLogger, info: (_: object, message: string) => void told.push(message) }
    const heartbeat = new Heartbeat({ ...bench.host, logger, connection: connection as never })
    const worker = bench.worker({ jobs: [job] })
    await heartbeat.send(worker.describe())
    assert.deepEqual(told, [])
    const trouble = send
    send = () => Promise.resolve()
    await heartbeat.send(worker.describe())
    send = trouble
    await heartbeat.send(worker.describe())
    assert.deepEqual(told, ['a heartbeat could not be sent'])
  })

  it('tell who is there, who stopped and who is gone after three missed ones', async () => {
    await using bench = await memoryBench()
    const clock = new FakeClock()
    let changes = 0
    await using registry = new HeartbeatRegistry({
      connection: bench.connection,
      clock,
      onChange: () => {
        changes++
        throw new UnderstudyError('closed', 'the page is gone')
      },
    })
    await registry.start()
    const worker = bench.worker({ jobs: [job], name: 'beats', heartbeat: 1000 })
    await worker.start()
    await until('it is heard of', () => registry.workers().length === 1)
    assert.deepEqual(
      registry.workers().map(({ name, isGone, state }) => [name, isGone, state]),
      [['beats', false, 'running']],
    )
    await worker.stop()
    await until('it says goodbye', () => registry.workers().length === 0)
    const dead = { ...worker.describe(), state: 'running', id: 'dead:1:1', name: 'dead' }
    await bench.connection.send(HEARTBEATS_TOPIC, 'no description')
    await bench.connection.send(HEARTBEATS_TOPIC, dead)
    await until('it is heard of', () => registry.workers().length === 1)
    clock.freeze(3000)
    assert.equal(registry.workers()[0]?.isGone, false)
    clock.freeze(1)
    assert.equal(registry.workers()[0]?.isGone, true)
    clock.freeze(100_000)
    assert.deepEqual(registry.workers(), [])
    assert.ok(changes >= 3)
  })
})
