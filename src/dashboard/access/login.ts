import { type Context, Hono } from 'hono'
import { html, type Html } from '../../page/html.ts'
import { type DashboardContext, href } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { bareDocument } from '../layout.ts'
import { notice } from '../parts/notice.ts'
import { readForm } from '../read-form.ts'
import type { Gate, Refusal } from './gate.ts'

/** Anybody may send one: a token, and where to go afterwards. */
const MOST_LOGIN_BYTES = 16_384

/** The way in with a token, and out again. */
export function loginRoutes(context: DashboardContext, gate: Gate): Hono<DashboardEnv> {
  const routes = new Hono<DashboardEnv>()
  routes.get('/login', (c) =>
    context.hasLogin ? c.html(loginPage(context, c.req.query('to')).markup) : c.redirect(href(context, '/'), 303),
  )
  routes.post('/login', async (c) => {
    const form = await readForm(c.req.raw, MOST_LOGIN_BYTES)
    const to = form.get('to') ?? undefined
    const token = (form.get('token') ?? '').trim()
    const visitor = gate.logIn(c, token)
    if ('kind' in visitor) return refuse(c, context, visitor, to)
    context.logger.info({ visitor: visitor.name, role: visitor.role }, 'logged in to the dashboard')
    return c.redirect(href(context, safeTarget(to)), 303)
  })
  routes.post('/logout', (c) => {
    gate.logOut(c)
    return c.redirect(href(context, gate.hasTokens ? '/login' : '/'), 303)
  })
  return routes
}

/** What somebody gets who is not let in. */
export function refuse(c: Context<DashboardEnv>, context: DashboardContext, refusal: Refusal, to?: string): Response {
  switch (refusal.kind) {
    case 'forbidden':
      return c.text(`${refusal.reason}\n`, 403)
    case 'wait': {
      const seconds = Math.ceil(refusal.waitMs / 1000)
      c.header('Retry-After', String(seconds))
      return c.html(loginPage(context, to, `There were too many wrong tokens. Try again in ${seconds} s.`).markup, 429)
    }
    case 'unknown':
      if (!context.hasLogin) return c.text('The application does not know who asks: log in there first.\n', 401)
      return c.html(loginPage(context, to, refusal.tried ? 'Nobody has this token.' : undefined).markup, 401)
  }
}

function loginPage(context: DashboardContext, to: string | undefined, wrong?: string): Html {
  return bareDocument(
    context,
    'Log in',
    html`<main id="content" class="login"><h1>${context.title}</h1>${wrong === undefined ? '' : notice('bad', wrong)}
<form method="post" action="${href(context, '/login')}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
${to === undefined ? '' : html`<input type="hidden" name="to" value="${safeTarget(to)}">`}
<button class="strong">Log in</button>
</form>
<p class="quiet">Whoever started this dashboard has the tokens.</p></main>`,
  )
}

/** Where to go afterwards: a path of this dashboard, and never another site. */
function safeTarget(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])[^\\\u0000-\u001f]*$/.test(to) && to.length < 2000 ? to : '/'
}
