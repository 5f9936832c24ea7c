import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { renderSuiteComparisonPage } from '../../src/drill/report/compare/suite-compare-page.ts'
import { compareSuites } from '../../src/drill/report/compare/suite-comparison.ts'
import { renderSuitePage } from '../../src/drill/report/suite/suite-page.ts'
import { drillOf, judgedRun, SKIPPED, suiteOf } from '../drill/report/suite/written-suite.ts'
import { browserSkip, openBrowser } from '../support/chromium.ts'
import { CONTRAST } from '../support/contrast.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const FAILED = judgedRun(44_200, {
  state: 'fail',
  reasons: ['b had the lock while a still served for 14.031 s: two masters at once (dual-master).'],
  folder: '01-a-long_name/run-02',
})
const SUITE = suiteOf([
  drillOf('activemq-jdbc-lease kill with a long name', [judgedRun(11_100), FAILED], {
    predicted: { lowerMs: 5000, upperMs: 25_000, because: 'a lease of 10 s is renewed every 5 s' },
  }),
  drillOf('a partition', [SKIPPED]),
  drillOf('slow', [judgedRun(0, { outageMs: null })], {
    predicted: { lowerMs: 0, upperMs: null, because: 'nobody else takes the jobs' },
  }),
])

describe('the page of a suite in a browser', { skip: browserSkip }, () => {
  const folder = temporaryFolder('browser-suite')
  const file = join(folder, 'report.html')
  const compared = join(folder, 'compared.html')
  const trouble: string[] = []
  let browser: Browser

  before(async () => {
    writeFileSync(file, renderSuitePage(SUITE))
    const side = { name: 'drills/nightly', suite: SUITE }
    writeFileSync(compared, renderSuiteComparisonPage(compareSuites(SUITE, SUITE), side, side))
    mkdirSync(join(folder, '01-kill', 'run-01'), { recursive: true })
    writeFileSync(join(folder, '01-kill', 'run-01', 'report.html'), '<title>the run itself</title>')
    browser = await openBrowser()
  })
  after(() => browser?.close())

  async function open(path: string, options: BrowserContextOptions): Promise<Page> {
    const page = await browser.newPage(options)
    page.on('console', (message) => trouble.push(message.text()))
    page.on('request', (request) => {
      if (!request.url().startsWith(pathToFileURL(folder).href)) trouble.push(`a request to ${request.url()}`)
    })
    await page.goto(pathToFileURL(path).href)
    return page
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`keeps to the width of a phone and of a desk, with text that stands out, ${colorScheme}`, async () => {
      for (const path of [file, compared]) {
        for (const width of [360, 390, 1280]) {
          const page = await open(path, { colorScheme, viewport: { width, height: 800 } })
          assert.equal(await page.evaluate<number>('document.documentElement.scrollWidth'), width)
          assert.deepEqual(await page.evaluate<readonly string[]>(CONTRAST), [])
          await page.close()
        }
      }
      assert.deepEqual(trouble, [])
    })
  }

  it('leads by keyboard from a drill to its runs and to the report of one', async () => {
    const page = await open(file, { viewport: { width: 1280, height: 800 } })
    const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.textContent')
    const tabTo = async (text: string): Promise<void> => {
      for (let press = 0; press < 30 && (await focused()) !== text; press++) await page.keyboard.press('Tab')
      assert.equal(await focused(), text)
      await page.keyboard.press('Enter')
    }
    await tabTo('activemq-jdbc-lease kill with a long name')
    await page.waitForURL(/#drill-1$/)
    await tabTo('run 1')
    await page.waitForURL(/run-01\/report\.html$/)
    assert.equal(await page.title(), 'the run itself')
    await page.close()
  })
})
