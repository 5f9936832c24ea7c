import { Hono } from 'hono'
import type { DashboardEnv } from '../env.ts'
import { SCRIPT_PATH, STYLE_PATH } from './assets.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

const FILES = [
  { path: STYLE_PATH, text: STYLE, type: 'text/css; charset=utf-8' },
  { path: SCRIPT_PATH, text: SCRIPT, type: 'text/javascript; charset=utf-8' },
]

/** The one style and the one script. They hold nothing of anybody's, and the login page needs them. */
export function assetRoutes(): Hono<DashboardEnv> {
  const routes = new Hono<DashboardEnv>()
  for (const { path, text, type } of FILES)
    routes.get(path, (c) =>
      c.body(text, 200, { 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' }),
    )
  return routes
}
