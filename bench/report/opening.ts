import { statSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

/** How a report opened in a browser. Milliseconds, those of the page from the beginning of its navigation. */
export interface Opening {
  readonly bytes: number
  readonly firstPaintMs: number
  /** Until the jobs are read, and the list, the map and the plot are drawn. */
  readonly readyMs: number
  /** From a key of the search to the rows on the screen. */
  readonly searchMs: number
  /** From the choice of a job to its story on the screen. */
  readonly storyMs: number
  readonly found: number
}

/** Opens a report in a browser of its own, searches for one job and opens its story. */
export async function openReport(file: string, id: string, executablePath: string): Promise<Opening> {
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    await page.goto(pathToFileURL(file).href)
    await page.locator('#latency-plot canvas').waitFor({ state: 'attached' })
    const [firstPaintMs = 0, readyMs = 0] = await page.evaluate<readonly number[]>(
      "['first-contentful-paint', 'report-ready'].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? 0)",
    )
    const painted = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))'
    const searching = performance.now()
    await page.fill('#find', id)
    await page.evaluate(painted)
    const searchMs = performance.now() - searching
    const found = await page.locator('#job-list details').count()
    const choosing = performance.now()
    await page.locator('#job-list summary').first().click()
    await page.locator('#job-list .story').first().waitFor()
    await page.evaluate(painted)
    const storyMs = performance.now() - choosing
    return { bytes: statSync(file).size, firstPaintMs, readyMs, searchMs, storyMs, found }
  } finally {
    await browser.close()
  }
}
