import { Hono } from 'hono'
import { html } from '../../page/html.ts'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'

export function overviewRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const routes = new Hono<DashboardEnv>()
  context.live.register('overview', () => [])
  routes.get('/', (c) =>
    c.html(
      page(context, c.get('visitor'), {
        title: 'Overview',
        current: 'overview',
        live: 'overview',
        main: html`<h1>Overview</h1>`,
      }).markup,
    ),
  )
  return routes
}
