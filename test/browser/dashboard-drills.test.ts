import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, it } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { type DashboardStage, dashboardStage } from '../dashboard/drills/dashboard-stage.ts'
import { browserSkip, openBrowser } from '../support/chromium.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const DRILL = '20261121-054000-embedded-kill'
const SUITE = '20261120-200000-nightly'

describe('drills, the timeline and requests in a browser', { skip: browserSkip }, () => {
  let stage: DashboardStage
  let browser: Browser
  const trouble: string[] = []

  before(async () => {
    stage = await dashboardStage(temporaryFolder('browser-drills'))
    browser = await openBrowser()
  })
  after(async () => {
    await browser?.close()
    await stage?.[Symbol.asyncDispose]()
  })

  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options })
    page.on('console', (message) => {
      // That a page is not there is what it says itself.
      if (path !== '/drills/none') trouble.push(`${path}: ${message.text()}`)
    })
    page.on('pageerror', (error) => trouble.push(`${path}: ${String(error)}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(stage.url) && !request.url().startsWith('data:'))
        trouble.push(`${path}: a request to ${request.url()}`)
    })
    await page.goto(new URL(path, stage.url).href)
    return page
  }

  /** What axe finds, a line each. The page's policy lets no script in, so it comes with the tool's own means. */
  async function violations(page: Page): Promise<readonly string[]> {
    await page.evaluate(AXE)
    return await page.evaluate<readonly string[]>(
      `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ' ' + node.target + ' ' + node.failureSummary)))`,
    )
  }

  const paths = (): readonly string[] => [
    '/drills',
    '/drills?verdict=fail',
    '/drills?lab=embedded&verdict=fail',
    `/drills/${DRILL}`,
    `/drills/${SUITE}`,
    '/drills/20261120-180000-embedded-threshold',
    '/drills/20261121-055900-embedded-kill',
    '/drills/copied-by-hand',
    '/drills/none',
    '/timeline',
    '/timeline?span=24h',
    '/requests',
    `/requests?id=${stage.jobs.done}`,
    `/requests?id=${stage.jobs.broken}`,
    `/requests?id=${stage.jobs.working}`,
    '/requests?id=req-7',
    '/requests?id=none',
  ]

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['light', 820],
    ['dark', 390],
    ['light', 360],
  ] as const) {
    it(`are easy to reach for everybody and keep to their width, ${colorScheme} at ${width}`, async () => {
      for (const path of paths()) {
        const page = await open(path, { colorScheme, viewport: { width, height: 800 } })
        assert.equal(await page.evaluate<number>('document.documentElement.scrollWidth'), width, path)
        // What is as wide as a phone has been through it.
        if (width !== 360) assert.deepEqual(await violations(page), [], path)
        await page.close()
      }
    })
  }

  it('filter the drills, and lead back to all of them', async () => {
    const page = await open('/drills')
    await page.getByLabel('Verdict').selectOption('fail')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForURL(/verdict=fail/)
    assert.equal(await page.getByRole('rowheader').count(), 2)
    await page.getByLabel('Lab').selectOption('activemq-jdbc')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('No drill is like that').waitFor()
    await page.getByRole('link', { name: 'Show all of them' }).click()
    await page.getByText('9 drills').waitFor()
    await page.close()
  })

  it('compare the two that were checked', async () => {
    const page = await open('/drills')
    await page.getByRole('checkbox', { name: DRILL }).check()
    await page.getByRole('checkbox', { name: '20261121-041500-rabbitmq-classic-kill' }).check()
    await page.getByRole('button', { name: 'Compare the two checked' }).click()
    await page.waitForURL(/\/compare\?/)
    await page.getByText(`B · ${DRILL}`).waitFor()
    assert.deepEqual(await violations(page), [])
    await page.close()
  })

  it('open a report that works by itself, and can do nothing to the dashboard', async () => {
    const page = await open(`/drills/${DRILL}`)
    await page.getByRole('link', { name: 'Open the report' }).click()
    await page.waitForURL(/report\.html$/)
    await page.getByRole('heading', { level: 1 }).waitFor()
    // Its plot is drawn by its own script.
    await page.locator('#latency-plot canvas').waitFor()
    assert.equal(await page.evaluate<string>('window.origin'), 'null')
    const before = trouble.length
    const reached = await page.evaluate<string>(`fetch('/drills').then(() => 'reached', () => 'refused')`)
    assert.equal(reached, 'refused')
    await page.close()
    // What the browser said to that, which may be heard after the answer.
    trouble.length = before
  })

  it('lead from a suite to the report of its run', async () => {
    const page = await open(`/drills/${SUITE}`)
    await page.getByRole('link', { name: 'Open the report' }).click()
    await page.waitForURL(/report\.html$/)
    await page.getByRole('link', { name: 'run 1' }).first().click()
    await page.waitForURL(/01-a-kill\/run-01\/report\.html$/)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.close()
  })

  it('hand out the history and the verdict as files', async () => {
    const page = await open(`/drills/${DRILL}`)
    for (const name of ['events.jsonl', 'junit.xml']) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()])
      assert.equal(download.suggestedFilename(), `${DRILL}-${name}`)
      assert.deepEqual(readFileSync(await download.path()), readFileSync(`${stage.drills}/${DRILL}/${name}`))
    }
    await page.close()
  })

  it('look up a job by its id', async () => {
    const page = await open('/requests')
    await page.getByLabel('Id of a job or a request').fill(stage.jobs.working)
    await page.keyboard.press('Enter')
    await page.getByRole('progressbar').waitFor()
    assert.equal(await page.getByRole('progressbar').getAttribute('value'), '62')
    await page.getByLabel('Id of a job or a request').fill(stage.jobs.broken)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: /no such image: cat\.png/ }).click()
    await page.waitForURL(/\/failures\//)
    await page.close()
  })

  for (const width of [1280, 1024, 820, 390]) {
    it(`break no address on the timeline, and the list of brokers at its commas alone, at ${width}`, async () => {
      const page = await open('/timeline', { viewport: { width, height: 800 } })
      // All of it in one step of the page, as what is live is written anew between two.
      const { lines, wide } = await page.evaluate<{ lines: readonly (readonly string[])[]; wide: number }>(`(() => {
        const linesOf = (selector) => [...document.querySelectorAll(selector)].map((element) => {
          // As it is told of a machine.
          element.innerHTML = element.innerHTML.replaceAll(/memory:..stage-[ab]/g, 'stomp://192.168.100.161:61613')
          if (element.matches('td:last-child')) element.append(' while it was written to, by stomp://192.168.100.161:61613')
          return element
        }).flatMap((element) => {
          const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
          const lines = []
          while (texts.nextNode()) for (const { 0: address, index: from } of texts.currentNode.data.matchAll(/stomp:[^,) ]*/g)) {
            const range = document.createRange()
            range.setStart(texts.currentNode, from)
            range.setEnd(texts.currentNode, from + address.length)
            lines.push(address + ' ' + range.getClientRects().length)
          }
          return lines
        })
        return { lines: ['.outages td', '.foot p:first-child'].map(linesOf), wide: document.documentElement.scrollWidth }
      })()`)
      assert.deepEqual(
        lines.map((each) => each.length >= 2),
        [true, true],
      )
      for (const line of lines.flat()) assert.match(line, / 1$/)
      assert.equal(wide, width)
      await page.close()
    })
  }

  it('show the timeline of another time without a word of script', async () => {
    const page = await open('/timeline', { javaScriptEnabled: false })
    assert.equal(await page.locator('.mark.lost').count(), 3, 'two links were lost, and one mark explains it')
    await page.getByRole('link', { name: 'six hours' }).click()
    await page.waitForURL(/span=6h/)
    await page.getByText('Failures in each 6 minutes', { exact: true }).waitFor()
    await page.close()
  })

  it('left nothing on the console, and asked nobody else', () => {
    assert.deepEqual(trouble, [])
  })
})
