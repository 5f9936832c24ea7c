/** A page as it came, with the ways that lead on from it. */
export interface Crawled {
  readonly path: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly forms: readonly CrawledForm[]
}

export interface CrawledForm {
  readonly method: string
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

const MOST_PAGES = 400
// Filters and searches lead on to each other without end.
const MOST_OF_A_PATH = 6

/** Follows the links and the forms that only look, of the same server: every path, with several queries of each. */
export async function crawl(url: string, get: (path: string) => Promise<Response>): Promise<readonly Crawled[]> {
  const { origin, pathname } = new URL(url)
  const waiting = [pathname]
  const known = new Set(waiting)
  const visits = new Map<string, number>()
  const pages: Crawled[] = []
  for (const path of waiting) {
    if (pages.length >= MOST_PAGES) throw new Error(`more than ${MOST_PAGES} pages, such as ${path}`)
    const response = await get(path)
    // Somebody else's document, such as a drill's report, or a download, is not ours to follow.
    const isPage = (response.headers.get('content-type') ?? '').startsWith('text/html')
    const text = await response.text()
    const forms = isPage ? formsOf(text) : []
    pages.push({ path, status: response.status, headers: response.headers, text, forms })
    const ways = isPage
      ? [...linksOf(text), ...forms.filter(({ method }) => method === 'get').map(addressOf)]
      : ([] as string[])
    for (const way of ways) {
      const to = new URL(way, `${origin}${path}`)
      to.hash = ''
      const next = to.pathname + to.search
      const seen = visits.get(to.pathname) ?? 0
      if (to.origin !== origin || known.has(next) || seen >= MOST_OF_A_PATH) continue
      visits.set(to.pathname, seen + 1)
      known.add(next)
      waiting.push(next)
    }
  }
  return pages
}

function linksOf(text: string): readonly string[] {
  return [...text.matchAll(/<(?:a|link|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g)].map(([, way = '']) => decoded(way))
}

function formsOf(text: string): readonly CrawledForm[] {
  return [...text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, attributes = '', inside = '']) => ({
    method: /method="(\w+)"/.exec(attributes)?.[1] ?? 'get',
    action: decoded(/action="([^"]*)"/.exec(attributes)?.[1] ?? ''),
    fields: Object.fromEntries(
      [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => [
        decoded(/name="([^"]*)"/.exec(input)?.[1] ?? ''),
        decoded(/value="([^"]*)"/.exec(input)?.[1] ?? ''),
      ]),
    ),
  }))
}

function addressOf({ action, fields }: CrawledForm): string {
  return `${action}?${new URLSearchParams(fields).toString()}`
}

function decoded(text: string): string {
  return text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))).replaceAll('&amp;', '&')
}
