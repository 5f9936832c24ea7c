import axe from 'axe-core'
import type { Browser, BrowserContextOptions } from 'playwright-core'

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What axe-core has against a page, a line for each. The page's own policy would keep axe out, and is not asked here. */
export async function auditPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<readonly string[]> {
  const context = await browser.newContext({ ...options, bypassCSP: true })
  try {
    const page = await context.newPage()
    await page.goto(url)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate<{ violations: readonly Violation[] }>('axe.run()')
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' ; ')}`)
  } finally {
    await context.close()
  }
}
