import { Hono } from 'hono'
import type { App } from '../jobs/app.ts'
import type * as Watched from '../telemetry/prometheus-watched.ts'
import type { DashboardContext } from './context.ts'
import type { DashboardEnv } from './env.ts'
import { RequeueCounts } from './requeue-counts.ts'

/** What `/metrics` shows: prom-client's `Registry` is one. */
export interface MetricsRegister {
  readonly contentType: string
  /** All of it as text, in the format that `contentType` names. */
  metrics(): Promise<string>
}

/** `/metrics`: the register that was given, or metrics of the dashboard's own where prom-client is installed. */
export function metricsRoutes(
  context: DashboardContext,
  given: MetricsRegister | undefined,
  app: Pick<App, 'observe'> | undefined,
): Hono<DashboardEnv> {
  const requeues = new RequeueCounts()
  // Whoever gives a register counts for themselves.
  const forget = given === undefined ? app?.observe(requeues.observer) : undefined
  context.onClose(async () => forget?.())
  const routes = new Hono<DashboardEnv>()
  let own: Promise<MetricsRegister | undefined> | undefined
  routes.get('/metrics', async (c) => {
    const register = given ?? (await (own ??= ownRegister(context, requeues)))
    if (register === undefined)
      return c.text(
        'For metrics of its own the dashboard takes the package prom-client: npm install prom-client\n',
        501,
      )
    return c.body(await register.metrics(), 200, { 'Content-Type': register.contentType })
  })
  return routes
}

async function ownRegister(context: DashboardContext, requeues: RequeueCounts): Promise<MetricsRegister | undefined> {
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
      requeued: () => requeues.counts,
      connection,
      queues: () => queues.names(),
      workers,
      ...(failures === undefined ? {} : { failures }),
    },
    clock,
  )
  return { contentType: (await text()).contentType, metrics: async () => (await text()).body }
}
