import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { defineJob } from '../../src/jobs/define-job.ts'
import { eventually } from '../../src/testing/contract/waiting.ts'
import { failed } from '../jobs/failures/desk-stage.ts'
import { crawl, type Crawled } from './crawl.ts'
import { type Who, BROKER_SECRET, form, type Stage, stage, TOKENS } from './stage.ts'

const HOSTILE = `"><script>alert(1)</script><img src=x onerror=alert(2)>'&\u202e\u0000`
const HOSTILE_NAME = HOSTILE.replace('\u0000', '')
const HOSTILE_QUEUE = `q-<b onmouseover='alert(3)'>"&`

/** A dashboard with something on every page: what waits, what runs, what failed, a worker with a name that bites. */
async function busyStage(cleanups: (() => unknown)[]): Promise<Stage> {
  const open = Promise.withResolvers<void>()
  const on = await stage(
    { after: (cleanup) => void cleanups.push(cleanup as () => unknown) },
    { queues: [HOSTILE_QUEUE, 'images'] },
  )
  cleanups.unshift(() => open.resolve())
  for (let n = 0; n < 3; n++) await on.connection.send(`queue://${HOSTILE_QUEUE}`, `${HOSTILE}${n}`)
  await on.connection.send('queue://images', 'one')
  await on.store.keep(
    Array.from({ length: 4 }, (_, n) =>
      failed(`job-${n}`, {
        job: n % 2 === 0 ? HOSTILE : 'image.resize',
        errorMessage: `${HOSTILE} ${n % 3}`,
        errorClass: `Error${HOSTILE}`,
        preview: HOSTILE,
        stack: HOSTILE,
        fingerprint: `print-${n % 3}`,
        failedAt: Date.now() - n * 1000,
        args: new TextEncoder().encode(JSON.stringify([HOSTILE])),
        contentType: 'application/json',
      }),
    ),
  )
  await on.store.setPaused('images', true)
  await on.store.audit({ at: Date.now(), actor: HOSTILE, action: 'purge', target: HOSTILE, count: 1 })
  const job = defineJob({ name: HOSTILE_NAME, queue: 'running', perform: () => open.promise })
  const worker = on.app.worker({ jobs: [job], name: HOSTILE_NAME })
  await worker.start()
  await on.app.enqueue(job, null)
  await eventually('it runs', () => worker.describe().slots.length === 1)
  await eventually('the dashboard knows', async () => (await (await on.ask('/working')).text()).includes('Abort'))
  return on
}

async function snapshot({ store, broker, app }: Stage): Promise<unknown> {
  const { failures } = await store.search({ kind: 'all' }, { limit: 1000 })
  return {
    failures,
    paused: await store.paused(),
    audits: await store.audits(1000),
    depths: [HOSTILE_QUEUE, 'images', 'running', 'understudy.failed'].map((queue) => broker.depth(queue)),
    count: await app.failures.count(),
  }
}

const crawled = (on: Stage, as: Who): Promise<readonly Crawled[]> => crawl(on.url, (path) => on.ask(path, as))

describe('the dashboard', () => {
  const cleanups: (() => unknown)[] = []
  let on: Stage
  let unchanged: unknown
  let pages: readonly Crawled[]
  let asViewer: readonly Crawled[]

  before(async () => {
    on = await busyStage(cleanups)
    unchanged = await snapshot(on)
    pages = await crawled(on, 'ada')
    asViewer = await crawled(on, 'vera')
  })
  after(async () => {
    for (const cleanup of cleanups) await cleanup()
  })

  it('changes nothing by any GET, whatever link or form it has', async () => {
    assert(pages.length > 20, `only ${pages.length} pages`)
    for (const path of [
      '/',
      '/queues',
      '/working',
      '/workers',
      '/failures',
      '/audit',
      '/drills',
      '/timeline',
      '/requests',
    ])
      assert(
        pages.some((page) => page.path === path && page.status === 200),
        path,
      )
    for (const { path, status } of pages) assert(status < 500, `${path}: ${status}`)
    assert.deepEqual(await snapshot(on), unchanged)
  })

  it('refuses every form of its pages from another site, and from who may only look', async () => {
    const writes = new Map(
      pages.flatMap(({ forms }) =>
        forms.flatMap(({ method, action, fields }) => (method === 'post' ? [[action, fields] as const] : [])),
      ),
    )
    assert(writes.size >= 8, [...writes.keys()].join(' '))
    for (const [action, fields] of writes) {
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: on.url.slice(0, -1), 'sec-fetch-site': 'cross-site' },
        { origin: on.url.slice(0, -1), 'sec-fetch-site': 'same-site' },
      ]) {
        const foreign = await on.ask(action, 'ada', { ...form(fields), headers })
        assert.equal(foreign.status, 403, `${action} from ${JSON.stringify(headers)}`)
      }
      if (action === '/logout' || action === '/login') continue
      const viewer = await on.ask(action, 'vera', form(fields))
      assert.equal(viewer.status, 403, `${action} by a viewer`)
    }
    assert.deepEqual(await snapshot(on), unchanged)
  })

  it('offers a viewer nothing that changes anything', async () => {
    const writes = asViewer.flatMap(({ forms }) =>
      forms.flatMap(({ method, action }) => (method === 'post' ? [action] : [])),
    )
    assert.deepEqual([...new Set(writes)], ['/logout'])
  })

  it('escapes whatever messages, workers and queues are called', async () => {
    for (const { path, text, headers } of pages) {
      if (!headers.get('content-type')?.startsWith('text/html')) continue
      for (const [tag] of text.matchAll(/<[a-z!/][^<>]*>/gi)) {
        // What stands between quotes was escaped, or the quotes would not be where they are.
        const bare = tag.replaceAll(/"[^"]*"/g, '""')
        assert(!/^<(?:img|iframe|style)\b/i.test(bare), `${path}: ${tag}`)
        assert(!/\s(?:on\w+|style)=/i.test(bare), `${path}: ${tag}`)
        assert(!/^<script\b/i.test(bare) || tag.startsWith('<script src="/assets/'), `${path}: ${tag}`)
        assert(!/javascript:/i.test(tag), `${path}: ${tag}`)
      }
      assert(!text.includes('\u202e'), `${path} turns text around`)
    }
    const working = await (await on.ask('/working')).text()
    assert.match(working, /&#34;&#62;&#60;script&#62;alert\(1\)/)
  })

  it('sends its policy with every answer, and lets nobody keep what it says', async () => {
    const others = await Promise.all([
      on.ask('/nowhere'),
      on.ask('/failures?q=%28%28', 'vera'),
      on.ask('/queues/purge', 'vera'),
      on.ask('/queues', 'vera', { headers: { authorization: 'Bearer wrong-wrong-wrong-wrong' } }),
      on.ask('/queues', 'vera', { method: 'DELETE' }),
      on.ask('/login', 'vera', { ...form({ token: 'x' }), headers: { origin: 'https://evil.example' } }),
      on.ask('/metrics'),
    ])
    const statuses = others.map(({ status }) => status)
    assert.deepEqual(statuses.slice(2), [403, 401, 405, 403, 200])
    for (const { headers, path } of [...pages, ...others.map((one) => ({ path: one.url, headers: one.headers }))]) {
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'/, path)
      assert.doesNotMatch(policy, /unsafe/, path)
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
      if (!path.includes('/assets/')) assert.equal(headers.get('cache-control'), 'no-store', path)
    }
  })

  it('shows no credential and no token, on any page and in any line of its log', async () => {
    await on.ask('/login', 'ada', { ...form({ token: TOKENS.ada.token }), headers: { authorization: '' } })
    await on.ask('/queues/pause', 'otto', form({ queue: 'images' }))
    on.broker.stop()
    await on.ask('/queues')
    on.broker.restart()
    await on.ask('/events?page=none', 'ada').then((events) => events.body?.cancel())
    const texts = [...pages, ...asViewer].map(({ text }) => text).concat(on.log)
    assert(on.log.length > 0)
    for (const text of texts)
      for (const secret of [BROKER_SECRET, ...Object.values(TOKENS).map(({ token }) => token)])
        assert(!text.includes(secret), text.slice(0, 200))
  })
})
