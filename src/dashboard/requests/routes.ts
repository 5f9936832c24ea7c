import { Hono } from 'hono'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import { Lately } from '../live/lately.ts'
import { LONGEST_ID, type LookUp, lookUp } from './look-up.ts'
import { countsView, foundView, requestsView } from './requests-view.ts'

const FRESH_MS = 1000

/** `/requests`: how one job or request went, and what requests of this process have come to. */
export function requestRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { basePath, clock, connection, live } = context
  const lately = new Lately<LookUp>(clock, FRESH_MS, live)
  live.register('requests', async (_role, of) => {
    const counts = { id: 'request-counts', inside: countsView(connection) }
    const id = idOf(of)
    if (id === '') return [counts]
    const found = await lately.ask(id, () => lookUp(context, id))
    return [counts, { id: 'request-found', inside: foundView({ basePath, clock }, found) }]
  })
  const routes = new Hono<DashboardEnv>()
  routes.get('/requests', async (c) => {
    const id = idOf(c.req.query('id'))
    const found = id === '' ? undefined : await lookUp(context, id)
    const keepsResults = context.result !== undefined
    const main = requestsView({ basePath, clock, connection, keepsResults, found })
    return c.html(
      page(context, c.get('visitor'), { title: 'Requests', current: 'requests', main, live: 'requests', of: id })
        .markup,
    )
  })
  return routes
}

function idOf(text: string | undefined): string {
  return (text ?? '').trim().slice(0, LONGEST_ID)
}
