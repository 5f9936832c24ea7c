import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readable } from './page-text.ts'
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
      assert.match(
        readable(first.text),
        /70 entries .* vera <b> remove <script>alert\(1\)<\/script> 69 1 min ago|70 entries/,
      )
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
  })
}
