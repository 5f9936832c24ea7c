import type { TestContext } from 'node:test'
import { memoryFailures } from '../../adapters/memory/failures.ts'
import type { Clock } from '../../src/clock.ts'
import { connect } from '../../src/connect.ts'
import type { Connection } from '../../src/connection.ts'
import { createDashboard, type Dashboard, type DashboardOptions } from '../../src/dashboard/dashboard.ts'
import { type App, createApp } from '../../src/jobs/app.ts'
import type { FailureStore } from '../../src/jobs/failures/store.ts'
import { silentLogger, type Logger } from '../../src/logger.ts'
import { type MemoryBrokerControl, memoryBroker } from '../../src/testing/memory-broker.ts'

export const BROKER_SECRET = 'broker-secret-4711'

export const TOKENS = {
  viewer: { name: 'vera', role: 'viewer', token: 'token-of-vera-0123456789' },
  operator: { name: 'otto', role: 'operator', token: 'token-of-otto-0123456789' },
  admin: { name: 'ada', role: 'admin', token: 'token-of-ada-00123456789' },
} as const

export type As = keyof typeof TOKENS

export interface Stage {
  readonly broker: MemoryBrokerControl
  readonly connection: Connection
  readonly app: App
  readonly store: FailureStore
  readonly dashboard: Dashboard
  /** Where it listens, with a slash at the end. */
  readonly url: string
  /** All that was logged, as text. */
  readonly log: readonly string[]
  /** A request as somebody with that role; a write comes from the dashboard's own page. */
  readonly ask: (path: string, as?: As, init?: RequestInit) => Promise<Response>
}

export interface StageOptions extends Partial<DashboardOptions> {
  readonly hasTokens?: boolean
  readonly storeClock?: Clock
}

let stages = 0

/** A dashboard on a port of its own over a broker in memory, with credentials that nobody may see. */
export async function stage(
  context: Pick<TestContext, 'after'>,
  { hasTokens = true, ...options }: StageOptions = {},
): Promise<Stage> {
  const name = `dashboard-${++stages}`
  const connection = await connect(`memory://ursula:${BROKER_SECRET}@${name}`)
  const store = memoryFailures()
  const app = createApp({ connection, failures: store })
  const log: string[] = []
  const dashboard = createDashboard({
    connection,
    app,
    logger: noting(log),
    ...(hasTokens ? { access: { tokens: Object.values(TOKENS) } } : {}),
    ...options,
  })
  const { url } = await dashboard.listen({ port: 0 })
  context.after(async () => {
    await dashboard.close()
    await app.close()
    await connection.close()
    memoryBroker(name).reset()
  })
  return {
    broker: memoryBroker(name),
    connection,
    app,
    store,
    dashboard,
    url,
    log,
    ask: async (path, as = 'admin', init = {}) => {
      const headers = new Headers(init.headers)
      if (hasTokens && !headers.has('authorization')) headers.set('authorization', `Bearer ${TOKENS[as].token}`)
      if (init.method === 'POST' && !headers.has('origin')) headers.set('origin', new URL(url).origin)
      return await fetch(new URL(path, url), { redirect: 'manual', ...init, headers })
    },
  }
}

/** A form as a browser sends it. */
export function form(fields: Readonly<Record<string, string>>): RequestInit {
  return { method: 'POST', body: new URLSearchParams(fields) }
}

function noting(log: string[]): Logger {
  const say =
    (level: string) =>
    (fields: object, message: string): void =>
      void log.push(`${level} ${message} ${JSON.stringify(fields)}`)
  return { ...silentLogger, debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
