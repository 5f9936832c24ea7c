import type { HttpBindings } from '@hono/node-server'
import type { Visitor } from './access/visitor.ts'

/** What every route knows of a request: who asks, and over which socket where there is one. */
export interface DashboardEnv {
  Variables: {
    /** Who asks; checked before any page. */
    visitor: Visitor
    /** What the visitor's session is called here; undefined without one. */
    session: string | undefined
  }
  Bindings: Partial<HttpBindings>
}
