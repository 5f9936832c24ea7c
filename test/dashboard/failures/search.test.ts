import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failed } from '../../jobs/failures/desk-stage.ts'
import { allOf, readable } from '../page-text.ts'
import { stage, STORE_KINDS } from '../stage.ts'

const MINUTE_MS = 60_000

for (const kind of STORE_KINDS) {
  describe(`the search of failures over ${kind}`, () => {
    it('shows what waits for somebody first, and finds by the query language', async (t) => {
      const { store, app, get } = await stage(t, { kind })
      await app.failures.count()
      const now = Date.now()
      await store.keep([
        failed('old', { failedAt: now - 90 * MINUTE_MS, errorMessage: 'no route to host', queue: 'slow' }),
        failed('new', { failedAt: now - MINUTE_MS - 5_000, errorMessage: 'certificate expired' }),
        failed('gone', { failedAt: now - 2 * MINUTE_MS, errorMessage: 'never mind' }),
      ])
      await app.failures.discard('jobId:gone')
      const first = readable((await get('/failures')).text)
      assert.match(first, /2 failures wait for somebody now, none of them from the last minute\./)
      assert.match(first, /2 failures match/)
      assert.ok(first.indexOf('certificate expired') < first.indexOf('no route to host'))
      assert.ok(!first.includes('never mind'))
      const all = readable((await get('/failures?q=')).text)
      assert.match(all, /3 failures /)
      assert.match(all, /never mind.* Discarded/)
      const young = readable((await get(`/failures?q=${encodeURIComponent('age<1h -status:discarded')}`)).text)
      assert.match(young, /1 failure matches/)
      assert.match(young, /1 min ago TypeError: certificate expired mail\.send mails 0 Failed/)
    })

    it('goes through pages and shows each failure once', async (t) => {
      const { store, app, get } = await stage(t, { kind })
      await app.failures.count()
      await store.keep(Array.from({ length: 120 }, (_, n) => failed(`job-${n}`, { failedAt: 1_000_000 + n })))
      const seen: string[] = []
      let path: string | undefined = '/failures'
      while (path !== undefined) {
        const { text }: { text: string } = await get(path)
        seen.push(...Array.from(text.matchAll(/name="id" value="([^"]*)"/g), ([, id = '']) => id))
        path = /<a href="([^"]*)" rel="next"/.exec(text)?.[1]?.replaceAll('&#38;', '&')
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 120 }, (_, n) => `job-${119 - n}.0`),
      )
    })

    it('has groups by cause, each with the way to what is in it', async (t) => {
      const { store, app, get } = await stage(t, { kind })
      await app.failures.count()
      const failure = failed('x', { failedAt: Date.now() - 5 * MINUTE_MS })
      await store.keep([
        ...Array.from({ length: 7 }, (_, n) => failed(`many-${n}`, { failedAt: Date.now() - n * MINUTE_MS })),
        { ...failure, fingerprint: 'feedfeedfeedfeed', errorMessage: 'another one' },
      ])
      const { text, status } = await get('/failures/groups')
      assert.equal(status, 200)
      assert.match(readable(text), /7 TypeError: connect ECONNREFUSED 10\.0\.0\.1:25 mail\.send 6 min ago just now/)
      const show = [...text.matchAll(/href="([^"]*)" data-open/g)].map(([, to = '']) => to.replaceAll('&#38;', '&'))
      assert.equal(show.length, 2)
      assert.match(readable((await get(show[1] ?? '')).text), /1 failure matches.*another one/)
      const send = /href="([^"]*action=requeue[^"]*)"/.exec(text)?.[1]?.replaceAll('&#38;', '&') ?? ''
      assert.match(readable((await get(send)).text), /7 failed jobs go back to their queues/)
    })
  })
}

describe('the search of failures', () => {
  it('tells a query that it cannot read below the box, with its place and the status 400', async (t) => {
    const { get } = await stage(t)
    for (const path of ['/failures', '/failures/groups']) {
      const { status, text } = await get(`${path}?q=${encodeURIComponent('error:x status:faild')}`)
      assert.equal(status, 400)
      assert.match(
        readable(text),
        /cannot be read at column 16: found the status "faild", expected one of failed, retrying/,
      )
      assert.match(text, /<mark>f<\/mark>aild/)
      assert.match(text, /aria-invalid="true" aria-describedby="q-trouble"/)
      assert.match(text, /value="error:x status:faild"/)
    }
  })

  it('puts what is chosen in the quick filters into the one query', async (t) => {
    const { get } = await stage(t)
    const chosen = (fields: Record<string, string>): Promise<string | null> =>
      get(`/failures?${String(new URLSearchParams(fields))}`).then(({ location }) => location)
    const to = (query: string): string => `/failures?${String(new URLSearchParams({ q: query }))}`
    const none = { status: '', reason: '', job: '', queue: '' }
    assert.equal(await chosen({ ...none, q: 'x', was: '', status: 'failed' }), to('x status:failed'))
    assert.equal(await chosen({ ...none, q: 'status:failed', was: 'status:failed' }), to(''))
    // What was written counts where the box was left as it was.
    assert.equal(
      await chosen({ ...none, q: 'status:retried', was: 'status:failed', status: 'failed' }),
      to('status:retried'),
    )
    assert.equal(await chosen({ ...none, q: 'status:nonsense', was: '' }), null)
  })

  it('takes whatever stands in a query for a value', async (t) => {
    const { get, store } = await stage(t, { kind: 'sqlite' })
    await store.open()
    await store.keep([failed('one')])
    for (const query of [
      `'; DROP TABLE failures; --`,
      `" OR 1=1 --`,
      `job:"x' OR 'a'='a"`,
      `error:"<script>alert(1)</script>"`,
      'NEAR(a b)',
      'error:"a* AND ^b"',
      '%00',
      '\u0000',
      'x'.repeat(5000),
      '('.repeat(200),
    ]) {
      const { status, text } = await get(`/failures?q=${encodeURIComponent(query)}`)
      assert.ok(status === 200 || status === 400, `${status} for ${query.slice(0, 40)}`)
      assert.ok(!text.includes('<script>alert'))
    }
    const only = readable((await get('/failures')).text)
    assert.match(only, /1 failure matches/)
    assert.match(only, /the one that matches/)
    assert.match(only, /1 failure waits for somebody now(?:, from the last minute)?\./)
  })

  it('refuses a cursor that no page gave out', async (t) => {
    const { get } = await stage(t)
    const { status, text } = await get('/failures?after=nonsense')
    assert.equal(status, 400)
    assert.match(readable(text), /after is not the next of an earlier page/)
  })

  it('exports what matches as the lines that the library exports', async (t) => {
    const { store, app, get } = await stage(t, { kind: 'sqlite' })
    await app.failures.count()
    await store.keep(Array.from({ length: 250 }, (_, n) => failed(`job-${n}`, { failedAt: 1_000_000 + n })))
    const { text, headers } = await get(`/failures/export?q=${encodeURIComponent('job:mail.send')}`, 'vera')
    assert.match(headers.get('content-type') ?? '', /^application\/x-ndjson/)
    assert.match(headers.get('content-disposition') ?? '', /^attachment/)
    assert.deepEqual(text.trimEnd().split('\n'), await allOf(app.failures.export('job:mail.send')))
  })

  it('says with the status 503, and without a stack, that the store is away', async (t) => {
    const on = await stage(t, { kind: 'sqlite' })
    const { app, get, post, store } = on
    await app.failures.count()
    await store.keep([failed('one')])
    await store.close()
    for (const path of ['/failures', '/failures/groups', '/failures/one.0', '/failures/export?q=', '/audit']) {
      const { status, text } = await get(path)
      assert.equal(status, 503, path)
      assert.match(readable(text), /The failure store cannot be reached/)
      assert.ok(!/\bat .*\.ts:\d+/.test(text), 'no stack')
    }
    const { status } = await post('/failures/discard', { all: '1', q: '', expected: '1' })
    assert.equal(status, 503)
  })

  it('stays below a base path', async (t) => {
    const { get, store, app } = await stage(t, { basePath: '/jobs/board' })
    await app.failures.count()
    await store.keep([failed('one')])
    const { text, status } = await get('/jobs/board/failures')
    assert.equal(status, 200)
    for (const [, to = ''] of text.matchAll(/(?:href|action|src)="([^"]*)"/g))
      assert.ok(to.startsWith('/jobs/board') || to.startsWith('#') || to.startsWith('data:'), to)
  })
})
