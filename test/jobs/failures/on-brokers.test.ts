import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { memoryFailures } from '../../../adapters/memory/failures.ts'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { drillUri } from '../../../src/cli/drill/run.ts'
import { connect } from '../../../src/connect.ts'
import type { Connection } from '../../../src/connection.ts'
import { type App, createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { Job } from '../../../src/jobs/job.ts'
import { FAILED_QUEUE } from '../../../src/jobs/job-host.ts'
import { memoryLedger } from '../../../src/jobs/ledger/memory.ts'
import { replyResults } from '../../../src/jobs/results/reply.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { newLabRoot } from '../../support/lab-root.ts'
import { type StorePlace, STORES } from '../store-places.ts'
import { operators } from './operators.ts'

interface World extends AsyncDisposable {
  readonly app: App
  readonly connection: Connection
}

type Stores = Pick<StorePlace, 'failures' | 'ledger'>

async function open(uri: string, newPlace: () => Promise<Stores>): Promise<World> {
  const place = await newPlace()
  const stores = { failures: place.failures(), ledger: place.ledger() }
  const connection = await connect(uri)
  const app = createApp({ connection, ...stores, results: replyResults() })
  return {
    app,
    connection,
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await connection.close()
    },
  }
}

/** A job that fails for texts with a certain word in them. */
const says = (name: string, forbidden: string): Job<string, string, string> =>
  defineJob<string, string>({
    name,
    queue: name,
    retry: { attempts: 2, backoff: { delay: 0 } },
    perform: (text) => {
      if (text.includes(forbidden)) throw new Error(`the text must not say "${forbidden}"`)
      return text
    },
  })

/** Looks until it finds no fault. */
async function eventually(look: () => Promise<void>): Promise<void> {
  for (const until = Date.now() + 60_000; ; await setTimeout(5)) {
    try {
      await look()
      return
    } catch (error) {
      if (Date.now() > until) throw error
    }
  }
}

/** Where brokers put dead letters of a queue. */
const lettersOf = (queue: string): readonly string[] => [`DLQ.${queue}`, 'ActiveMQ.DLQ']

/** What holds on every kind of broker. */
function promises(uriOf: () => string, newPlace: () => Promise<Stores>): void {
  it('finds what failed by its error, and sends it back once the fix is in: all succeed', async () => {
    await using world = await open(uriOf(), newPlace)
    const { app } = world
    let hasHappyMemories = false
    const sleep = defineJob<string, string>({
      name: 'tortoise.sleep',
      queue: 'tortoise',
      retry: { attempts: 2, backoff: { delay: 0 } },
      perform: (text) => {
        if (text.includes('food')) hasHappyMemories = true
        if (text.includes('work') && !hasHappyMemories) throw new Error(`nightmare about "${text}"`)
        return text
      },
    })
    await app.worker({ jobs: [sleep], concurrency: 5 }).start()
    const texts = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? `work ${n}` : `...${n}`))
    const { handles } = await app.enqueueMany(sleep, texts)
    await eventually(async () => assert.equal(await app.failures.count('error:nightmare job:tortoise.*'), 10))
    const { failures } = await app.failures.search('preview:work')
    for (const { reason, attempts } of failures) assert.deepEqual([reason, attempts.length], ['exception', 2])
    assert.deepEqual([failures.length, (await app.failures.groups()).length], [10, 1])

    await (await app.enqueue(sleep, 'food')).result({ timeout: 60_000 })
    const outcome = await app.failures.requeue('error:"nightmare about" status:failed')
    assert.equal(outcome.sent, 10)
    await eventually(async () => {
      for (const { id } of handles.filter((_, n) => n % 2 === 0)) {
        const [failure, ...more] = await app.failures.ofJob(id)
        assert.deepEqual([failure?.status, failure?.retryJobId, more.length], ['retried', id, 0])
        assert.notEqual(failure?.resolvedAt, undefined)
      }
    })
    assert.equal(await app.failures.count('status:failed'), 0)
  })

  it('keeps a job that was not worked on in its time as expired, out of the dead letters', async () => {
    await using world = await open(uriOf(), newPlace)
    const { app, connection } = world
    const job = says('minute', 'nothing')
    const { id } = await app.enqueue(job, 'too late', { ttl: 300, requestId: 'r-1' })
    const isOver = Date.now() + 300
    while (Date.now() <= isOver) await setTimeout(10)
    // ActiveMQ looks for what has expired twice a minute, or when somebody wants it.
    const listener = connection.listen('queue://minute', (delivery) => delivery.requeue())
    await listener.ready
    const stop = new AbortController()
    const collecting = app.failures.collect({ queues: lettersOf('minute'), signal: stop.signal })
    await eventually(async () => assert.equal(await app.failures.count('reason:expired'), 1))
    stop.abort()
    assert.deepEqual(await collecting, { kept: 1, left: 0 })
    const kept = await app.failures.show(`${id}.0`)
    assert.deepEqual(
      [kept?.job, kept?.queue, kept?.errorClass, kept?.requestId, kept?.preview],
      ['minute', 'minute', 'Expired', 'r-1', '"too late"'],
    )
    assert.ok((kept?.expiresAt ?? Infinity) <= (kept?.failedAt ?? 0) + 1000)
    await listener.close()

    // It goes back without its time to live, and is worked on.
    await app.failures.requeue('reason:expired')
    await app.worker({ jobs: [job] }).start()
    await eventually(async () => assert.ok((await app.failures.show(`${id}.0`))?.resolvedAt))
  })

  it('keeps what a listener rejected, and sends it back to where it was', async () => {
    await using world = await open(uriOf(), newPlace)
    const { app, connection } = world
    const refusing = connection.listen('queue://refusing', (delivery) => delivery.reject())
    await refusing.ready
    const id = await connection.send('queue://refusing', { n: 1 }, { headers: { tenant: 'ä' } })
    const stop = new AbortController()
    const collecting = app.failures.collect({ queues: lettersOf('refusing'), signal: stop.signal })
    await eventually(async () => assert.equal(await app.failures.count('reason:dead_lettered'), 1))
    const [kept] = await app.failures.ofJob(id)
    assert.deepEqual([kept?.queue, kept?.job, kept?.headers['tenant']], ['refusing', '', 'ä'])
    await app.failures.requeue(`jobId:${id}`)
    // Rejected once more, it is another failure.
    await eventually(async () => assert.equal((await app.failures.ofJob(id)).length, 2))
    stop.abort()
    await collecting
  })

  it('collects what workers could not keep', async () => {
    await using world = await open(uriOf(), newPlace)
    const { app, connection } = world
    await using without = createApp({ connection })
    const job = says('unkept', 'work')
    await without.worker({ jobs: [job], concurrency: 10 }).start()
    await without.enqueueMany(
      job,
      Array.from({ length: 120 }, () => 'work'),
    )
    await eventually(async () => assert.equal((await connection.inspect(FAILED_QUEUE))?.ready, 120))
    assert.deepEqual(await app.failures.collect({ once: true }), { kept: 120, left: 0 })
    assert.equal(await app.failures.count('job:unkept class:Error attempts>=2'), 120)
    assert.equal((await connection.inspect(FAILED_QUEUE))?.ready ?? 0, 0)
  })
}

describe('failed jobs in memory', () => {
  promises(
    () => 'memory:failed-jobs',
    async () => ({ failures: () => memoryFailures(), ledger: () => memoryLedger() }),
  )
})

for (const name of ['embedded', 'activemq-kahadb', 'rabbitmq-classic', 'rabbitmq-quorum']) {
  describe(`failed jobs on ${name}`, { skip: brokerSkip(name) }, () => {
    let lab: Lab
    before(async () => {
      lab = await createLabs({ root: newLabRoot('failed-jobs') }).up(name)
    })
    after(() => lab.down())

    const uri = (): string => drillUri(lab, {})
    // Our own broker is no other place for them, and neither are quorum queues.
    const isWhole = name === 'activemq-kahadb' || name === 'rabbitmq-classic'
    for (const { name: store, skip, place: newPlace } of isWhole ? STORES : STORES.slice(0, 1)) {
      describe(`kept in ${store}`, { skip }, () => {
        promises(uri, newPlace)
      })
      if (!isWhole) continue
      // Ten thousand of them on each broker and in each store, but not in each pair of the two.
      const isMany = (name === 'activemq-kahadb') === (store === 'MariaDB')
      describe(`operators with ${store}`, { skip }, () => {
        operators({ uri, newPlace, many: isMany ? 10_000 : 1000 })
      })
    }
  })
}
