import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Lab } from '../../infra/labs/lab.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { connect } from '../../src/connect.ts'
import { type App, type AppOptions, createApp } from '../../src/jobs/app.ts'
import { JobFailedError } from '../../src/jobs/followed-job.ts'
import { replyResults } from '../../src/jobs/results/reply.ts'
import { eventually } from '../../src/testing/contract/waiting.ts'
import { brokerSkip } from '../support/brokers.ts'
import { newLabRoot } from '../support/lab-root.ts'
import { losesOneOfThree, lockedPair, resubscribes, shutDoors } from './failovers.ts'
import { add, hopeless, measure, note, ran, stubborn, STORY_JOBS } from './story-jobs.ts'

const TIMEOUT = { timeout: 120_000 }

interface World extends AsyncDisposable {
  readonly app: (options?: Partial<AppOptions>) => Promise<App>
}

/** Applications on connections of their own, as processes have them. */
function open(uri: string): World {
  const opened = new AsyncDisposableStack()
  return {
    app: async (options = {}) => {
      const connection = opened.use(await connect(uri))
      return opened.use(createApp({ connection, results: replyResults(), ...options }))
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  }
}

/** What holds on every kind of broker: only the URI differs. */
function promises(uriOf: () => string): void {
  it('works on the same job file', async () => {
    await using world = open(uriOf())
    const [here, there] = [await world.app(), await world.app()]
    await there.worker({ jobs: STORY_JOBS, concurrency: 5 }).start()
    const sum = await here.enqueue(add, [1, 2, 3])
    assert.equal(await sum.result(TIMEOUT), 6)
    const progress: string[] = []
    for await (const { percent, message } of sum.progress()) progress.push(`${Math.round(percent)} ${message}`)
    assert.deepEqual(progress, ['33 term 1', '67 term 2', '100 term 3'])
    const bytes = await here.enqueue(measure, Buffer.alloc(1_000_000, 7))
    assert.deepEqual(await bytes.result(TIMEOUT), { length: 1_000_000, last: 7 })
    const none = await here.enqueue(measure, new Uint8Array())
    assert.deepEqual(await none.result(TIMEOUT), { length: 0, last: null })
    const failed = await here.enqueue(hopeless, null)
    await assert.rejects(failed.result(TIMEOUT), (error) => {
      assert.ok(error instanceof JobFailedError)
      assert.deepEqual([error.errorClass, error.errorMessage, error.reason], ['RangeError', 'never', 'exception'])
      return true
    })
    const late = await here.enqueue(stubborn, 'ü:\n"')
    assert.equal(await late.result(TIMEOUT), 'ü:\n" at attempt 3')
    const many = await here.enqueueMany(
      add,
      Array.from({ length: 200 }, (_, n) => [n, 1]),
    )
    const sums = await Promise.all(many.handles.map((handle) => handle.result(TIMEOUT)))
    assert.deepEqual(
      sums,
      sums.map((_, n) => n + 1),
    )
  })

  it('keeps what enqueuers say of a job, and works once on jobs of one key', async () => {
    await using world = open(uriOf())
    const [here, there] = [await world.app(), await world.app()]
    await there.worker({ jobs: [note] }).start()
    const options = { dedupKey: randomUUID(), requestId: 'r: 1', headers: { tenant: 'ä:b' }, priority: 6, ttl: 600_000 }
    const handles = [await here.enqueue(note, 'once', options), await here.enqueue(note, 'once', options)]
    const [first, second] = handles
    assert.equal(first?.id, second?.id)
    assert.deepEqual(await first?.result(TIMEOUT), { what: 'once', requestId: 'r: 1', tenant: 'ä:b' })
    // When the one behind them is done, both copies have been looked at.
    const last = await here.enqueue(note, 'last')
    await last.result(TIMEOUT)
    assert.equal(ran.filter((id) => id === first?.id).length, 1)
  })

  it('holds a job back until it is due', async () => {
    await using world = open(uriOf())
    const [here, there] = [await world.app(), await world.app()]
    await there.worker({ jobs: [note] }).start()
    const at = Date.now()
    const delayed = await here.enqueue(note, 'later', { delay: 500, ttl: 60_000 })
    await delayed.result(TIMEOUT)
    assert.ok(Date.now() - at >= 500)
  })
}

describe('jobs in memory', () => {
  promises(() => 'memory:jobs')
})

for (const name of ['embedded', 'activemq-jdbc', 'activemq-kahadb', 'rabbitmq-quorum', 'rabbitmq-classic']) {
  describe(`jobs on ${name}`, { skip: brokerSkip(name) }, () => {
    let lab: Lab
    before(async () => {
      lab = await createLabs({ root: newLabRoot('jobs') }).up(name)
    })
    after(() => lab.down())

    promises(() => drillUri(lab, {}))

    it('loses no job that was enqueued when the broker restarts before there is a worker', async () => {
      await using world = open(drillUri(lab, {}))
      const here = await world.app()
      const { handles } = await here.enqueueMany(
        add,
        Array.from({ length: 100 }, (_, n) => [n, n]),
      )
      const active = await eventually('a broker that serves', async () => await lab.active())
      assert.ok(active)
      // Of a pair nobody is left who could stand in.
      const killed = (lab.topology ?? 'lock') === 'lock' ? lab.nodes.map(({ name: node }) => node) : [active]
      for (const node of killed) await lab.kill(node)
      await Promise.all(killed.map((node) => lab.start(node)))
      const there = await world.app()
      await there.worker({ jobs: [add], concurrency: 10 }).start()
      const sums = await Promise.all(handles.map((handle) => handle.result(TIMEOUT)))
      assert.deepEqual(
        sums,
        sums.map((_, n) => 2 * n),
      )
    })

    if (name === 'rabbitmq-quorum') {
      it('goes on when one of three nodes is lost', async () => {
        await losesOneOfThree(lab)
      })
    }

    // A standby of KahaDB looks for the lock every ten seconds, and a node of classic queues has no other.
    if (name === 'activemq-jdbc' || name === 'rabbitmq-quorum') {
      it('is subscribed anew after each of 20 failovers', async () => {
        await using pair = lab.topology === 'quorum' ? await shutDoors(lab) : lockedPair(lab)
        await resubscribes(pair)
      })
    }
  })
}
