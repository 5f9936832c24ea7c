import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { memoryFailures } from '../../../adapters/memory/failures.ts'
import { connect } from '../../../src/connect.ts'
import type { Connection } from '../../../src/connection.ts'
import { createDashboard, type Dashboard } from '../../../src/dashboard/dashboard.ts'
import type { StatusEvent } from '../../../src/failover/status.ts'
import { createApp } from '../../../src/jobs/app.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import { memoryBroker } from '../../../src/testing/memory-broker.ts'
import { writeDrillFolder } from '../drills/drill-folders.ts'
import { failed } from '../../jobs/failures/desk-stage.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

interface Stage {
  readonly connection: Connection
  readonly url: string
  readonly text: (query?: string) => Promise<string>
}

async function stage(
  context: TestContext,
  { failures, drills }: { readonly failures?: FailureStore; readonly drills?: string } = {},
): Promise<Stage> {
  const broker = memoryBroker('timeline-pages')
  const connection = await connect('failover:(memory://timeline-pages)?initialReconnectDelay=10&maxReconnectDelay=20')
  const app = failures && createApp({ connection, failures })
  let dashboard: Dashboard | undefined
  context.after(async () => {
    broker.reset()
    await dashboard?.close()
    await app?.close()
    await connection.close()
  })
  await connection.connected()
  dashboard = createDashboard({ connection, ...(app && { app }), ...(drills !== undefined && { drills }) })
  const { url } = await dashboard.listen({ port: 0 })
  const text = async (query = ''): Promise<string> => await (await fetch(new URL(`/timeline${query}`, url))).text()
  return { connection, url, text }
}

async function happened(connection: Connection, type: StatusEvent['type'], cause: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const forget = connection.observe((event) => {
    if (event.type === type && event.role === 'producer') resolve()
  })
  cause()
  await promise
  forget()
}

describe('the timeline', () => {
  it('shows an outage while it lasts and when it is over, as a bar and in words', async (context) => {
    const { connection, text } = await stage(context)
    const broker = memoryBroker('timeline-pages')
    assert.match(await text(), /Nothing was lost in this time/)
    assert.match(await text(), /class="serves"/)
    await happened(connection, 'interrupted', () => broker.stop())
    const away = await text()
    assert.match(away, /class="outage"/)
    assert.match(away, /Nobody yet/)
    assert.match(away, /goes on/)
    assert.match(away, /no broker<\/tspan>/)
    await happened(connection, 'resumed', () => broker.restart())
    const back = await text()
    assert.match(
      back,
      /<\/svg> Outage<\/span><\/td><td[^>]*>[\d.]+ m?s<\/td><td[^>]*>(<[^>]+>)memory:\/\/timeline-pages<\/span> <[^>]+>then \1memory:\/\/timeline-pages</,
    )
    assert(!back.includes('goes on'))
    assert.match(back, /<svg class="chart links"[^>]* role="img" aria-label="Who served each link/)
  })

  it('counts failures by time beside it, in bars and in a table', async (context) => {
    const failures = memoryFailures()
    const now = Date.now()
    await failures.keep([
      failed('a', { failedAt: now - 10 * 60_000 }),
      failed('b', { failedAt: now - 10 * 60_000 }),
      failed('c', { failedAt: now - 3 * 3_600_000 }),
      failed('d', { failedAt: now - 48 * 3_600_000 }),
    ])
    const { text } = await stage(context, { failures })
    const bars = (page: string): number => page.match(/class="failed"/g)?.length ?? 0
    const hour = await text()
    assert.equal(bars(hour), 1)
    assert.match(hour, />2 failures, as a table/)
    const six = await text('?span=6h')
    assert.equal(bars(six), 2)
    assert.match(six, />3 failures, as a table/)
    assert.match(await (await stage(context)).text(), /keeps no failures/)
  })

  it('marks the drills of the time that it shows', async (context) => {
    const drills = temporaryFolder('timeline', context)
    const began = Date.UTC(2026, 10, 21, 5, 40, 12)
    writeDrillFolder(drills, 'now', undefined, { laterMs: Date.now() - began - 60_000 })
    writeDrillFolder(drills, 'long-ago', undefined, { laterMs: Date.now() - began - 30 * 86_400_000 })
    const { text } = await stage(context, { drills })
    const page = await text()
    assert.equal(page.match(/class="drill"/g)?.length, 1)
    assert(page.includes('/drills/now"') && !page.includes('long-ago'))
  })

  it('tells a page that is open of an outage', async (context) => {
    const { connection, url } = await stage(context)
    const abort = new AbortController()
    const response = await fetch(new URL('/events?page=timeline-1h', url), { signal: abort.signal })
    assert.equal(response.status, 200)
    const broker = memoryBroker('timeline-pages')
    await happened(connection, 'interrupted', () => broker.stop())
    let heard = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      heard += decoder.decode(chunk, { stream: true })
      if (heard.includes('goes on')) break
    }
    assert.match(heard, /"id":"timeline"/)
    abort.abort()
    await happened(connection, 'resumed', () => broker.restart())
  })
})
