import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { memoryFailures } from '../../../adapters/memory/failures.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import { memoryBroker } from '../../../src/testing/memory-broker.ts'
import { failed, HOUR_MS, until } from '../../jobs/failures/desk-stage.ts'
import { allOf, hiddenFields, readable } from '../page-text.ts'
import { type Answer, type Stage, stage, STORE_KINDS, TOKENS } from '../stage.ts'

/** Opens the confirmation and presses its button. */
async function confirmed(
  on: Stage,
  action: 'requeue' | 'discard' | 'remove',
  selection: Record<string, string | readonly string[]>,
  more: Record<string, string> = {},
): Promise<Answer> {
  const { text, status } = await on.post('/failures/confirm', { action, ...selection })
  assert.equal(status, 200)
  return await on.posted(`/failures/${action}`, { ...hiddenFields(text), ...more })
}

/** Starts a requeue, and looks at its page until it has ended: that may be after it is shown for the first time. */
async function sentBack(on: Stage, fields: Parameters<Stage['post']>[1]): Promise<Answer> {
  const { location } = await on.post('/failures/requeue', fields)
  return await endOf(on, location ?? '')
}

async function endOf({ get }: Stage, run: string): Promise<Answer> {
  let page = await get(run)
  await until('its end', async () => !/On the way|Stopping/.test((page = await get(run)).text))
  return page
}

const all = (q: string): Record<string, string> => ({ all: '1', q })

for (const kind of STORE_KINDS) {
  describe(`what is done with failures over ${kind}`, () => {
    it('is said exactly before, and told after: sending back the checked rows', async (t) => {
      const on = await stage(t, { kind })
      const { store, app, post, connection } = on
      await app.failures.count()
      await store.keep(['a', 'b', 'c', 'd'].map((id) => failed(id)))
      await app.failures.discard('jobId:b')
      const ids = ['a.0', 'b.0', 'c.0']
      const asked = await post('/failures/confirm', { action: 'requeue', id: ids })
      const told = readable(asked.text)
      assert.match(told, /2 failed jobs go back to their queues/)
      assert.match(told, /1 failure that you chose is not failed any more, and stays as it is/)
      assert.match(told, /Chosen: 3 checked failures/)
      assert.match(told, /2 mail\.send: TypeError: connect ECONNREFUSED/)
      assert.equal(await app.failures.count('status:failed'), 3, 'nothing is done by asking')
      const { text, status } = await sentBack(on, hiddenFields(asked.text))
      assert.equal(status, 200)
      assert.match(readable(text), /Done 2 failures were sent back\./)
      assert.equal((await connection.inspect('mails'))?.ready, 2)
      const [entry] = await app.failures.audits()
      assert.deepEqual([entry?.actor, entry?.action, entry?.count], ['otto', 'requeue', 2])
    })

    it('takes all that match, and nothing that failed after the page was made', async (t) => {
      const on = await stage(t, { kind })
      const { store, app, post } = on
      await app.failures.count()
      await store.keep([failed('a', { failedAt: Date.now() - 1000 }), failed('b', { failedAt: Date.now() - 1000 })])
      const asked = await post('/failures/confirm', { action: 'discard', ...all('job:mail.send') })
      assert.match(readable(asked.text), /2 failures will be marked as not wanted any more/)
      await store.keep([failed('late', { failedAt: Date.now() + 30_000 })])
      const { text } = await post('/failures/discard', hiddenFields(asked.text))
      assert.match(readable(text), /2 failures discarded\./)
      assert.equal((await app.failures.show('late.0'))?.status, 'failed')
    })

    it('asks again where there are more than were told', async (t) => {
      const on = await stage(t, { kind })
      const { store, app, post } = on
      await app.failures.count()
      await store.keep(['a', 'b', 'c'].map((id) => failed(id, { failedAt: Date.now() - 1000 })))
      const fields = { ...all('job:mail.send'), expected: '2' }
      for (const action of ['requeue', 'discard', 'remove']) {
        const { status, text } = await post(`/failures/${action}`, fields)
        assert.equal(status, 409)
        assert.match(readable(text), /When you were asked it was 2 failures, now it is 3\. Nothing has been done yet/)
      }
      assert.equal(await app.failures.count('status:failed'), 3)
    })

    it('removes for good', async (t) => {
      const on = await stage(t, { kind })
      const { store, app } = on
      await app.failures.count()
      await store.keep(['a', 'b'].map((id) => failed(id)))
      const { text } = await confirmed(on, 'remove', { id: 'a.0' })
      assert.match(readable(text), /1 failure removed\./)
      assert.deepEqual([await app.failures.count('jobId:a'), await app.failures.count('jobId:b')], [0, 1])
      const [entry] = await app.failures.audits()
      assert.deepEqual([entry?.actor, entry?.action, entry?.target, entry?.count], ['otto', 'remove', 'id:a.0', 1])
    })

    it('clears all for an administrator who types it, and for nobody else', async (t) => {
      const { store, app, get, post } = await stage(t, { kind })
      await app.failures.count()
      await store.keep(['a', 'b'].map((id) => failed(id)))
      for (const who of ['vera', 'otto'] as const) {
        assert.equal((await get('/failures/clear', who)).status, 403)
        assert.equal((await post('/failures/clear', { typed: 'clear all' }, who)).status, 403)
        assert.ok(!(await get('/failures', who)).text.includes('/failures/clear'))
      }
      assert.match(readable((await get('/failures/clear', 'ada')).text), /2 failures will be forgotten/)
      const wrong = await post('/failures/clear', { typed: 'yes' }, 'ada')
      assert.equal(wrong.status, 400)
      assert.match(readable(wrong.text), /That is not it: nothing was removed/)
      assert.equal(await app.failures.count(), 2)
      const { text } = await post('/failures/clear', { typed: 'clear all' }, 'ada')
      assert.match(readable(text), /2 failures removed: all that were kept/)
      assert.equal(await app.failures.count(), 0)
    })

    it('sends each once when two send the same back at once', async (t) => {
      const on = await stage(t, { kind })
      const { store, app, get, post, connection } = on
      await app.failures.count()
      await store.keep(Array.from({ length: 300 }, (_, n) => failed(`job-${n}`, { failedAt: 1_000_000 + n })))
      const asked = await post('/failures/confirm', { action: 'requeue', ...all('job:mail.send') })
      const fields = hiddenFields(asked.text)
      const both = await Promise.all((['otto', 'olga'] as const).map((who) => post('/failures/requeue', fields, who)))
      const sent: number[] = []
      for (const { location, status } of both) {
        assert.equal(status, 303)
        await until('the end', async () => /Done|Not all went|Nothing was sent/.test((await get(location ?? '')).text))
        sent.push(
          Number(/(\d+) failures? (?:was|were) sent back/.exec(readable((await get(location ?? '')).text))?.[1]),
        )
      }
      assert.equal((sent[0] ?? 0) + (sent[1] ?? 0), 300)
      assert.equal((await connection.inspect('mails'))?.ready, 300)
    })
  })
}

describe('sending failures back', () => {
  it('takes every choice of the library', async (t) => {
    const on = await stage(t)
    const { store, app, post, connection, get } = on
    const now = Date.now()
    await store.keep([
      failed('old', { failedAt: now - 3 * HOUR_MS }),
      ...Array.from({ length: 5 }, (_, n) => failed(`job-${n}`, { failedAt: now - 10_000 + n })),
    ])
    const asked = await post('/failures/confirm', { action: 'requeue', ...all('') })
    const fields = hiddenFields(asked.text)
    const choice = { to: 'other', maxAge: '2h', limit: '3', rate: '1000' }
    const dry = await post('/failures/requeue', { ...fields, ...choice, dry: '1' })
    assert.match(
      readable(dry.text),
      /3 failures would go back now\. 1 failure is too old and would stay\. Nothing was changed/,
    )
    assert.match(dry.text, /name="maxAge" value="2h"/)
    assert.equal(await app.failures.count('status:failed'), 6)
    const { text } = await sentBack(on, { ...fields, ...choice })
    assert.match(
      readable(text),
      /They go to the queue other\. At most 3, the eldest first\. What failed more than 2h ago stays\. At most 1,000 a second/,
    )
    assert.match(readable(text), /Done 3 failures were sent back\. 1 failure was too old, and stayed\./)
    assert.equal((await connection.inspect('other'))?.ready, 3)
    const audit = readable((await get('/audit')).text)
    assert.match(audit, /otto requeue age>=\d+m?s 3/)
  })

  it('says beside each box what cannot be read in it, and does nothing', async (t) => {
    const { store, app, post } = await stage(t)
    await store.keep([failed('a')])
    const { status, text } = await post('/failures/requeue', {
      id: 'a.0',
      expected: '1',
      maxAge: 'soon',
      to: 'topic://x',
    })
    assert.equal(status, 400)
    assert.match(readable(text), /write a duration such as/)
    assert.match(readable(text), /jobs are sent back to queues, not to topics such as topic:\/\/x/)
    assert.equal(await app.failures.count('status:failed'), 1)
  })

  it('waits for the first ones, shows how far it is to all, and is stopped from its page', async (t) => {
    const on = await stage(t)
    const { store, app, post, get } = on
    await store.keep(['a', 'b', 'c'].map((id) => failed(id)))
    const asked = await post('/failures/confirm', { action: 'requeue', ...all('') })
    const started = await post('/failures/requeue', { ...hiddenFields(asked.text), canary: '1', canaryTimeout: '1h' })
    const run = started.location ?? ''
    const waits = /On the way 1 of 3 sent\. Waiting for the first ones to succeed/
    await until('the first one was sent', async () => waits.test(readable((await get(run)).text)))
    assert.match(readable((await get('/failures')).text), /You are sending failures back: 1 of 3 sent/)
    const second = await post('/failures/requeue', { id: 'b.0', expected: '1' })
    assert.equal(second.status, 409)
    assert.match(readable(second.text), /you are sending failures back already: one at a time/)
    assert.equal((await post(`${run}/cancel`, {}, 'vera')).status, 403)
    assert.ok(!(await get(run, 'vera')).text.includes('/cancel'))
    assert.equal((await post(`${run}/cancel`, {})).location, run)
    const stopped = await endOf(on, run)
    assert.match(
      readable(stopped.text),
      /Not all went 1 failure was sent back\..* 2 failures were not sent, and failed as before\. It was stopped/,
    )
    assert.equal(await app.failures.count('status:failed'), 2)
  })

  it('goes on with the rest when the first ones succeed', async (t) => {
    const on = await stage(t)
    const { store, app, get, post } = on
    await store.keep(['a', 'b', 'c'].map((id) => failed(id)))
    const done: string[] = []
    const send = defineJob<{ id: string }, void>({
      name: 'mail.send',
      queue: 'mails',
      perform: ({ id }) => void done.push(id),
    })
    await app.worker({ jobs: [send] }).start()
    const asked = await post('/failures/confirm', { action: 'requeue', ...all('') })
    const { location } = await post('/failures/requeue', { ...hiddenFields(asked.text), canary: '1' })
    await until('all of them', () => done.length === 3)
    await until('the end', async () => /the rest followed/.test((await get(location ?? '')).text))
  })

  it('is stopped, and nothing is left half-way, when the dashboard closes', async () => {
    let close: unknown
    const on = await stage({ after: (hook) => void (close = hook) })
    const { store, post } = on
    await store.keep(Array.from({ length: 20 }, (_, n) => failed(`job-${n}`)))
    const asked = await post('/failures/confirm', { action: 'requeue', ...all('') })
    await post('/failures/requeue', { ...hiddenFields(asked.text), rate: '1' })
    await store.open()
    const kept = store
    let halfWay = -1
    const real = kept.close.bind(kept)
    Object.assign(kept, {
      close: async () => {
        halfWay = await kept.count({ kind: 'field', field: 'status', text: 'retrying' })
        await real()
      },
    })
    assert.ok(typeof close === 'function')
    await close()
    assert.equal(halfWay, 0)
  })

  it('tells how many went when the broker stops taking them', async (t) => {
    const on = await stage(t)
    const { store, post, connection } = on
    await store.keep(['a', 'b'].map((id) => failed(id)))
    const asked = await post('/failures/confirm', { action: 'requeue', ...all('') })
    await connection.close()
    const { text } = await sentBack(on, hiddenFields(asked.text))
    assert.match(
      readable(text),
      /Not all went 0 failures were sent back\. 2 failures were not sent, and failed as before\. What went wrong: sent 0 of 2/,
    )
  })

  it('does not tell that what a broker may have was not sent', async (t) => {
    const broker = memoryBroker('sent-back-and-unconfirmed')
    t.after(() => broker.reset())
    const on = await stage(t, { uri: 'failover:(memory://sent-back-and-unconfirmed)?retryThreshold=100' })
    await on.store.keep(['a', 'b'].map((id) => failed(id)))
    const asked = await on.post('/failures/confirm', { action: 'requeue', ...all('') })
    broker.holdConfirms()
    const { text } = await sentBack(on, hiddenFields(asked.text))
    assert.equal(broker.depth('mails'), 2)
    assert.match(
      readable(text),
      /2 failures were not confirmed, and failed as before: brokers may have 2 of them all the same\./,
    )
  })

  it('is for operators: a viewer has no buttons and no way around them', async (t) => {
    const { store, app, get, post } = await stage(t)
    await store.keep([failed('a')])
    for (const path of ['/failures', '/failures/groups', '/failures/a.0']) {
      const { text, status } = await get(path, 'vera')
      assert.equal(status, 200)
      assert.ok(!/<button[^>]*name="action"|confirm|\/edit|type="checkbox" name/.test(text), path)
    }
    const fields = { id: 'a.0', expected: '1', action: 'requeue', queue: 'x' }
    for (const path of ['confirm', 'requeue', 'discard', 'remove', 'clear', 'a.0/edit', 'runs/x/cancel'])
      assert.equal((await post(`/failures/${path}`, fields, 'vera')).status, 403, path)
    assert.equal((await get('/failures/a.0/edit', 'vera')).status, 403)
    assert.equal((await get('/failures/confirm?action=requeue&id=a.0', 'vera')).status, 403)
    assert.equal(await app.failures.count('status:failed'), 1)
  })

  it('is refused to the pages of others', async (t) => {
    const { store, app, url } = await stage(t)
    await store.keep([failed('a')])
    for (const [name, value] of [
      ['origin', 'http://elsewhere.example'],
      ['sec-fetch-site', 'cross-site'],
    ] as const) {
      const headers = { authorization: `Bearer ${TOKENS.ada.token}`, [name]: value }
      const body = new URLSearchParams({ id: 'a.0', expected: '1', typed: 'clear all' })
      for (const path of ['requeue', 'discard', 'remove', 'clear', 'a.0/edit'])
        assert.equal((await fetch(`${url}failures/${path}`, { method: 'POST', headers, body })).status, 403)
    }
    assert.equal(await app.failures.count('status:failed'), 1)
  })

  it('changes nothing by a GET', async (t) => {
    const { store, app, get } = await stage(t)
    await store.keep([failed('a')])
    for (const action of ['requeue', 'discard', 'remove', 'clear']) {
      await get(`/failures/${action}?id=a.0&all=1&q=&expected=1&typed=clear+all`, 'ada')
      await get(`/failures/confirm?action=${action}&id=a.0`, 'ada')
    }
    assert.equal(await app.failures.count('status:failed'), 1)
    assert.deepEqual(await app.failures.audits(), [])
  })

  it('refuses checked rows whose ids would mean others too', async (t) => {
    const { store, app, post } = await stage(t)
    await store.keep([failed('a*'), failed('ab')])
    for (const action of ['requeue', 'discard', 'remove']) {
      const { status, text } = await post(`/failures/${action}`, { id: 'a*.0', expected: '5' })
      assert.equal(status, 400)
      assert.match(readable(text), /holds a \*, and others fit it too/)
    }
    assert.equal(await app.failures.count('status:failed'), 2)
  })

  it('refuses what no page of it asks for', async (t) => {
    const { store, post } = await stage(t)
    await store.keep([failed('a')])
    for (const fields of [
      {},
      { q: '' },
      { id: 'a.0' },
      { id: 'a.0', expected: 'many' },
      { all: '1', q: '(', expected: '1' },
      { all: '1', q: '', asOf: '99999999999999', expected: '1' },
      { id: '%E0%A4%A', expected: '1' },
    ] as const)
      assert.equal((await post('/failures/discard', fields)).status, 400, JSON.stringify(fields))
    assert.equal((await post('/failures/discard', { id: 'x'.repeat(600_000) })).status, 400)
  })

  it('exports the checked rows', async (t) => {
    const { store, app, post } = await stage(t)
    await store.keep(['a', 'b', 'c'].map((id, n) => failed(id, { failedAt: 1_000_000 + n })))
    const { text } = await post('/failures/confirm', { action: 'export', id: ['a.0', 'c.0'] })
    const lines = await allOf(app.failures.export('jobId:a OR jobId:c'))
    assert.deepEqual(text.trimEnd().split('\n'), lines)
  })

  it('breaks an export off where the store goes away, so that nobody takes it for whole', async (t) => {
    const store = memoryFailures()
    let pages = 0
    const failing: FailureStore = Object.assign(Object.create(store) as FailureStore, {
      search: async (...args: Parameters<FailureStore['search']>) => {
        if (++pages > 1) throw new UnderstudyError('storage', 'the disk is gone')
        return await store.search(...args)
      },
      open: () => store.open(),
      close: () => store.close(),
    })
    const { get } = await stage(t, { store: failing })
    await store.keep(Array.from({ length: 250 }, (_, n) => failed(`job-${n}`)))
    await assert.rejects(get('/failures/export?q='))
  })
})
