import { Hono } from 'hono'
import type { Gate } from '../access/gate.ts'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { html } from '../../page/html.ts'
import { brokerLine, brokersTold } from '../overview/broker-line.ts'

/** What a page is about is an id or a search; more than this is neither. */
const LONGEST_OF = 2_000

const HEADERS = {
  'Content-Type': 'text/event-stream',
  // A proxy that gathers answers would keep the events to itself.
  'X-Accel-Buffering': 'no',
}

/** What changes on the pages, as server-sent events named `fragment`. */
export function eventRoutes(context: DashboardContext, gate: Gate): Hono<DashboardEnv> {
  const routes = new Hono<DashboardEnv>()
  context.live.register('none', () => [])
  context.live.registerCommon(() => [
    { id: 'broker-line', inside: brokerLine(context) },
    { id: 'broker-told', inside: html`${brokersTold(context)}` },
  ])
  routes.get('/events', (c) => {
    // A stream whose body nobody reads would be counted among those that are open.
    if (c.req.method === 'HEAD') return c.body(null, 200, HEADERS)
    const { outgoing } = c.env ?? {}
    const of = (c.req.query('of') ?? '').slice(0, LONGEST_OF)
    const stream = context.live.open(
      c.req.query('page') ?? 'none',
      c.get('visitor').role,
      gate.stillIn(c),
      of,
      outgoing && (() => void outgoing.destroy()),
    )
    if (stream === undefined)
      return c.text('There is no such page, or too many look at once.\n', 503, { 'Retry-After': '10' })
    return c.body(stream, 200, HEADERS)
  })
  return routes
}
