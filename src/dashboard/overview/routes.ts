import { Hono } from 'hono'
import { html, type Html } from '../../page/html.ts'
import { type DashboardContext, href } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import { Glance } from '../live/glance.ts'
import type { Fragment } from '../live/live-feed.ts'
import { brokersHeading, concernsList, failoversList, linksTable } from './brokers-section.ts'
import { concernsOf } from './concerns.ts'
import { failureGlance } from './failure-glance.ts'
import { type OverviewParts, overviewDrills, overviewFailures, overviewFigures, overviewQueues } from './sections.ts'

// How long a page waits for brokers and stores before it shows what was seen last.
const PATIENCE_MS = 800
const DRILLS_EVERY_MS = 5000
const SHOWN_DRILLS = 5

/** `/`: who is master on top, then queues, workers, failures by their cause, and the latest drills. */
export function overviewRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { clock, live, queues, workers, failures: desk, drills: shelf, tell } = context
  const failures = desk && failureGlance(context, desk)
  const drills =
    shelf &&
    new Glance({
      clock,
      everyMs: DRILLS_EVERY_MS,
      look: () => shelf.latest(SHOWN_DRILLS),
      trouble: 'the folder of drills could not be read',
      tell,
      onSeen: () => live.changed(),
    })

  const seen = (): OverviewParts => {
    failures?.poke()
    drills?.poke()
    return {
      queues: queues.seen,
      workers: workers.workers(),
      asked: workers.seen,
      failures: failures?.seen,
      drills: drills?.seen,
    }
  }
  live.register('overview', () => fragments(context, seen()))

  const routes = new Hono<DashboardEnv>()
  routes.get('/', async (c) => {
    await Promise.all([
      workers.fresh(PATIENCE_MS),
      queues.fresh(PATIENCE_MS),
      failures?.fresh(PATIENCE_MS),
      drills?.fresh(PATIENCE_MS),
    ])
    const parts = new Map(fragments(context, seen()).map(({ id, inside }) => [id, inside]))
    return c.html(
      page(context, c.get('visitor'), {
        title: 'Overview',
        current: 'overview',
        live: 'overview',
        main: body(context, parts),
      }).markup,
    )
  })
  return routes
}

function fragments(context: DashboardContext, parts: OverviewParts): readonly Fragment[] {
  return [
    { id: 'who-serves', inside: brokersHeading(context) },
    { id: 'concerns', inside: concernsList(concernsOf(context, parts), parts.queues.value !== undefined) },
    { id: 'links', inside: linksTable(context) },
    { id: 'figures', inside: overviewFigures(context, parts) },
    { id: 'failovers', inside: failoversList(context) },
    { id: 'queues', inside: overviewQueues(context, parts) },
    { id: 'failures', inside: overviewFailures(context, parts) },
    { id: 'drills', inside: overviewDrills(context, parts) },
  ]
}

function body(context: DashboardContext, parts: ReadonlyMap<string, Html>): Html {
  const part = (id: string): Html => html`<div id="${id}">${parts.get(id)}</div>`
  const section = (id: string, title: string, path?: string, more?: string): Html =>
    html`<section aria-labelledby="${id}-title"><div class="heading"><h2 id="${id}-title">${title}</h2>${
      path === undefined ? '' : html`<a href="${href(context, path)}">${more}</a>`
    }</div>${part(id)}</section>`
  return html`<h1 id="who-serves">${parts.get('who-serves')}</h1>
${part('concerns')}
${part('figures')}
${section('links', 'Brokers')}
${section('failovers', 'Failovers', '/timeline', 'Timeline')}
${section('queues', 'Queues', '/queues', 'All queues')}
${section('failures', 'Failures by cause', '/failures', 'All failures')}
${section('drills', 'Latest drills', '/drills', 'All drills')}`
}
