import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { drillUri } from '../../../src/cli/drill-run.ts'
import { systemClock } from '../../../src/clock.ts'
import { connect } from '../../../src/connect.ts'
import { createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { sqliteFailures, sqliteLedger } from '../../../src/stores.ts'
import { startScript } from '../../support/command.ts'
import { newLabRoot } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { failed, until } from './desk-stage.ts'

const OPERATOR = fileURLToPath(new URL('./requeue-process.ts', import.meta.url))
const MINUTE_MS = 60_000

describe('operators in processes of their own', () => {
  let lab: Lab
  let uri = ''
  before(async () => {
    lab = await createLabs({ root: newLabRoot('operators') }).up('embedded')
    uri = drillUri(lab, {})
  })
  after(() => lab.down())

  it('send each failure back once between them', async () => {
    const path = join(temporaryFolder('operators'), 'failures.db')
    await using store = sqliteFailures(path)
    await store.open()
    await store.keep(Array.from({ length: 2000 }, (_, n) => failed(`job-${n}`, { queue: 'twice', failedAt: 1000 + n })))
    const operators = [startScript([OPERATOR, uri, path]), startScript([OPERATOR, uri, path])]
    const ends = await Promise.all(operators.map(({ ended }) => ended))
    const said = ends.map(({ stdout }) => JSON.parse(stdout) as { readonly sent: number })
    assert.equal(
      said.reduce((sum, { sent }) => sum + sent, 0),
      2000,
    )
    await using connection = await connect(uri)
    const ids: string[] = []
    connection.listen('queue://twice', async (delivery) => {
      ids.push(delivery.id)
      await delivery.ack()
    })
    await until('all of them', () => ids.length >= 2000)
    assert.deepEqual([ids.length, new Set(ids).size], [2000, 2000])
  })

  it('lose nothing when one is killed between publishing and marking, and the ledger suppresses the second copy', async () => {
    const folder = temporaryFolder('killed-operator')
    const path = join(folder, 'failures.db')
    const clock = { ...systemClock }
    await using connection = await connect(uri)
    const worked: string[] = []
    let deduplicated = 0
    await using app = createApp({
      connection,
      failures: sqliteFailures(path),
      ledger: sqliteLedger(join(folder, 'ledger.db')),
      clock,
      observer: ({ type }) => {
        if (type === 'deduplicated') deduplicated++
      },
    })
    await using store = sqliteFailures(path)
    await store.open()
    const all = Array.from({ length: 150 }, (_, n) => failed(`job-${n}`, { queue: 'killed', failedAt: 1000 + n }))
    await store.keep(all)

    const operator = startScript([OPERATOR, uri, path, 'hang'])
    await operator.saw('published')
    operator.child.kill('SIGKILL')
    await operator.ended
    assert.equal(await app.failures.count('status:retrying'), 150)
    assert.deepEqual(await app.failures.reconcile(), { sent: 0, released: 0 })

    clock.wallTime = () => Date.now() + 2 * MINUTE_MS
    assert.deepEqual(await app.failures.reconcile(), { sent: 150, released: 0 })
    const send = defineJob<{ id: string }, void>({
      name: 'mail.send',
      queue: 'killed',
      perform: ({ id }) => void worked.push(id),
    })
    await app.worker({ jobs: [send], concurrency: 10 }).start()
    await until('every copy', () => worked.length + deduplicated === 250)
    assert.deepEqual([worked.length, new Set(worked).size, deduplicated], [150, 150, 100])
    assert.equal(await app.failures.count('status:retried'), 150)
  })
})
