import { Hono } from 'hono'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import { LONGEST_ID, lookUp } from './look-up.ts'
import { countsView, requestsView } from './requests-view.ts'

/** `/requests`: how one job or request went, and what requests of this process have come to. */
export function requestRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { basePath, clock, connection, live } = context
  live.register('requests', () => [{ id: 'request-counts', inside: countsView(connection) }])
  const routes = new Hono<DashboardEnv>()
  routes.get('/requests', async (c) => {
    const id = (c.req.query('id') ?? '').trim().slice(0, LONGEST_ID)
    const found = id === '' ? undefined : await lookUp(context, id)
    const keepsResults = context.result !== undefined
    const main = requestsView({ basePath, clock, connection, keepsResults, found })
    return c.html(
      page(context, c.get('visitor'), { title: 'Requests', current: 'requests', main, live: 'requests' }).markup,
    )
  })
  return routes
}
