import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { memoryFailures } from '../../adapters/memory/failures.ts'
import type { Lab } from '../../infra/labs/lab.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { connect } from '../../src/connect.ts'
import type { Connection } from '../../src/connection.ts'
import { createDashboard, type Dashboard } from '../../src/dashboard/dashboard.ts'
import { type App, createApp } from '../../src/jobs/app.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import type { Worker } from '../../src/jobs/worker.ts'
import { failed, until } from '../jobs/failures/desk-stage.ts'
import { auditPage } from '../support/axe.ts'
import { browserSkip, openBrowser } from '../support/chromium.ts'
import { CONTRAST } from '../support/contrast.ts'
import { newLabRoot } from '../support/lab-root.ts'

const PAGES = ['', 'queues', 'queues/purge?queue=orders', 'working', 'workers', 'workers/pause', 'nowhere']
const HOSTILE = 'web-<img src=x onerror="document.title=1">'

describe('the dashboard in a browser', { skip: browserSkip }, () => {
  const open = Promise.withResolvers<void>()
  const trouble: string[] = []
  let lab: Lab
  let browser: Browser
  let connection: Connection
  let app: App
  let worker: Worker
  let dashboard: Dashboard
  let url = ''

  before(async () => {
    lab = await createLabs({ root: newLabRoot('dashboard-browser') }).up('embedded')
    connection = await connect(drillUri(lab, {}))
    const store = memoryFailures()
    app = createApp({ connection, failures: store })
    const paint = defineJob({ name: 'wall.paint', queue: 'walls', perform: () => open.promise })
    worker = app.worker({ jobs: [paint], name: HOSTILE, concurrency: 2 })
    await worker.start()
    for (let n = 0; n < 3; n++) await app.enqueue(paint, null)
    await connection.send('queue://orders', 'one')
    await store.keep(
      Array.from({ length: 12 }, (_, n) =>
        failed(`job-${n}`, { fingerprint: `print-${n % 3}`, errorMessage: `<b>no</b> ${n % 3}`, failedAt: Date.now() }),
      ),
    )
    dashboard = createDashboard({ connection, app, queues: ['orders'] })
    url = (await dashboard.listen({ port: 0 })).url
    browser = await openBrowser()
  })
  after(async () => {
    open.resolve()
    await browser?.close()
    await dashboard?.close()
    await app?.close()
    await connection?.close()
    await lab?.down()
  })

  async function visit(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage(options)
    page.on('console', (message) => {
      // What a browser says of every answer that is no page.
      if (path !== 'nowhere' || !message.text().includes('404')) trouble.push(`${path}: ${message.text()}`)
    })
    page.on('pageerror', (error) => trouble.push(`${path}: ${error.message}`))
    page.on('request', (request) => {
      const asked = request.url()
      if (!asked.startsWith(url) && !asked.startsWith('data:')) trouble.push(`${path}: a request to ${asked}`)
    })
    await page.goto(url + path)
    if (options.javaScriptEnabled !== false && path !== 'nowhere')
      await page.locator('#live-state[data-live=on]').waitFor({ state: 'attached' })
    return page
  }

  it('opens every page without an error and without a request to anywhere', async () => {
    for (const path of PAGES) {
      const page = await visit(path)
      assert.equal(await page.locator('h1').count(), 1, path)
      assert.notEqual(await page.title(), '1', path)
      await page.close()
    }
    assert.deepEqual(trouble, [])
  })

  // What is where changes with the width, and colours with the scheme.
  for (const [colorScheme, width] of [
    ['light', 360],
    ['dark', 1280],
  ] as const) {
    it(`has nothing that axe complains of, ${colorScheme}, ${width} px`, async () => {
      for (const path of PAGES) {
        const found = await auditPage(browser, url + path, { colorScheme, viewport: { width, height: 800 } })
        assert.deepEqual(found, [], path)
      }
    })
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has text that stands out from what is behind it, ${colorScheme}`, async () => {
      for (const path of PAGES) {
        const page = await visit(path, { colorScheme })
        assert.deepEqual(await page.evaluate<readonly string[]>(CONTRAST), [], path)
        await page.close()
      }
    })
  }

  for (const width of [360, 768]) {
    it(`needs no sideways scrolling at ${width} px`, async () => {
      for (const path of PAGES) {
        const page = await visit(path, { viewport: { width, height: 800 } })
        const beyond = await page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        assert.equal(beyond, 0, path)
        await page.close()
      }
    })
  }

  it('shows what changes without being loaded again, and keeps the focus where it was', async () => {
    const page = await visit('queues')
    const row = page.locator('tr', { hasText: 'orders' })
    await row.getByRole('button', { name: 'Pause orders' }).focus()
    await page.evaluate('window.isSame = true')
    await connection.send('queue://orders', 'two')
    await row.getByText('about 2', { exact: true }).waitFor()
    assert.equal(await page.evaluate('document.activeElement.getAttribute("aria-label")'), 'Pause orders')
    assert.equal(await page.evaluate('window.isSame'), true)
    await page.close()
  })

  it('lets somebody in with a token, to where they wanted to go, and out again', async () => {
    await using guarded = createDashboard({
      connection,
      access: { tokens: [{ name: 'vera', role: 'viewer', token: 'token-of-vera-0123456789' }] },
    })
    const { url: at } = await guarded.listen({ port: 0 })
    assert.deepEqual(await auditPage(browser, `${at}workers`), [])
    const page = await browser.newPage()
    await page.goto(`${at}workers`)
    await page.getByLabel('Token').fill('not this one')
    await page.keyboard.press('Enter')
    await page.getByText('Nobody has this token.').waitFor()
    await page.getByLabel('Token').fill('token-of-vera-0123456789')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Workers', level: 1 }).waitFor()
    assert.equal(page.url(), `${at}workers`)
    assert.equal(await page.getByRole('button', { name: /Pause/ }).count(), 0)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Token').waitFor()
    await page.close()
  })

  it('counts the seconds by itself', async () => {
    const page = await browser.newPage()
    await page.clock.install()
    await page.goto(`${url}working`)
    await page
      .locator('tbody tr time', { hasText: /\d (?:s|min)$/ })
      .first()
      .waitFor()
    await page.clock.fastForward('03:00:00')
    await page.locator('tbody tr time', { hasText: /^3 h$/ }).first().waitFor()
    await page.close()
  })

  for (const javaScriptEnabled of [true, false]) {
    it(`pauses and purges a queue by its buttons, ${javaScriptEnabled ? 'with' : 'without'} script`, async () => {
      await connection.send('queue://orders', 'again')
      const page = await visit('queues', { javaScriptEnabled })
      const press = async (name: string): Promise<void> => {
        const button = page.getByRole('button', { name })
        // A page waits for brokers so long; one that they answered too late for stays as it is without script.
        if (!javaScriptEnabled)
          await until(name, async () => {
            if ((await button.count()) > 0) return true
            await page.reload()
            return false
          })
        await button.click()
      }
      await press('Pause orders')
      await page.getByText('orders is paused', { exact: false }).waitFor()
      await press('Resume orders')
      await page.getByText('orders is resumed', { exact: false }).waitFor()
      await press('Purge orders…')
      await page.getByRole('heading', { name: /^Remove .* from orders\?$/ }).waitFor()
      await page.getByRole('button', { name: /^Remove / }).click()
      await page.getByText('removed from orders', { exact: false }).waitFor()
      await page.close()
    })
  }

  it('pauses and resumes a worker, whatever it is called', async () => {
    const page = await visit('workers')
    await page.getByRole('button', { name: `Pause ${HOSTILE}` }).click()
    await page.getByText('1 worker paused.').waitFor()
    assert.equal(worker.state, 'paused')
    await page.getByRole('button', { name: `Resume ${HOSTILE}` }).click()
    await page.getByText('1 worker resumed.').waitFor()
    assert.equal(worker.state, 'running')
    await page.close()
  })

  it('asks before a job is aborted, and leaves it when the answer is no', async () => {
    const page = await visit('working')
    await page
      .getByRole('button', { name: /^Abort wall\.paint/ })
      .first()
      .click()
    await page.getByRole('heading', { name: /^Abort wall\.paint/ }).waitFor()
    await page.getByRole('link', { name: 'Leave it as it is' }).click()
    await page.getByRole('heading', { name: 'Working' }).waitFor()
    assert.equal(worker.describe().slots.length, 2)
    await page.close()
  })

  it('is used by keyboard: skip link first, letters to the pages, every control with a focus to be seen', async () => {
    const page = await visit('')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.className'), 'skip')
    for (let press = 0; press < 30; press++) {
      await page.keyboard.press('Tab')
      const [name, outlined] = await page.evaluate<readonly [string, boolean]>(
        `[document.activeElement.outerHTML.slice(0, 80), getComputedStyle(document.activeElement).outlineStyle !== 'none']`,
      )
      assert.ok(outlined || name.startsWith('<body'), `${name} shows its focus`)
    }
    await page.keyboard.press('g')
    await page.keyboard.press('q')
    await page.waitForURL(`${url}queues`)
    await page.locator('#live-state[data-live=on]').waitFor({ state: 'attached' })
    await page.keyboard.press('j')
    assert.equal(await page.evaluate('document.activeElement.closest("tbody tr") !== null'), true)
    await page.close()
  })

  it('tells a failover to who looks on, and says when nobody answers at all', async (context) => {
    const page = await visit('')
    const active = await lab.active()
    const next = lab.nodes.find(({ name }) => name !== active)
    assert(active && next)
    const from = performance.now()
    await lab.kill(active)
    await page.getByRole('heading', { name: `${next.endpoint} serves`, level: 1 }).waitFor()
    context.diagnostic(`the page told who is master ${Math.round(performance.now() - from)} ms after the kill`)
    await page.locator('#broker-line', { hasText: next.endpoint }).waitFor()
    await page.locator('#failovers', { hasText: next.endpoint }).waitFor()
    await lab.start(active)
    await dashboard.close()
    await page.locator('#live-state', { hasText: 'Not live' }).waitFor()
    await page.close()
  })
})
