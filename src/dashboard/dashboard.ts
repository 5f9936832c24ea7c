import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { type Clock, systemClock } from '../clock.ts'
import type { Connection } from '../connection.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { App } from '../jobs/app.ts'
import { type Logger, patientLogger, silentLogger } from '../logger.ts'
import { isLoopbackHost } from '../loopback.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import { type Access, checkAccess } from './access/access.ts'
import { Gate } from './access/gate.ts'
import { loginRoutes, refuse } from './access/login.ts'
import { assetRoutes } from './assets/routes.ts'
import { auditRoutes } from './audit/routes.ts'
import type { DashboardContext } from './context.ts'
import { drillRoutes } from './drills/routes.ts'
import { DrillShelf } from './drills/shelf.ts'
import type { DashboardEnv } from './env.ts'
import { failureRoutes } from './failures/routes.ts'
import { safeHeaders } from './headers.ts'
import { LiveFeed } from './live/live-feed.ts'
import { eventRoutes } from './live/routes.ts'
import { BrokerWatch } from './overview/broker-watch.ts'
import { overviewRoutes } from './overview/routes.ts'
import { QueueWatch } from './queues/queue-watch.ts'
import { queuesRoutes } from './queues/routes.ts'
import { requestRoutes } from './requests/routes.ts'
import { type MetricsRegister, metricsRoutes } from './metrics.ts'
import { problemPage } from './problem-page.ts'
import { serve } from './server.ts'
import { teller } from './tellable.ts'
import { timelineRoutes } from './timeline/routes.ts'
import { workersRoutes } from './workers/routes.ts'
import { WorkerRoster } from './workers/worker-roster.ts'
import { workingRoutes } from './working/routes.ts'

/** What {@link createDashboard} shows, where, and to whom. */
export interface DashboardOptions {
  /** The brokers that are shown; whoever made it, closes it. */
  readonly connection: Connection
  /** Whose failures and results are shown. Defaults to none. */
  readonly app?: App
  /** Queues to show beside those that workers take from. Defaults to none. */
  readonly queues?: readonly string[]
  /** The folder that drills are stored in. Defaults to none. */
  readonly drills?: string
  /**
   * What `/metrics` shows. Defaults to gauges of what the dashboard sees and a counter of what was sent back here, where
   * prom-client is installed.
   */
  readonly metrics?: MetricsRegister
  /** What stands before every path, such as `/jobs`, where it is mounted in a server of your own. Defaults to none. */
  readonly basePath?: string
  /** Who may come in. Defaults to this machine alone, over its loopback address, as admin. */
  readonly access?: Access
  /** What it calls itself. Defaults to `Understudy`. */
  readonly title?: string
  /** Defaults to the system's. */
  readonly clock?: Clock
  /** A pino-shaped logger. Defaults to one that says nothing. */
  readonly logger?: Logger
}

/** Where a dashboard listens on a server of its own. */
export interface ListenOptions {
  /** Defaults to `127.0.0.1`. Any other address than a loopback one takes `access`. */
  readonly host?: string
  /** Defaults to 8080; 0 takes a free one. */
  readonly port?: number
}

export type { Access, AccessToken } from './access/access.ts'
export type { Role, Visitor } from './access/visitor.ts'
export type { MetricsRegister } from './metrics.ts'

/** A dashboard that listens on a server of its own. */
export interface ListeningDashboard {
  /** Such as `http://127.0.0.1:8080/`. */
  readonly url: string
  /** Ends open streams, finishes what is being answered and frees the port; the dashboard itself stays. Never rejects. */
  close(): Promise<void>
}

/** Pages on brokers, queues, workers, failures and drills: on a server of their own, or mounted in one of yours. */
export interface Dashboard extends AsyncDisposable {
  /** Answers one request. Where no socket is known, nobody is let in without `access`. */
  fetch(request: Request): Promise<Response>
  /** For `node:http`, and for servers with the same handlers. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void
  /**
   * Listens on a server of its own.
   *
   * @throws UnderstudyError `invalid-option` for an address that others can reach without `access`, or one that cannot be
   * had.
   */
  listen(options?: ListenOptions): Promise<ListeningDashboard>
  /** Ends servers and streams, and watches no more. The connection and the application stay. Idempotent. Never rejects. */
  close(): Promise<void>
}

const OPTIONS: NamesOf<DashboardOptions> = {
  connection: true,
  app: true,
  queues: true,
  drills: true,
  metrics: true,
  basePath: true,
  access: true,
  title: true,
  clock: true,
  logger: true,
}

const DEFAULT_PORT = 8080

/**
 * Pages about a connection, its queues and workers, the failures of an application, and drills. Nothing is read from a
 * broker before somebody looks, except the heartbeats of workers.
 *
 * @throws UnderstudyError `invalid-option`.
 */
export function createDashboard(options: DashboardOptions): Dashboard {
  checkNames('createDashboard', options, OPTIONS)
  const { connection, app, access = {}, basePath = '', clock = systemClock } = options
  if (typeof connection?.inspect !== 'function')
    throw new UnderstudyError('invalid-option', 'createDashboard: connection must be one that connect() made')
  if (!/^(?:\/[\w.~-]+)*$/.test(basePath))
    throw new UnderstudyError('invalid-option', `createDashboard: basePath is written like /jobs, not ${basePath}`)
  checkAccess(access)
  const logger = patientLogger(options.logger ?? silentLogger)
  const live = new LiveFeed({ clock, logger })
  const onChange = (): void => live.changed()
  const tell = teller(logger, clock)
  const failures = app?.keepsFailures ? app.failures : undefined
  const workers = new WorkerRoster({ connection, clock, logger, tell, onChange })
  const gate = new Gate(access, basePath, clock, logger)
  const closers: (() => Promise<void>)[] = []
  const context: DashboardContext = {
    basePath,
    title: options.title ?? 'Understudy',
    hasLogin: gate.hasTokens,
    connection,
    failures,
    result: app?.keepsResults ? (jobId) => app.result(jobId) : undefined,
    brokers: new BrokerWatch(connection, clock),
    workers,
    queues: new QueueWatch({ connection, clock, workers, failures, named: options.queues ?? [], tell, onChange }),
    drills: options.drills === undefined ? undefined : new DrillShelf(options.drills),
    live,
    onClose: (action) => void closers.push(action),
    tell,
    clock,
    logger,
  }
  context.brokers.observe(({ type }) => live.changed(type === 'connected' || type === 'resumed'))
  workers.start()
  const routes = routesOf(context, gate, options)
  return new RunningDashboard(context, gate, routes, closers)
}

function routesOf(
  context: DashboardContext,
  gate: Gate,
  { metrics, app }: Pick<DashboardOptions, 'metrics' | 'app'>,
): Hono<DashboardEnv> {
  const root = new Hono<DashboardEnv>({ strict: false })
  const under = context.basePath || '/'
  root.use(safeHeaders)
  root.use(gate.guard)
  root.route(under, assetRoutes())
  root.route(under, loginRoutes(context, gate))
  root.use(async (c, next) => {
    const admitted = await gate.admit(c)
    if ('kind' in admitted) return refuse(c, context, admitted, pathWithin(context, c.req.raw))
    c.set('visitor', admitted)
    await next()
    if (c.req.method === 'POST') context.live.wrote()
    return undefined
  })
  const pages = [
    overviewRoutes,
    queuesRoutes,
    workingRoutes,
    workersRoutes,
    failureRoutes,
    auditRoutes,
    drillRoutes,
    timelineRoutes,
    requestRoutes,
  ]
  for (const each of pages) root.route(under, each(context))
  root.route(under, eventRoutes(context, gate))
  root.route(under, metricsRoutes(context, metrics, app))
  root.notFound((c) => problemPage(c, context, 404, 'There is no such page'))
  root.onError((error, c) => {
    // What a visitor asked for in a wrong way is told to the visitor.
    const level = error instanceof UnderstudyError && error.code === 'invalid-option' ? 'debug' : 'error'
    context.logger[level]({ path: c.req.path, error: messageOf(error) }, 'a page of the dashboard failed')
    return problemPage(c, context, 500, 'This page could not be made', error)
  })
  return root
}

/** Where somebody wanted to go who has to log in first. */
function pathWithin({ basePath }: DashboardContext, { method, url }: Request): string | undefined {
  const { pathname, search } = new URL(url)
  return method === 'GET' ? `${pathname.slice(basePath.length)}${search}` : undefined
}

class RunningDashboard implements Dashboard {
  readonly #context: DashboardContext
  readonly #gate: Gate
  readonly #routes: Hono<DashboardEnv>
  readonly #closers: readonly (() => Promise<void>)[]
  readonly #servers = new Set<ListeningDashboard>()
  #closing: Promise<void> | undefined
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void

  constructor(
    context: DashboardContext,
    gate: Gate,
    routes: Hono<DashboardEnv>,
    closers: readonly (() => Promise<void>)[],
  ) {
    this.#context = context
    this.#closers = closers
    this.#gate = gate
    this.#routes = routes
    const listener = getRequestListener((request, env) => routes.fetch(request, env), { overrideGlobalObjects: false })
    this.listener = (request, response) => void listener(request, response)
  }

  async fetch(request: Request): Promise<Response> {
    return await this.#routes.fetch(request, {})
  }

  async listen({ host = '127.0.0.1', port = DEFAULT_PORT }: ListenOptions = {}): Promise<ListeningDashboard> {
    if (this.#gate.isOpen && !isLoopbackHost(host))
      throw new UnderstudyError(
        'invalid-option',
        `without tokens the dashboard listens on the loopback address alone, not on ${host}: give access with tokens`,
      )
    if (this.#isClosed()) throw closed()
    const { clock, logger, live, basePath } = this.#context
    const server = await serve(this.listener, { host, port, clock, logger, endStreams: () => live.endStreams() })
    const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
    let closing: Promise<void> | undefined
    const close = async (): Promise<void> => {
      await server.close()
      this.#servers.delete(listening)
    }
    const listening: ListeningDashboard = {
      url: `http://${shown}:${server.port}${basePath}/`,
      close: () => (closing ??= close()),
    }
    if (this.#isClosed()) {
      await listening.close()
      throw closed()
    }
    this.#servers.add(listening)
    return listening
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      const { live, brokers, queues, workers } = this.#context
      live.close()
      brokers.close()
      // What runs for visitors is stopped at once, and not after the last of them was answered.
      const others = [queues.close(), workers.close(), ...this.#closers.map((close) => close())]
      await Promise.all([...Array.from(this.#servers, (server) => server.close()), ...others])
    })()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #isClosed(): boolean {
    return this.#closing !== undefined
  }
}

function closed(): UnderstudyError {
  return new UnderstudyError('closed', 'the dashboard was closed')
}
