import { hostname } from 'node:os'
import type { Context, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { isLoopbackAddress, isLoopbackHost } from '../../loopback.ts'
import type { DashboardEnv } from '../env.ts'
import type { Access } from './access.ts'
import { Attempts } from './attempts.ts'
import { CurrentTokens } from './current-tokens.ts'
import { isForeignPart, isNamed, siteOf } from './origin.ts'
import { Sessions } from './sessions.ts'
import type { Bearer } from './tokens.ts'
import { isVisitor, mayDo, type Visitor } from './visitor.ts'

const SESSION_MS = 12 * 3_600_000
// An application's own sessions end without a word to the dashboard: its browsers come again after so long.
const IDENTIFIED_MS = 15 * 60_000
// Whoever tells of another hop is no browser on this machine.
const HOP = /^(?:forwarded|via|x-forwarded.*|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip)$/

/** Why somebody is not let in. */
export type Refusal =
  /** No token, or one that nobody has. */
  | { readonly kind: 'unknown'; readonly tried: boolean }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'forbidden'; readonly reason: string }

type Asked = Context<DashboardEnv>

/** Who may come in, and whether what they ask comes from a page of ours. */
export class Gate {
  readonly #access: Access
  readonly #basePath: string
  readonly #tokens: CurrentTokens
  readonly #sessions: Sessions
  readonly #attempts: Attempts
  readonly #clock: Clock
  readonly #logger: Logger
  /** Neither tokens nor a way of the application's own: then this machine alone is let in. */
  readonly isOpen: boolean

  constructor(access: Access, basePath: string, clock: Clock, logger: Logger) {
    this.#access = access
    this.#clock = clock
    this.#logger = logger
    this.#basePath = basePath
    this.#sessions = new Sessions(clock, access.sessionMs ?? SESSION_MS)
    this.#tokens = new CurrentTokens({
      access,
      logger,
      onChange: (tokens) => {
        const ended = this.#sessions.keepOnly((key) => tokens.has(key))
        logger.info({ ended }, 'the dashboard has other tokens; whose token is gone was logged out')
      },
    })
    this.#attempts = new Attempts(clock)
    this.isOpen = access.tokens === undefined && access.identify === undefined
  }

  get hasTokens(): boolean {
    return this.#access.tokens !== undefined
  }

  /**
   * Before everything: whether the server is called by a name of its own, a write comes from its own page, and no page of
   * another site has something of it within itself.
   */
  readonly guard: MiddlewareHandler<DashboardEnv> = createMiddleware<DashboardEnv>(async (c, next) => {
    const host = hostOf(c)
    const { hosts } = this.#access
    const isMeant = hosts === undefined ? !this.isOpen || isLoopbackHost(host) : isNamed(host, hosts)
    if (!isMeant) return c.text('This dashboard is not called by that name.\n', 403)
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (isRead && isForeignPart(c.req.raw.headers)) return c.text('Pages of other sites may only lead here.\n', 403)
    if (!isRead) {
      if (c.req.method !== 'POST')
        return c.text('Only GET and POST are known here.\n', 405, { Allow: 'GET, HEAD, POST' })
      const site = siteOf(c.req.raw.headers, host, hosts ?? [])
      // A program shows its token in a header that no page of another site can set.
      const isProgram = site === 'untold' && this.#bearerOf(c) !== undefined
      if (site !== 'same' && !isProgram) return c.text('That did not come from a page of this dashboard.\n', 403)
    }
    return await next()
  })

  /** Who asks, or why they are not let in. */
  async admit(c: Asked): Promise<Visitor | Refusal> {
    if (this.isOpen) return this.#admitLoopback(c)
    const identified = await this.#access.identify?.(c.req.raw)
    if (identified && !isVisitor(identified))
      throw new TypeError('identify must return a name and a role (viewer, operator or admin), or undefined')
    if (identified) return { name: identified.name, role: identified.role }
    const shown = this.hasTokens ? this.#bearerOf(c) : undefined
    if (shown !== undefined) {
      const bearer = this.#try(c, shown)
      if ('kind' in bearer) return bearer
      c.set('isStillIn', () => this.#tokens.now.has(bearer.key))
      return bearer.visitor
    }
    const id = getCookie(c, cookieName(c))
    const isIn = (): Visitor | undefined => {
      // Whose token is gone has no session either.
      void this.#tokens.now
      return id === undefined ? undefined : this.#sessions.visitorOf(id)
    }
    const visitor = isIn()
    if (!visitor) return { kind: 'unknown', tried: false }
    c.set('isStillIn', () => isIn() !== undefined)
    return visitor
  }

  /** Lets somebody in with a token, from now on by a cookie. */
  logIn(c: Asked, token: string): Visitor | Refusal {
    const bearer = this.#try(c, token)
    if ('kind' in bearer) return bearer
    setCookie(c, cookieName(c), this.#sessions.begin(bearer.visitor, bearer.key), {
      httpOnly: true,
      sameSite: 'Strict',
      path: this.#basePath || '/',
      secure: this.#access.https === true,
    })
    return bearer.visitor
  }

  logOut(c: Asked): void {
    const id = getCookie(c, cookieName(c))
    if (id !== undefined) this.#sessions.end(id)
    deleteCookie(c, cookieName(c), { path: this.#basePath || '/', secure: this.#access.https === true })
  }

  /** Whether who was let in is still: a stream outlives the request that opened it. */
  stillIn(c: Asked): () => boolean {
    const isStillIn = c.get('isStillIn')
    if (isStillIn !== undefined) return isStillIn
    if (this.#access.identify === undefined) return () => true
    const until = this.#clock.now() + IDENTIFIED_MS
    return () => this.#clock.now() < until
  }

  #admitLoopback(c: Asked): Visitor | Refusal {
    const incoming = c.env?.incoming
    // Browsers have left HTTP/1.0 long ago, and some proxies that tell of no hop speak it unless told otherwise.
    const isDirect = incoming?.httpVersion !== '1.0' && !Object.keys(c.req.header()).some((name) => HOP.test(name))
    const isHere = isDirect && isLoopbackAddress(incoming?.socket.remoteAddress)
    if (isHere) return { name: `dashboard@${hostname()}`, role: 'admin' }
    return {
      kind: 'forbidden',
      reason:
        'Without tokens this dashboard is for the machine that it runs on. Start it with tokens to let others in.',
    }
  }

  #try(c: Asked, token: string): Bearer | Refusal {
    const address = c.env?.incoming?.socket.remoteAddress ?? 'unknown'
    const waitMs = this.#attempts.waitOf(address)
    if (waitMs > 0) return { kind: 'wait', waitMs }
    const bearer = this.#tokens.now.bearerOf(token)
    if (bearer) return bearer
    this.#attempts.wrong(address)
    this.#logger.warn({ address }, 'somebody showed the dashboard a token that nobody has')
    return { kind: 'unknown', tried: true }
  }

  #bearerOf(c: Asked): string | undefined {
    return /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  }
}

/** For a route that takes more than to look: everybody else gets a 403. */
export function needs(role: 'operator' | 'admin'): MiddlewareHandler<DashboardEnv> {
  return createMiddleware<DashboardEnv>(async (c, next) => {
    if (mayDo(c.get('visitor'), role)) return await next()
    return c.text(`That takes the role ${role}, and you are ${c.get('visitor').role}.\n`, 403)
  })
}

/** Cookies are shared by all ports of a host: two dashboards on one must not log each other out. */
function cookieName(c: Asked): string {
  return `understudy-${/:(\d+)$/.exec(hostOf(c))?.[1] ?? 'session'}`
}

function hostOf(c: Asked): string {
  return c.req.header('host') ?? new URL(c.req.url).host
}
