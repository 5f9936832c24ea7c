import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/clock.ts'
import { connect } from '../../../src/connect.ts'
import { createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { startScript } from '../../support/command.ts'
import type { StorePlace } from '../store-places.ts'
import { failed, HOUR_MS } from './desk-stage.ts'
import { until } from '../worker/working.ts'

const OPERATOR = fileURLToPath(new URL('./requeue-process.ts', import.meta.url))
const MINUTE_MS = 60_000

interface Options {
  readonly uri: () => string
  readonly newPlace: () => Promise<StorePlace>
  /** How many failures two send back at once. */
  readonly many: number
}

/** What operators do in processes of their own, on a real broker with a real store. */
export function operators({ uri: uriOf, newPlace, many }: Options): void {
  it(`who send ${many.toLocaleString('en')} failures back at once, send each once between them`, async () => {
    const { location, ...place } = await newPlace()
    await using store = place.failures()
    await store.open()
    const queue = `twice-${randomUUID()}`
    await store.keep(Array.from({ length: many }, (_, n) => failed(`job-${n}`, { queue, failedAt: 1000 + n })))
    const args = [OPERATOR, uriOf(), location]
    const ends = await Promise.all([startScript(args), startScript(args)].map(({ ended }) => ended))
    for (const { exitCode, stderr } of ends) assert.equal(exitCode, 0, stderr)
    const said = ends.map(({ stdout }) => JSON.parse(stdout) as { readonly sent: number })
    assert.equal(
      said.reduce((sum, { sent }) => sum + sent, 0),
      many,
    )
    await using connection = await connect(uriOf())
    const ids: string[] = []
    connection.listen(
      `queue://${queue}`,
      async (delivery) => {
        ids.push(delivery.id)
        await delivery.ack()
      },
      { prefetch: 500 },
    )
    // ActiveMQ counts what is delivered until its acknowledgement has come.
    await until('all of them', async () => ids.length >= many && ((await connection.inspect(queue))?.ready ?? 0) === 0)
    assert.deepEqual([ids.length, new Set(ids).size], [many, many])
  })

  it('one of whom is killed between publishing and marking, lose nothing, and the second copy is not run', async () => {
    const { location, ...place } = await newPlace()
    const queue = `killed-${randomUUID()}`
    const clock = { ...systemClock }
    await using connection = await connect(uriOf())
    const worked: string[] = []
    let deduplicated = 0
    await using app = createApp({
      connection,
      failures: place.failures(),
      ledger: place.ledger(),
      clock,
      observer: ({ type }) => {
        if (type === 'deduplicated') deduplicated++
      },
    })
    await using store = place.failures()
    await store.open()
    await store.keep(Array.from({ length: 150 }, (_, n) => failed(`job-${n}`, { queue, failedAt: 1000 + n })))

    const operator = startScript([OPERATOR, uriOf(), location, 'hang'])
    await operator.saw('published')
    operator.child.kill('SIGKILL')
    await operator.ended
    assert.equal(await app.failures.count('status:retrying'), 150)
    assert.deepEqual(await app.failures.reconcile(), { sent: 0, released: 0 })

    clock.wallTime = () => Date.now() + 2 * MINUTE_MS
    assert.deepEqual(await app.failures.reconcile(), { sent: 150, released: 0 })
    const send = defineJob<{ id: string }, void>({
      name: 'mail.send',
      queue,
      perform: ({ id }) => void worked.push(id),
    })
    const worker = app.worker({ jobs: [send], concurrency: 10 })
    await worker.start()
    await until(
      () => `every copy, not ${worked.length} worked on: ${JSON.stringify(worker.describe().done)}`,
      async () => worked.length + deduplicated >= 250 && ((await connection.inspect(queue))?.ready ?? 0) === 0,
    )
    assert.deepEqual([worked.length, new Set(worked).size, deduplicated], [150, 150, 100])
    assert.equal(await app.failures.count('status:retried'), 150)
  })

  it('who want nothing older than a day, or only to know, leave the rest as it is', async () => {
    const place = await newPlace()
    const queue = `young-${randomUUID()}`
    await using connection = await connect(uriOf())
    await using app = createApp({ connection, failures: place.failures() })
    await using store = place.failures()
    await store.open()
    const ages = [1, 30, 2, 300, 3]
    const now = Date.now()
    await store.keep(ages.map((hours) => failed(`job-${hours}h`, { queue, failedAt: now - hours * HOUR_MS })))
    const before = await store.search({ kind: 'all' }, { limit: 10 })

    const would = await app.failures.requeue('', { maxAge: 24 * HOUR_MS, dryRun: true })
    assert.deepEqual([would.claimed, would.sent, would.tooOld], [3, 0, 2])
    assert.deepEqual(await store.search({ kind: 'all' }, { limit: 10 }), before)
    assert.equal((await connection.inspect(queue))?.ready ?? 0, 0)

    const did = await app.failures.requeue('', { maxAge: 24 * HOUR_MS })
    assert.deepEqual([did.sent, did.tooOld], [3, 2])
    const { failures: left } = await app.failures.search('status:failed')
    assert.deepEqual(left.map(({ jobId }) => jobId).toSorted(), ['job-300h', 'job-30h'])
    assert.equal((await connection.inspect(queue))?.ready, 3)
  })
}
