import type { Context } from 'hono'
import { messageOf, UnderstudyError } from '../errors.ts'
import { html } from '../page/html.ts'
import { type DashboardContext, href } from './context.ts'
import type { DashboardEnv } from './env.ts'
import { bareDocument } from './layout.ts'

/** What went wrong, in one line. What is not ours is told in the log alone: nobody knows what stands in it. */
export function problemPage(
  c: Context<DashboardEnv>,
  context: DashboardContext,
  status: 404 | 500,
  what: string,
  error?: unknown,
): Response {
  const why = error instanceof UnderstudyError ? messageOf(error) : error === undefined ? '' : 'The log says why.'
  const body = html`<main id="content" class="problem"><h1>${what}</h1>${why === '' ? '' : html`<p>${why}</p>`}
<p><a href="${href(context, '/')}">To the overview</a></p></main>`
  return c.html(
    bareDocument(context, what, body).markup,
    error instanceof UnderstudyError && error.code === 'invalid-option' ? 400 : status,
  )
}
