import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { drillUri } from '../../../src/cli/drill/run.ts'
import { connect } from '../../../src/connect.ts'
import type { Connection } from '../../../src/connection.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { tellWorkers, workersOf } from '../../../src/jobs/worker/control.ts'
import { endWithUs } from '../../support/at-the-end.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { newLabRoot } from '../../support/lab-root.ts'
import { STORES } from '../store-places.ts'
import { badJobs } from './bad-jobs.ts'
import { type Bench, type HostOptions, type OpenBench, openBench, until } from './working.ts'

interface WorkerProcess {
  readonly child: ChildProcess
  readonly lines: Record<string, unknown>[]
  /** Resolves when it has said this. */
  said(type: string): Promise<void>
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

function workerProcess(context: TestContext, uri: string, ledger: string, graceMs = 0): WorkerProcess {
  const script = new URL('./worker-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, uri, ledger, String(graceMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const callOff = endWithUs(child)
  const lines: Record<string, unknown>[] = []
  const reading = createInterface({ input: child.stdout })
  reading.on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>))
  const exited = once(child, 'exit')
  const ended = exited.then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    callOff()
    return signal ?? code ?? null
  })
  context.after(async () => {
    child.kill('SIGKILL')
    await ended
    reading.close()
  })
  return {
    child,
    lines,
    ended,
    said: async (type) =>
      await until(`the worker's process says ${type}`, () => {
        if (lines.some((line) => line['type'] === type)) return true
        assert.equal(child.exitCode, null, `it ended without saying ${type}`)
        return false
      }),
  }
}

for (const name of ['embedded', 'rabbitmq-classic', 'activemq-kahadb']) {
  describe(`workers on ${name}`, { skip: brokerSkip(name) }, () => {
    let lab: Lab
    let uri: string
    before(async () => {
      lab = await createLabs({ root: newLabRoot('workers') }).up(name)
      uri = drillUri(lab, {})
    })
    after(() => lab.down())

    const bench = async (options: HostOptions = {}): Promise<OpenBench> => openBench(await connect(uri), options)
    const ready = async ({ connection }: Bench, queue: string): Promise<number> =>
      (await connection.inspect(queue))?.ready ?? 0

    // Our own broker is a stage for what workers do, and no case of its own.
    const stores = name === 'embedded' ? STORES.slice(0, 1) : STORES
    for (const { name: store, skip, place: newPlace } of stores) {
      describe(`with stores on ${store}`, { skip }, () => {
        it('hand the job of a killed worker to another one, and keep it as worker_lost after the limit', async (context) => {
          const { location, ...place } = await newPlace()
          await using failures = place.failures()
          await using ledger = place.ledger()
          await Promise.all([failures.open(), ledger.open()])
          await using here = await bench({ failures, ledger })
          const job = defineJob({ name: 'hang', queue: 'lost', perform: () => assert.fail('it is not to be run') })
          const id = await here.send(job, 1)
          for (let lost = 0; lost < 2; lost++) {
            const worker = workerProcess(context, uri, location)
            await worker.said('started')
            assert.equal(worker.lines.find(({ type }) => type === 'started')?.['jobId'], id)
            worker.child.kill('SIGKILL')
            assert.equal(await worker.ended, 'SIGKILL')
          }
          const worker = here.worker({ jobs: [job], maxLost: 2 })
          await worker.start()
          await until('it is kept', () => worker.describe().done.failed === 1)
          await worker.stop()
          const { failures: kept } = await failures.search({ kind: 'all' }, { limit: 10 })
          assert.deepEqual(
            kept.map(({ jobId, reason }) => [jobId, reason]),
            [[id, 'worker_lost']],
          )
          await until('the queue is empty', async () => (await ready(here, 'lost')) === 0)
        })

        it('finish the job in hand on TERM, acknowledge it and exit with 0', async (context) => {
          const { location } = await newPlace()
          await using here = await bench()
          const worker = workerProcess(context, uri, location, 600_000)
          await worker.said('ready')
          const job = defineJob({ name: 'gate', queue: 'gated', perform: () => {} })
          for (const n of [1, 2]) await here.send(job, n)
          await worker.said('started')
          worker.child.kill('SIGTERM')
          await worker.said('stopping')
          worker.child.stdin?.write('go on\n')
          assert.equal(await worker.ended, 0)
          const types = worker.lines.map(({ type }) => type)
          assert.equal(types.filter((type) => type === 'started').length, 1)
          assert.equal(types.filter((type) => type === 'succeeded').length, 1)
          await until('the other one is on the broker', async () => (await ready(here, 'gated')) === 1)
          await here.connection.purge('gated')
        })

        it('let go of the job in hand on TERM past the grace, and another one gets it', async (context) => {
          const { location, ...place } = await newPlace()
          await using ledger = place.ledger()
          await ledger.open()
          await using here = await bench({ ledger })
          const worker = workerProcess(context, uri, location, 1)
          await worker.said('ready')
          const runs: { readonly attempt: number; readonly redelivered: boolean }[] = []
          const job = defineJob({
            name: 'obey',
            queue: 'obedient',
            perform: (_: unknown, { attempt, redelivered }) => void runs.push({ attempt, redelivered }),
          })
          await here.send(job, 1)
          await worker.said('started')
          worker.child.kill('SIGTERM')
          assert.equal(await worker.ended, 0)
          assert.ok(worker.lines.some(({ type }) => type === 'interrupted'))
          const next = here.worker({ jobs: [job] })
          await next.start()
          await until('another worker has run it', () => runs.length === 1)
          assert.equal(runs[0]?.attempt, 1)
          await next.stop()
        })

        badJobs(bench, newPlace)
      })
    }

    it('with prefetch 1 are not starved by a slow job of another', async () => {
      await using here = await bench()
      const { promise, resolve } = Promise.withResolvers<void>()
      const slow = defineJob({ name: 'slow', queue: 'fair', perform: () => promise })
      const quick = defineJob({ name: 'quick', queue: 'fair', perform: () => {} })
      await using others = new AsyncDisposableStack()
      const workers = await Promise.all(
        [1, 2].map(async () => others.use(await bench()).worker({ jobs: [slow, quick], prefetch: 1 })),
      )
      for (const worker of workers) await worker.start()
      await here.send(slow)
      const busy = (): number => workers.reduce((sum, worker) => sum + worker.describe().slots.length, 0)
      await until('the slow one runs', () => busy() === 1)
      const done = (): number => workers.reduce((sum, worker) => sum + worker.describe().done.succeeded, 0)
      for (let nth = 0; nth < 20; nth++) await here.send(quick)
      await until('all quick ones are done', () => done() === 20)
      resolve()
      await until('the slow one is done', () => done() === 21)
      await Promise.all(workers.map((worker) => worker.stop()))
    })

    it('hold nothing while a retry waits for half an hour', async () => {
      await using here = await bench()
      const queue = `later-${randomUUID()}`
      const job = defineJob({
        name: 'later',
        queue,
        retry: { attempts: 2, backoff: { delay: 31 * 60_000, max: 3_600_000 } },
        perform: () => {
          throw new Error('not now')
        },
      })
      const worker = here.worker({ jobs: [job] })
      await worker.start()
      await here.send(job)
      await until('it is sent for later', () => worker.describe().done.retried === 1)
      // What is unacknowledged would be ready again once its worker is gone.
      await worker.stop()
      assert.equal(await ready(here, queue), 0)
    })

    it('finish a job whose broker was killed meanwhile, and acknowledge its copy without running it', async () => {
      await using here = await bench()
      const { promise, resolve } = Promise.withResolvers<void>()
      let runs = 0
      const job = defineJob({
        name: 'long',
        queue: `long-${randomUUID()}`,
        perform: async () => {
          runs++
          await promise
        },
      })
      const worker = here.worker({ jobs: [job] })
      await worker.start()
      await here.send(job)
      await until('it runs', () => runs === 1)
      const subscribed = nextSubscribed(here.connection, `queue://${job.queue}`)
      const active = await lab.active()
      assert.ok(active)
      await lab.kill(active)
      await lab.start(active)
      await subscribed
      resolve()
      await until('its copy is acknowledged', () => worker.describe().done.deduplicated === 1)
      assert.equal(runs, 1)
      assert.equal(worker.describe().done.succeeded, 1)
      await worker.stop()
      await until('nothing is left', async () => (await ready(here, job.queue)) === 0)
    })

    it('are found over the broker, and do what they are told', async () => {
      await using here = await bench()
      const job = defineJob({ name: 'idle', queue: 'idle', perform: () => {} })
      const workers = [1, 2].map((nth) => here.worker({ jobs: [job], name: `idle-${nth}` }))
      for (const worker of workers) await worker.start()
      const found = async (): Promise<string[]> =>
        (await workersOf(here.connection, { wait: 500 })).map((worker) => `${worker.name} ${worker.state}`)
      await until('both answer', async () => (await found()).length === 2)
      await tellWorkers(here.connection, { command: 'pause' }, { worker: 'idle-1', wait: 500 })
      await until('one is paused', async () => (await found()).join(', ') === 'idle-1 paused, idle-2 running')
      await Promise.all(workers.map((worker) => worker.stop()))
    })
  })
}

function nextSubscribed(connection: Connection, destination: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.observe((event) => {
      if (event.type !== 'subscribed' || event.destination !== destination) return
      stop()
      resolve()
    })
  })
}
