import type { Context } from 'hono'
import { messageOf, UnderstudyError } from '../../errors.ts'
import type { FailureDesk } from '../../jobs/failures/desk.ts'
import { type Html, html } from '../../page/html.ts'
import { mayDo, type Role } from '../access/visitor.ts'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { page } from '../layout.ts'
import type { Glance } from '../live/glance.ts'
import type { Waiting } from './live-parts.ts'
import type { RequeueRuns } from './bulk/requeue-runs.ts'
import { tellTrouble } from './trouble.ts'

export type Asked = Context<DashboardEnv>

/** What the pages of failures have in hand. */
export interface DeskRoom {
  readonly context: DashboardContext
  readonly desk: FailureDesk
  readonly runs: RequeueRuns
  readonly waiting: Glance<Waiting>
}

export interface Shown {
  readonly title: string
  readonly main: Html
  /** The name of its live parts. Defaults to none. */
  readonly live?: string
  /** What of it the page is about. Defaults to nothing. */
  readonly of?: string
  readonly status?: 200 | 400 | 403 | 404 | 409 | 500 | 503
}

/** Answers with a page. */
export function show(
  asked: Asked,
  context: DashboardContext,
  { title, main, live, of, status = 200 }: Shown,
): Response {
  const visitor = asked.get('visitor')
  const { markup } = page(context, visitor, {
    title,
    current: 'failures',
    main,
    live,
    of,
  })
  return asked.html(markup, status)
}

/** Answers with one clear line about what was thrown. */
export function showTrouble(asked: Asked, context: DashboardContext, error: unknown): Response {
  const { status, title, main } = tellTrouble(error, `${context.basePath}/failures`)
  if (status === 500)
    context.logger.error({ path: asked.req.path, error: messageOf(error) }, 'a page of failures broke')
  return show(asked, context, { title, main, status })
}

/** Whether the visitor may do what takes this role; a page that says so where not. */
export function refusal(asked: Asked, { context }: Pick<DeskRoom, 'context'>, role: Role): Response | undefined {
  const visitor = asked.get('visitor')
  if (mayDo(visitor, role)) return undefined
  const main = html`<h1>Not allowed</h1>
    <p>This takes ${role === 'admin' ? 'an administrator' : 'an operator'}, and you are ${visitor.role === 'operator' ? 'an operator' : 'a viewer'}. Nothing was changed.</p>
    <div class="choices"><a class="button" href="${context.basePath}/failures">Back to the failures</a></div>`
  return show(asked, context, { title: 'Not allowed', main, status: 403 })
}

export function noDesk(): never {
  throw new UnderstudyError('unsupported', 'this dashboard was given no failure store')
}
