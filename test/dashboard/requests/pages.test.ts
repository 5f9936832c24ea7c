import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { memoryFailures } from '../../../adapters/memory/failures.ts'
import { connect } from '../../../src/connect.ts'
import type { Connection } from '../../../src/connection.ts'
import { createDashboard, type Dashboard } from '../../../src/dashboard/dashboard.ts'
import { type App, type AppOptions, createApp } from '../../../src/jobs/app.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { replyResults } from '../../../src/jobs/results/reply.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import { sqliteResults } from '../../../src/stores.ts'
import { failed } from '../../jobs/failures/desk-stage.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

interface Stage {
  readonly connection: Connection
  readonly app: App
  readonly failures: FailureStore
  readonly url: string
  readonly text: (id?: string) => Promise<string>
}

async function stage(context: TestContext, options: Partial<AppOptions> = {}): Promise<Stage> {
  const connection = await connect('memory://request-pages')
  const failures = memoryFailures()
  const app = createApp({ connection, failures, ...options })
  let dashboard: Dashboard | undefined
  context.after(async () => {
    await dashboard?.close()
    await app.close()
    await connection.close()
  })
  dashboard = createDashboard({ connection, app })
  const { url } = await dashboard.listen({ port: 0 })
  const text = async (id?: string): Promise<string> => {
    const address = new URL('/requests', url)
    if (id !== undefined) address.searchParams.set('id', id)
    const response = await fetch(address)
    assert.equal(response.status, 200)
    return await response.text()
  }
  return { connection, app, failures, url, text }
}

describe('the page of requests', () => {
  it('tells how far a job is, what it returned, and why it failed', async (context) => {
    const folder = temporaryFolder('results', context)
    const { app, text } = await stage(context, { results: sqliteResults(`${folder}/results.db`) })
    const goOn = Promise.withResolvers<void>()
    const resize = defineJob({
      name: 'resize',
      async perform(args: { readonly fail: boolean }, context) {
        await context.progress(50, 'half of <it>')
        await goOn.promise
        if (args.fail) throw new TypeError('no such <image>')
        return { width: 640, note: '<b>done</b>' }
      },
    })
    const worker = app.worker({ jobs: [resize], concurrency: 2 })
    await worker.start()
    const [done, broken] = [await app.enqueue(resize, { fail: false }), await app.enqueue(resize, { fail: true })]
    for await (const progress of done.progress()) if (progress.percent === 50) break
    const working = await text(done.id)
    assert.match(working, /<\/svg> Working</)
    assert.match(working, /<progress max="100" value="50"/)
    assert.match(working, /half of &#60;it&#62;/)
    goOn.resolve()
    await done.result({ timeout: 10_000 })
    await assert.rejects(broken.result({ timeout: 10_000 }))
    const succeeded = await text(done.id)
    assert.match(succeeded, /<\/svg> Succeeded</)
    assert.match(succeeded, /&#34;width&#34;: 640/)
    assert(!succeeded.includes('<b>done'))
    const lost = await text(broken.id)
    assert.match(lost, /TypeError: no such &#60;image&#62;/)
    assert.match(lost, new RegExp(`href="/failures/${broken.id}\\.0"`))
    assert.match(await text('never-was'), /Not found[\s\S]*No result/)
  })

  it('shows beside a failure what is kept of the result of its job, and of the one that it was sent back as', async (context) => {
    const folder = temporaryFolder('results', context)
    const { app, url } = await stage(context, { results: sqliteResults(`${folder}/results.db`) })
    const eat = defineJob({
      name: 'eat',
      retry: { attempts: 1 },
      perform({ text }: { readonly text: string }) {
        if (text === 'work') throw new TypeError('nightmares')
        return `ate ${text}`
      },
    })
    const worker = app.worker({ jobs: [eat] })
    await worker.start()
    const handle = await app.enqueue(eat, { text: 'work' })
    await assert.rejects(handle.result({ timeout: 10_000 }))
    const [failure] = await app.failures.ofJob(handle.id)
    assert(failure)
    const page = async (): Promise<string> =>
      await (await fetch(new URL(`/failures/${encodeURIComponent(failure.id)}`, url))).text()
    assert.match(await page(), /<h2>Its result<\/h2>[^]*<\/svg> Failed<\/span>[^]*nightmares[^]*\/requests\?id=/)
    const events = new AbortController()
    const stream = await fetch(new URL(`/events?page=failure&of=${encodeURIComponent(failure.id)}`, url), {
      signal: events.signal,
    })
    await app.failures.edit(failure.id, { args: Buffer.from('{"text":"food"}') }, { actor: 'ada' })
    let heard = ''
    const decoder = new TextDecoder()
    for await (const chunk of stream.body ?? []) {
      heard += decoder.decode(chunk, { stream: true })
      if (heard.includes('ate food') && heard.includes('Sent back, succeeded')) break
    }
    events.abort()
    assert.match(await page(), /The result of the job that was sent back[^]*<\/svg> Succeeded<[^]*ate food/)
  })

  it('tells a page that is open how far the job is', async (context) => {
    const folder = temporaryFolder('results', context)
    const { app, url } = await stage(context, { results: sqliteResults(`${folder}/results.db`) })
    const goOn = Promise.withResolvers<void>()
    const slow = defineJob({
      name: 'slow',
      async perform(_: null, context) {
        await context.progress(40)
        await goOn.promise
        return 'at last'
      },
    })
    await app.worker({ jobs: [slow] }).start()
    const handle = await app.enqueue(slow, null)
    const events = new AbortController()
    const stream = await fetch(new URL(`/events?page=requests&of=${handle.id}`, url), { signal: events.signal })
    let heard = ''
    const decoder = new TextDecoder()
    for await (const chunk of stream.body ?? []) {
      heard += decoder.decode(chunk, { stream: true })
      if (heard.includes('40 %')) goOn.resolve()
      if (heard.includes('at last')) break
    }
    events.abort()
    assert.match(heard, /"id":"request-found"/)
  })

  it('finds the failures of a request, and of a job by its failure', async (context) => {
    const { failures, text } = await stage(context)
    await failures.keep([
      failed('job-1', { requestId: 'req-7', failedAt: 1 }),
      failed('job-2', { requestId: 'req-7', failedAt: 2 }),
      failed('job-3', { requestId: 'req-8' }),
    ])
    const page = await text('req-7')
    assert.match(page, /2 failures/)
    assert(page.includes('/failures/job-1.0') && page.includes('/failures/job-2.0') && !page.includes('job-3'))
    assert(page.indexOf('job-2.0') < page.indexOf('job-1.0'), 'the latest first')
    assert((await text('job-3.0')).includes('/failures/job-3.0'))
    // Not every request.
    assert.match(await text('req-*'), /Not found/)
  })

  it('says where results are not kept, and where they go to whoever asked', async (context) => {
    assert.match(
      await (await stage(context)).text('job-1'),
      /No store of results was given, so only jobs that failed are found.*--results<.*UNDERSTUDY_RESULTS/,
    )
    const byReply = await stage(context, { results: replyResults() })
    assert.match(await byReply.text('job-1'), /Results go to whoever enqueued the job/)
  })

  it('shows an id that somebody made up as text', async (context) => {
    const { text } = await stage(context)
    const page = await text('"><script>alert(1)</script>')
    assert(!page.includes('<script>alert'))
    assert.match(page, /value="&#34;&#62;&#60;script/)
  })

  it('counts the requests and the answers of this connection', async (context) => {
    const { connection, text } = await stage(context)
    const responder = connection.respond('queue://doubled', (request) => 2 * request.json<number>())
    await responder.ready
    await connection.request('queue://doubled', 21)
    await responder.close()
    assert.match(await text(), /Answers confirmed<\/dt><dd><b>1</)
    assert.match(await text(), /Open requests<\/dt><dd><b>0</)
  })
})
