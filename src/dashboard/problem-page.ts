import type { Context } from 'hono'
import { messageOf, UnderstudyError } from '../errors.ts'
import { html } from '../page/html.ts'
import type { Visitor } from './access/visitor.ts'
import { type DashboardContext, href } from './context.ts'
import type { DashboardEnv } from './env.ts'
import { bareDocument, page } from './layout.ts'

/**
 * What went wrong, in one line, with the way to every other page for who was let in. What is not ours is told in the log
 * alone: nobody knows what stands in it.
 */
export function problemPage(
  c: Context<DashboardEnv>,
  context: DashboardContext,
  status: 404 | 500,
  what: string,
  error?: unknown,
): Response {
  const why = error instanceof UnderstudyError ? messageOf(error) : error === undefined ? '' : 'The log says why.'
  const told = html`<h1>${what}</h1>${why === '' ? '' : html`<p class="lead">${why}</p>`}
<div class="choices"><a class="button" href="${href(context, '/')}">To the overview</a></div>`
  // Undefined where it went wrong before anybody was let in.
  const visitor: Visitor | undefined = c.get('visitor')
  const { markup } = visitor
    ? page(context, visitor, { title: what, main: told })
    : bareDocument(context, what, html`<main id="content" class="problem">${told}</main>`)
  return c.html(markup, error instanceof UnderstudyError && error.code === 'invalid-option' ? 400 : status)
}
