import { Hono } from 'hono'
import type * as Watched from '../telemetry/prometheus-watched.ts'
import type { DashboardContext } from './context.ts'
import type { DashboardEnv } from './env.ts'

/** What `/metrics` shows: prom-client's `Registry` is one. */
export interface MetricsRegister {
  readonly contentType: string
  /** All of it as text, in the format that `contentType` names. */
  metrics(): Promise<string>
}

/** `/metrics`: the register that was given, or gauges of the dashboard's own where prom-client is installed. */
export function metricsRoutes(context: DashboardContext, given: MetricsRegister | undefined): Hono<DashboardEnv> {
  const routes = new Hono<DashboardEnv>()
  let own: Promise<MetricsRegister | undefined> | undefined
  routes.get('/metrics', async (c) => {
    const register = given ?? (await (own ??= ownRegister(context)))
    if (register === undefined)
      return c.text(
        'For metrics of its own the dashboard takes the package prom-client: npm install prom-client\n',
        501,
      )
    return c.body(await register.metrics(), 200, { 'Content-Type': register.contentType })
  })
  return routes
}

async function ownRegister(context: DashboardContext): Promise<MetricsRegister | undefined> {
  const { brokers, clock, connection, failures, queues, workers } = context
  let module: typeof Watched
  try {
    module = await import('../telemetry/prometheus-watched.ts')
  } catch {
    // An optional package that is not there.
    return undefined
  }
  const text = module.watchedMetrics(
    {
      links: () => brokers.links,
      connection,
      queues: () => queues.names(),
      workers,
      ...(failures === undefined ? {} : { failures }),
    },
    clock,
  )
  return { contentType: (await text()).contentType, metrics: async () => (await text()).body }
}
