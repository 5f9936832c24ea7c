import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { compareResults } from '../../src/drill/report/compare/comparison.ts'
import { renderComparisonPage } from '../../src/drill/report/compare/compare-page.ts'
import { renderReport } from '../../src/drill/report/report.ts'
import { HOSTILE, KILLED, LOSING, PAUSED, type Script, writeDrill } from '../drill/report/written-drills.ts'
import { resultOf } from '../drill/report/written-result.ts'
import { browserSkip, openBrowser } from '../support/chromium.ts'
import { CONTRAST } from '../support/contrast.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const LOG = `2026-11-21 05:40:18.100 [warning] the listener went away\n2026-11-21 05:40:18.300 [info] took over\n`

describe('the report in a browser', { skip: browserSkip }, () => {
  const folder = temporaryFolder('browser')
  let browser: Browser
  const trouble: string[] = []

  before(async () => {
    browser = await openBrowser()
  })
  after(() => browser?.close())

  function write(name: string, page: string): string {
    const file = join(folder, `${name}.html`)
    writeFileSync(file, page)
    return file
  }

  function report(name: string, script: Script): string {
    const events = writeDrill(script)
    return write(name, renderReport(resultOf(events), events, { logs: [{ file: 'brokers/b.log', text: LOG }] }))
  }

  async function open(file: string, options: BrowserContextOptions = {}, hash = ''): Promise<Page> {
    const page = await browser.newPage(options)
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') trouble.push(message.text())
    })
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('request', (request) => {
      if (request.url().split('#')[0] !== pathToFileURL(file).href) trouble.push(`a request to ${request.url()}`)
    })
    await page.goto(pathToFileURL(file).href + hash)
    // The page's policy forbids what waits for an expression, so this waits for what the script draws last.
    if (options.javaScriptEnabled !== false && (await page.locator('#finder').count()) > 0) {
      await page.locator('#latency-plot canvas').waitFor({ state: 'attached' })
    }
    return page
  }

  const killed = (): string => report('killed', KILLED)

  it('opens without an error and without a request to anywhere', async () => {
    for (const [name, script] of Object.entries({ KILLED, PAUSED, LOSING, HOSTILE })) {
      const page = await open(report(name, script))
      assert.ok((await page.locator('#latency-plot canvas').count()) > 0, 'the plot is drawn')
      await page.close()
    }
    assert.deepEqual(trouble, [])
  })

  it('finds a job by its id and opens its story', async () => {
    const page = await open(killed())
    await page.keyboard.press('/')
    assert.equal(await page.evaluate('document.activeElement.id'), 'find')
    await page.keyboard.type('job-000101')
    assert.equal(await page.locator('#job-list details').count(), 1)
    await page.keyboard.press('Enter')
    const story = page.locator('#job-list .story')
    await story.waitFor()
    const text = (await story.innerText()).replaceAll(/\s+/g, ' ')
    assert.match(
      text,
      /Sent twice: attempt 1 was written to a 1\.9 ms before it was killed and stored, but no confirm came back/,
    )
    assert.match(
      text,
      /attempt 1 ambiguous: written, no answer came .* delivery 1 from b, sent by attempt 1 .* acknowledge of delivery 2 settled/,
    )
    await page.close()
  })

  it('finds jobs by fate and by broker, also those without trouble', async () => {
    const page = await open(report('losing', LOSING))
    const found = (): Promise<string> => page.locator('#found').innerText()
    await page.locator('.fates label', { hasText: 'lost' }).click()
    assert.match(await found(), /^1–3 of 3/)
    assert.match(await page.locator('#fate-meaning').innerText(), /never delivered/)
    await page.locator('.fates label', { hasText: 'every job' }).click()
    assert.match(await found(), /^1–25 of 300/)
    await page.locator('#page-on').click()
    assert.match(await found(), /^26–50 of 300/)
    await page.selectOption('#at-endpoint', { label: 'b stomp://127.0.0.1:61614' })
    const atB = Number(/of (\d+)/.exec(await found())?.[1])
    assert.ok(atB > 0 && atB < 300)
    await page.fill('#find', 'no such job')
    assert.equal(await found(), 'Nothing found')
    await page.keyboard.press('Escape')
    assert.match(await found(), /^1–25 of/)
    await page.close()
  })

  it('tells the same of a job as the page without script', async () => {
    const file = killed()
    const bare = await open(file, { javaScriptEnabled: false })
    const rows = bare.locator('.job')
    const told = new Map<string, string>()
    for (const row of await rows.all())
      told.set(await row.locator('.id').innerText(), (await row.locator('.why').textContent()) ?? '')
    await bare.close()
    assert.equal(told.size, 5)
    const page = await open(file)
    for (const [id, why] of told) {
      await page.fill('#find', id)
      await page.locator('#job-list summary').first().click()
      assert.equal(await page.locator('#job-list .why').first().textContent(), why)
    }
    await page.close()
  })

  it('opens at the job that its address names', async () => {
    const page = await open(killed(), {}, '#job=job-000200')
    assert.match(await page.locator('#job-list details[open] .id').innerText(), /job-000200/)
    await page.close()
  })

  it('opens the story of the job that is chosen on the map', async () => {
    const page = await open(killed())
    await page.locator('#job-map').scrollIntoViewIfNeeded()
    await page.locator('#job-map').click({ position: { x: 9, y: 12 } })
    assert.match(await page.locator('#job-list details[open] .id').innerText(), /job-000001/)
    await page.close()
  })

  it('says the answer, the figures and the troubled jobs without script', async () => {
    const page = await open(report('bare', LOSING), { javaScriptEnabled: false })
    const text = (await page.locator('body').innerText()).replaceAll(/\s+/g, ' ')
    assert.match(text, /RTO 5 s: PASS · RPO 0: FAIL \(actual 3/)
    assert.match(text, /Failover time 3\.75 s/)
    for (const id of ['job-000099', 'job-000100', 'job-000101', 'job-000105']) assert.ok(text.includes(id), id)
    assert.equal(await page.locator('#finder').isVisible(), false)
    await page.close()
  })

  it('is used by keyboard alone: skip link first, every control reached, its focus to be seen', async () => {
    const page = await open(killed())
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.className'), 'skip')
    const reached = new Set<string>()
    for (let press = 0; press < 60; press++) {
      await page.keyboard.press('Tab')
      const [name, outlined] = await page.evaluate<readonly [string, boolean]>(`(() => {
        const on = document.activeElement
        const ring = (at) => at && getComputedStyle(at).outlineStyle !== 'none'
        return [on.id || on.tagName + '.' + on.className, Boolean(ring(on) || ring(on.closest('label')))]
      })()`)
      assert.ok(outlined || name.startsWith('BODY'), `${name} shows its focus`)
      reached.add(name)
    }
    for (const id of ['span-near', 'find', 'at-endpoint']) assert.ok(reached.has(id), id)
    await page.locator('#job-list summary').first().focus()
    await page.keyboard.press('Enter')
    await page.locator('#job-list .story').first().waitFor()
    await page.keyboard.press('ArrowDown')
    assert.match(await page.evaluate('document.activeElement.textContent'), /job-000102/)
    await page.close()
  })

  for (const width of [360, 390, 768, 1280]) {
    it(`needs no sideways scrolling at ${width} px`, async () => {
      for (const [name, script] of Object.entries({ PAUSED, HOSTILE })) {
        const page = await open(report(name, script), { viewport: { width, height: 800 } })
        await page.locator('#job-list summary').first().click()
        const beyond = await page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        assert.equal(beyond, 0, name)
        await page.close()
      }
    })
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has text that stands out from what is behind it, ${colorScheme}`, async () => {
      const page = await open(report(`scheme-${colorScheme}`, LOSING), { colorScheme })
      await page.locator('#job-list summary').first().click()
      const faint = await page.evaluate<readonly string[]>(CONTRAST)
      assert.deepEqual(faint, [])
      const paper = await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
      assert.equal(paper === 'rgb(255, 255, 255)', colorScheme === 'light')
      await page.close()
    })
  }

  it('opens a hundred thousand jobs, each to be found', async () => {
    const long = { ...KILLED, jobs: 100_000, everyMs: 2, faultAtMs: 100_000.5, backAtMs: 104_000, healAtMs: 107_000 }
    const page = await open(report('long', long))
    await page.fill('#find', '099999')
    assert.match(await page.locator('#found').innerText(), /^1–1 of 1/)
    await page.locator('#job-list summary').first().click()
    assert.match(
      await page.locator('#job-list .why').innerText(),
      /Attempt 1 was confirmed by b; delivered once, by b\./,
    )
    await page.close()
    assert.deepEqual(trouble, [])
  })

  it('prints on paper without its controls', async () => {
    const page = await open(killed())
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.locator('#finder').isVisible(), false)
    assert.equal(await page.locator('h1').isVisible(), true)
    assert.ok((await page.pdf()).length > 10_000)
    await page.close()
  })

  it('sets two drills side by side on a page as narrow as a phone', async () => {
    const [a, b] = [KILLED, LOSING].map((script) => resultOf(writeDrill(script)))
    assert.ok(a && b)
    const file = write(
      'compared',
      renderComparisonPage(compareResults(a, b), { name: 'a', result: a }, { name: 'b', result: b }),
    )
    const page = await open(file, { viewport: { width: 360, height: 800 } })
    assert.equal(await page.evaluate<number>('document.documentElement.scrollWidth'), 360)
    assert.deepEqual(await page.evaluate<readonly string[]>(CONTRAST), [])
    await page.close()
    assert.deepEqual(trouble, [])
  })
})
