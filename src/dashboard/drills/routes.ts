import { type Context, Hono } from 'hono'
import { html } from '../../page/html.ts'
import { type DashboardContext, href } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page, type PageOptions } from '../layout.ts'
import { Lately } from '../live/lately.ts'
import type { Fragment } from '../live/live-feed.ts'
import { empty } from '../parts/empty.ts'
import { compareFolders } from './compare.ts'
import { type DrillView, drillParts, drillView } from './drill-view.ts'
import { ENTRY_STATES, type ShelfEntry } from './entry.ts'
import { titleOf } from './entry-words.ts'
import { listParts, type ListView, listView } from './list-view.ts'
import { pagePolicy } from './policy.ts'
import { serveFile } from './serve.ts'
import { type DrillShelf, filterEntries } from './shelf.ts'

const PAGE_SIZE = 50
const FRESH_MS = 1000

/** `/drills`: what was rehearsed. Everything here only looks. */
export function drillRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { drills: shelf } = context
  const routes = new Hono<DashboardEnv>()
  if (!shelf) {
    routes.get('/drills', (c) => show(c, context, 'Drills', noFolder()))
    return routes
  }
  liveDrills(context, shelf)
  routes.get('/drills', async (c) => {
    const query = c.req.query()
    const main = listView(await listed(context, shelf, query))
    return show(c, context, 'Drills', main, 200, { live: 'drills', of: liveOf(query) })
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
    const main = drillView(await drillOf(context, shelf, entry))
    const isRunning = entry.state === 'running'
    return show(c, context, titleOf(entry), main, 200, isRunning ? { live: 'drill', of: entry.name } : {})
  })
  routes.get('/drills/:name/*', async (c) => {
    const steps = stepsOf(new URL(c.req.url).pathname, href(context, '/drills/'))
    const response = steps && (await serveFile(shelf, steps, c.req.method !== 'HEAD'))
    return response ?? show(c, context, 'Drills', wrong(context, 'There is no such file here.'), 404)
  })
  return routes
}

type Query = Readonly<Record<string, string>>

async function listed(context: DashboardContext, shelf: DrillShelf, query: Query): Promise<ListView> {
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
  return {
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
    newest: pageNumber > 1 ? address(1) : undefined,
    older: from + PAGE_SIZE < found.length ? address(pageNumber + 1) : undefined,
  }
}

/** A list that is narrowed has parts of its own: they go by what narrows it. */
function liveOf({ lab = '', verdict = '', page: number = '' }: Query): string {
  return new URLSearchParams({ lab, verdict, page: number }).toString()
}

async function drillOf(context: DashboardContext, shelf: DrillShelf, entry: ShelfEntry): Promise<DrillView> {
  const [stored, search, files, { entries }] = await Promise.all([
    shelf.result(entry.name),
    shelf.search(entry.name),
    shelf.files(entry.name),
    shelf.list(),
  ])
  return {
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
  }
}

/** The list, and a drill that is under way, change while drills are run. */
function liveDrills(context: DashboardContext, shelf: DrillShelf): void {
  const { clock, live } = context
  const lately = new Lately<readonly Fragment[]>(clock, FRESH_MS, live)
  live.register('drills', (_role, of) =>
    lately.ask(`list ${of}`, async () => {
      const view = await listed(context, shelf, Object.fromEntries(new URLSearchParams(of)))
      return [{ id: 'drill-list', inside: listParts(view) }]
    }),
  )
  live.register('drill', (_role, of) =>
    lately.ask(`drill ${of}`, async () => {
      const entry = await shelf.entry(of)
      return entry ? [{ id: 'drill', inside: drillParts(await drillOf(context, shelf, entry)) }] : []
    }),
  )
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
  parts: Pick<PageOptions, 'live' | 'of'> = {},
): Response | Promise<Response> {
  return c.html(page(context, c.get('visitor'), { title, current: 'drills', main, ...parts }).markup, status)
}
