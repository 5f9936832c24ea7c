import type { MiddlewareHandler } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { DashboardEnv } from './env.ts'

/** Nothing but this server's own style and script, no frame around it, no form to elsewhere. */
const POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  // With `no-referrer` browsers would not say where a form comes from, and every write would be refused.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

/** On every answer, except where a route has said something else itself, such as a stricter policy. */
export const safeHeaders: MiddlewareHandler<DashboardEnv> = createMiddleware<DashboardEnv>(async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.header(name, value)
})
