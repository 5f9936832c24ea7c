import { Hono } from 'hono'
import type { DashboardContext } from '../context.ts'
import type { ShelfEntry } from '../drills/entry.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import { ROLE_NAMES } from '../overview/role-names.ts'
import { STORE_TROUBLE } from '../tellable.ts'
import { FailureRate } from './failure-rate.ts'
import { storyOf } from './outages.ts'
import { type Span, SPANS, spanOf, STEPS, type Window, windowOf } from './span.ts'
import { StatusRing } from './status-ring.ts'
import { type TimelineView, timelineParts, timelineView } from './timeline-view.ts'

/** `/timeline`: failovers beside failures and drills. */
export function timelineRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { brokers, connection, clock, failures, live } = context
  // It hears what the watch hears, until the dashboard closes.
  const ring = new StatusRing({ links: connection.links, observe: (observer) => brokers.observe(observer) }, clock)
  const rate = failures && new FailureRate(failures, clock)
  for (const span of SPANS) {
    const render = async (): Promise<
      readonly [{ readonly id: string; readonly inside: ReturnType<typeof timelineParts> }]
    > => [{ id: 'timeline', inside: timelineParts(await look(context, ring, rate, span)) }]
    live.register(liveName(span), render)
  }
  const routes = new Hono<DashboardEnv>()
  routes.get('/timeline', async (c) => {
    const span = spanOf(c.req.query('span'))
    const main = timelineView(await look(context, ring, rate, span))
    return c.html(
      page(context, c.get('visitor'), { title: 'Timeline', current: 'timeline', main, live: liveName(span) }).markup,
    )
  })
  return routes
}

function liveName({ name }: Span): string {
  return `timeline-${name}`
}

async function look(
  context: DashboardContext,
  ring: StatusRing,
  rate: FailureRate | undefined,
  span: Span,
): Promise<TimelineView> {
  const { basePath, clock, drills: shelf, tell } = context
  const now = clock.wallTime()
  const window = windowOf(span, now)
  const lanes = (['producer', 'listener'] as const).map((role) => ({
    role,
    name: ROLE_NAMES[role],
    story: storyOf(ring.events, role),
  }))
  const [failures, drills] = await Promise.all([
    rate?.counts(STEPS, span.stepMs).catch((error: unknown) => tell(STORE_TROUBLE, error)),
    shelf?.list().then(
      ({ entries }) =>
        entries.filter((entry) => isRehearsal(entry) && entry.at >= window.from && entry.at < window.until),
      () => [],
    ),
  ])
  const isAway = lanes.some(({ story }) => story.outages.some(({ until }) => until === undefined))
  return {
    basePath,
    clock,
    span,
    window: isAway ? window : still(window, span, ring),
    lanes,
    watchedSince: ring.since,
    failures,
    drills,
  }
}

/** A search is many drills at many times, and what is unreadable has no time. */
function isRehearsal({ kind, state }: ShelfEntry): boolean {
  return kind !== 'threshold' && state !== 'broken'
}

/** Who serves still does: a picture that moves by less than a hair is sent to nobody. */
function still(window: Window, { stepMs }: Span, ring: StatusRing): Window {
  const now = Math.floor(window.now / (stepMs / 6)) * (stepMs / 6)
  return { ...window, now: Math.max(now, ring.events.at(-1)?.at ?? 0) }
}
