import { type Context, Hono } from 'hono'
import { html } from '../../page/html.ts'
import { type DashboardContext, href } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import { empty } from '../parts/empty.ts'
import { compareFolders } from './compare.ts'
import { drillView } from './drill-view.ts'
import { ENTRY_STATES, type ShelfEntry } from './entry.ts'
import { titleOf } from './entry-words.ts'
import { listView } from './list-view.ts'
import { pagePolicy } from './policy.ts'
import { serveFile } from './serve.ts'
import { timelineRoutes } from '../timeline/routes.ts'
import { type DrillShelf, filterEntries } from './shelf.ts'

const PAGE_SIZE = 50

/** `/drills` and `/timeline`: what was rehearsed, and what happened. Everything here only looks. */
export function drillRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { drills: shelf } = context
  const routes = new Hono<DashboardEnv>()
  routes.route('/', timelineRoutes(context))
  if (!shelf) {
    routes.get('/drills', (c) => show(c, context, 'Drills', noFolder()))
    return routes
  }
  routes.get('/drills', async (c) => {
    const { title, main } = await listPage(context, shelf, c.req.query())
    return show(c, context, title, main)
  })
  routes.get('/compare', async (c) => {
    const compared = await compareFolders(shelf, c.req.queries('with') ?? [])
    if ('wrong' in compared) return show(c, context, 'Compare', wrong(context, compared.wrong), compared.status)
    // It has a style of its own, which the dashboard's policy does not know.
    return c.body(compared.page, 200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pagePolicy(compared.page),
      'cache-control': 'no-store',
    })
  })
  routes.get('/drills/:name', async (c) => {
    const entry = await shelf.entry(c.req.param('name'))
    if (!entry) return show(c, context, 'Drills', wrong(context, 'There is no such drill here.'), 404)
    return show(c, context, titleOf(entry), await drillPage(context, shelf, entry))
  })
  routes.get('/drills/:name/*', async (c) => {
    const steps = stepsOf(new URL(c.req.url).pathname, href(context, '/drills/'))
    const response = steps && (await serveFile(shelf, steps, c.req.method !== 'HEAD'))
    return response ?? show(c, context, 'Drills', wrong(context, 'There is no such file here.'), 404)
  })
  return routes
}

async function listPage(
  context: DashboardContext,
  shelf: DrillShelf,
  query: Readonly<Record<string, string>>,
): Promise<{ readonly title: string; readonly main: ReturnType<typeof listView> }> {
  const { entries, leftOut } = await shelf.list()
  const lab = query['lab'] || undefined
  const state = ENTRY_STATES.find((known) => known === query['verdict'])
  const found = filterEntries(entries, { lab, state })
  const pageNumber = Math.max(
    1,
    Math.min(Math.ceil(found.length / PAGE_SIZE), Number.parseInt(query['page'] ?? '1', 10) || 1),
  )
  const from = (pageNumber - 1) * PAGE_SIZE
  const address = (number: number): string => {
    const search = new URLSearchParams({ ...(lab && { lab }), ...(state && { verdict: state }), page: String(number) })
    return href(context, `/drills?${search.toString()}`)
  }
  const main = listView({
    basePath: context.basePath,
    clock: context.clock,
    folder: shelf.folder,
    entries: found.slice(from, from + PAGE_SIZE),
    lab,
    state,
    labs: [...new Set(entries.flatMap((entry) => (entry.lab === '' ? [] : entry.lab.split(', '))))].toSorted(),
    found: found.length,
    all: entries.length,
    leftOut,
    from,
    first: pageNumber > 1 ? address(1) : undefined,
    next: from + PAGE_SIZE < found.length ? address(pageNumber + 1) : undefined,
  })
  return { title: 'Drills', main }
}

async function drillPage(
  context: DashboardContext,
  shelf: DrillShelf,
  entry: ShelfEntry,
): Promise<ReturnType<typeof drillView>> {
  const [stored, search, files, { entries }] = await Promise.all([
    shelf.result(entry.name),
    shelf.search(entry.name),
    shelf.files(entry.name),
    shelf.list(),
  ])
  return drillView({
    basePath: context.basePath,
    clock: context.clock,
    entry,
    result: stored?.kind === 'drill' ? stored.result : undefined,
    suite: stored?.kind === 'suite' ? stored.suite : undefined,
    search,
    files,
    before: entries.find(
      ({ at, kind, lab, fault, state }) =>
        at < entry.at &&
        kind === entry.kind &&
        lab === entry.lab &&
        fault === entry.fault &&
        (state === 'pass' || state === 'fail' || state === 'unknown'),
    ),
  })
}

/** The names in an address after its beginning, each decoded by itself; undefined for what is none. */
function stepsOf(path: string, beginning: string): readonly string[] | undefined {
  try {
    return path.startsWith(beginning) ? path.slice(beginning.length).split('/').map(decodeURIComponent) : undefined
  } catch {
    return undefined
  }
}

function noFolder(): ReturnType<typeof html> {
  return html`<h1>Drills</h1>${empty('No folder of drills was named.', html`<code>understudy dashboard --drills drills</code> shows what was rehearsed there; in a program it is <code>createDashboard({ drills: 'drills' })</code>.`)}`
}

function wrong(context: DashboardContext, what: string): ReturnType<typeof html> {
  return html`<h1>Drills</h1>${empty(what, html`<a href="${href(context, '/drills')}">All drills</a>`)}`
}

function show(
  c: Context<DashboardEnv>,
  context: DashboardContext,
  title: string,
  main: ReturnType<typeof html>,
  status: 200 | 400 | 404 = 200,
): Response | Promise<Response> {
  return c.html(page(context, c.get('visitor'), { title, current: 'drills', main }).markup, status)
}
