import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { drillUri } from '../../../src/cli/drill/run.ts'
import { failed } from '../../jobs/failures/desk-stage.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { newLabRoot } from '../../support/lab-root.ts'
import { hiddenFields, readable } from '../page-text.ts'
import { stage } from '../stage.ts'
import { workAndFood } from './story.ts'

describe('failures on the dashboard, on the embedded brokers', { skip: brokerSkip('embedded') }, () => {
  let lab: Lab
  before(async () => {
    lab = await createLabs({ root: newLabRoot('dashboard') }).up('embedded')
  })
  after(() => lab.down())

  it('work fails, food succeeds', async (t) => {
    await workAndFood(await stage(t, { kind: 'sqlite', uri: drillUri(lab, {}) }))
  })

  it('are sent back each once, and every one is confirmed', async (t) => {
    const on = await stage(t, { kind: 'sqlite', uri: drillUri(lab, {}) })
    const { app, store, post, connection } = on
    await app.failures.count()
    await store.keep(
      Array.from({ length: 500 }, (_, n) => failed(`job-${n}`, { queue: 'returned', failedAt: 1_000_000 + n })),
    )
    const asked = await post('/failures/confirm', { action: 'requeue', all: '1', q: 'queue:returned' })
    const { location } = await post('/failures/requeue', hiddenFields(asked.text))
    let told = ''
    while (!/Done|Not all went/.test(told)) told = readable((await on.get(location ?? '')).text)
    assert.match(told, /Done 500 failures were sent back\./)
    const ids = new Set<string>()
    let count = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    connection.listen('queue://returned', async (delivery) => {
      ids.add(delivery.id)
      await delivery.ack()
      if (++count === 500) resolve()
    })
    await promise
    assert.deepEqual([count, ids.size], [500, 500])
  })
})
