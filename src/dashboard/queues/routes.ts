import { Hono } from 'hono'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'

export function queuesRoutes(_context: DashboardContext): Hono<DashboardEnv> {
  return new Hono<DashboardEnv>()
}
