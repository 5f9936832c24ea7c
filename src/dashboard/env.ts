import type { HttpBindings } from '@hono/node-server'
import type { Visitor } from './access/visitor.ts'

/** What every route knows of a request: who asks, and over which socket where there is one. */
export interface DashboardEnv {
  Variables: {
    /** Who asks; checked before any page. */
    visitor: Visitor
    /** Whether the session or the token that let the visitor in still does; undefined where neither did. */
    isStillIn: (() => boolean) | undefined
  }
  Bindings: Partial<HttpBindings>
}
