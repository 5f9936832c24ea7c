import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readable, textWithin } from './page-text.ts'
import { stage, STORE_KINDS } from './stage.ts'

for (const kind of STORE_KINDS) {
  describe(`the audit over ${kind}`, () => {
    it('says who did what, when, to what and to how many, page by page and by who or what', async (t) => {
      const { store, app, get } = await stage(t, { kind })
      await app.failures.count()
      assert.match(readable((await get('/audit')).text), /Nothing was done yet/)
      for (let n = 0; n < 70; n++)
        await store.audit({
          at: Date.now() - (70 - n) * 1000,
          actor: n % 2 === 0 ? 'otto' : 'vera <b>',
          action: n % 3 === 0 ? 'remove' : 'requeue',
          target: n === 69 ? '<script>alert(1)</script>' : `job:nr-${n}`,
          count: n,
        })
      const first = await get('/audit', 'vera')
      assert.match(readable(first.text), /70 entries .* vera <b> remove <script>alert\(1\)<\/script> 69 /)
      assert.ok(!/<script>alert|<b>/.test(first.text))
      assert.equal(first.text.match(/<tr role="row">/g)?.length, 51)
      const older = /<a href="([^"]*)" rel="next"/.exec(first.text)?.[1]?.replaceAll('&#38;', '&') ?? ''
      assert.match(readable((await get(older)).text), /job:nr-0 0/)
      const some = readable((await get('/audit?actor=otto&action=remove')).text)
      assert.match(some, /12 entries/)
      assert.ok(!some.includes('job:nr-1 '))
      assert.match(readable((await get('/audit?actor=nobody')).text), /Nothing like this was done/)
      for (const page of ['0', '-1', 'x', '9999']) assert.equal((await get(`/audit?page=${page}`)).status, 200)
    })

    it('changes by itself while somebody looks, as far as it is filtered', async (t) => {
      const { app, ask } = await stage(t, { kind })
      await app.failures.count()
      const events = await ask(`/events?page=audit&of=${encodeURIComponent('actor=otto&action=&page=')}`)
      await app.failures.note('purge', 'letters', 4, { actor: 'vera' })
      await app.failures.note('purge', 'images', 3, { actor: 'otto' })
      const told = await textWithin(events.body, 'images')
      assert.match(told, /"id":"audit"/)
      assert.ok(!told.includes('letters'))
    })
  })
}

describe('a long audit', () => {
  it('looks further back step by step, and says how far it has looked', async (t) => {
    const { store, app, get } = await stage(t)
    await app.failures.count()
    const at = Date.now() - 10_000_000
    for (let n = 0; n < 5_030; n++)
      await store.audit({
        at: at + n,
        actor: n === 3 ? 'vera' : 'otto',
        action: 'pause',
        target: `nr-${n}.`,
        count: 1,
      })
    const first = await get('/audit')
    assert.match(readable(first.text), /5,000 entries among the latest 5,000/)
    assert.ok(!first.text.includes('before them'), 'there are pages left')
    assert.match(readable((await get('/audit?actor=vera')).text), /0 entries among the latest 5,000.*the 5,000 before/)
    const last = await get('/audit?page=100')
    assert.match(readable(last.text), /nr-30\..*Look at the 5,000 before them too/)
    const further = /<a href="([^"]*)">Look at the/
      .exec(last.text)?.[1]
      ?.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    assert.equal(further, '/audit?page=100&reach=10000')
    const older = await get('/audit?page=101&reach=10000')
    assert.match(readable(older.text), /5,030 entries .*nr-29\. .*nr-0\. /)
    assert.match(readable((await get('/audit?actor=vera&reach=10000')).text), /1 entry .*nr-3\./)
    for (const reach of ['0', '-1', 'x', '999999', '1e9'])
      assert.equal((await get(`/audit?reach=${reach}`)).status, 200)
  })
})
