import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { memoryFailures } from '../../adapters/memory/failures.ts'
import { connect } from '../../src/connect.ts'
import type { Connection } from '../../src/connection.ts'
import { createDashboard, type Dashboard, type DashboardOptions } from '../../src/dashboard/dashboard.ts'
import { type App, createApp } from '../../src/jobs/app.ts'
import type { FailureStore } from '../../src/jobs/failures/store.ts'
import { silentLogger, type Logger } from '../../src/logger.ts'
import { sqliteFailures } from '../../src/stores.ts'
import { type MemoryBrokerControl, memoryBroker } from '../../src/testing/memory-broker.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

export const BROKER_SECRET = 'broker-secret-4711'

export const TOKENS = {
  vera: { name: 'vera', role: 'viewer', token: 'token-of-vera-0123456789' },
  otto: { name: 'otto', role: 'operator', token: 'token-of-otto-0123456789' },
  olga: { name: 'olga', role: 'operator', token: 'token-of-olga-0123456789' },
  ada: { name: 'ada', role: 'admin', token: 'token-of-ada-00123456789' },
} as const

export type Who = keyof typeof TOKENS

export type StoreKind = 'memory' | 'sqlite'

export const STORE_KINDS: readonly StoreKind[] = ['memory', 'sqlite']

/** An answer that was read. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly location: string | null
  readonly headers: Headers
}

/** Fields of a form, each once or several times. */
export type Fields = Readonly<Record<string, string | readonly string[]>>

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
  /** A request as somebody, ada unless said otherwise; a write comes from the dashboard's own page. */
  readonly ask: (path: string, who?: Who, init?: RequestInit) => Promise<Response>
  /** A page as otto sees it, or somebody else. */
  readonly get: (path: string, who?: Who) => Promise<Answer>
  /** A form as otto sends it, or somebody else. */
  readonly post: (path: string, fields: Fields, who?: Who) => Promise<Answer>
  /** The same, and then the page that it leads to. */
  readonly posted: (path: string, fields: Fields, who?: Who) => Promise<Answer>
}

export interface StageOptions extends Partial<DashboardOptions> {
  readonly hasTokens?: boolean
  /** Which store keeps its failures. Defaults to memory. */
  readonly kind?: StoreKind
  /** One of the test's own. */
  readonly store?: FailureStore
  /** Another broker than one in memory. */
  readonly uri?: string
}

let stages = 0

/** A dashboard on a port of its own over a broker in memory, with credentials that nobody may see, and four visitors. */
export async function stage(
  context: Pick<TestContext, 'after'>,
  { hasTokens = true, kind = 'memory', store: given, uri, ...options }: StageOptions = {},
): Promise<Stage> {
  const name = `dashboard-${++stages}`
  const connection = await connect(uri ?? `memory://ursula:${BROKER_SECRET}@${name}`)
  const store = given ?? newStore(context, kind)
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
  const ask: Stage['ask'] = async (path, who = 'ada', init = {}) => {
    const headers = new Headers(init.headers)
    if (hasTokens && !headers.has('authorization')) headers.set('authorization', `Bearer ${TOKENS[who].token}`)
    if (init.method === 'POST' && !headers.has('origin')) headers.set('origin', new URL(url).origin)
    return await fetch(new URL(path, url), { redirect: 'manual', ...init, headers })
  }
  const get: Stage['get'] = async (path, who = 'otto') => await read(await ask(path, who))
  const post: Stage['post'] = async (path, fields, who = 'otto') => await read(await ask(path, who, form(fields)))
  const posted: Stage['posted'] = async (path, fields, who = 'otto') => {
    const answer = await post(path, fields, who)
    return answer.location === null ? answer : await get(answer.location, who)
  }
  return { broker: memoryBroker(name), connection, app, store, dashboard, url, log, ask, get, post, posted }
}

/** A form as a browser sends it. */
export function form(fields: Fields): RequestInit {
  const body = new URLSearchParams()
  for (const [field, value] of Object.entries(fields))
    for (const one of typeof value === 'string' ? [value] : value) body.append(field, one)
  return { method: 'POST', body }
}

function newStore(context: Pick<TestContext, 'after'>, kind: StoreKind): FailureStore {
  return kind === 'memory' ? memoryFailures() : sqliteFailures(join(temporaryFolder('dashboard', context), 'f.db'))
}

async function read(response: Response): Promise<Answer> {
  const { status, headers } = response
  return { status, headers, location: headers.get('location'), text: await response.text() }
}

function noting(log: string[]): Logger {
  const say =
    (level: string) =>
    (fields: object, message: string): void =>
      void log.push(`${level} ${message} ${JSON.stringify(fields)}`)
  return { ...silentLogger, debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
