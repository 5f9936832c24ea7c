import { Hono } from 'hono'
import { messageOf } from '../../errors.ts'
import type { AuditEntry } from '../../jobs/failures/store.ts'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { type Asked, noDesk } from '../failures/desk-room.ts'
import { tellTrouble } from '../failures/trouble.ts'
import { page } from '../layout.ts'
import { auditView } from './audit-view.ts'

/** How far back is looked. */
const MOST_ENTRIES = 5_000
const PAGE = 50
const MOST_KNOWN = 200

/** The audit: who did what, when, and to how many. */
export function auditRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const routes = new Hono<DashboardEnv>()
  routes.onError((error, asked) => {
    const { status, title, main } = tellTrouble(error, `${context.basePath}/audit`)
    if (status === 500) context.logger.error({ error: messageOf(error) }, 'the page of the audit broke')
    return asked.html(page(context, asked.get('visitor'), { title, current: 'audit', main }).markup, status)
  })
  routes.get('/audit', async (asked) => await auditPage(asked, context))
  return routes
}

async function auditPage(asked: Asked, context: DashboardContext): Promise<Response> {
  const desk = context.failures ?? noDesk()
  const all = await desk.audits({ limit: MOST_ENTRIES })
  const filters = { actor: asked.req.query('actor') ?? '', action: asked.req.query('action') ?? '' }
  const matching = all.filter(
    ({ actor, action }) =>
      (filters.actor === '' || actor === filters.actor) && (filters.action === '' || action === filters.action),
  )
  const pages = Math.max(1, Math.ceil(matching.length / PAGE))
  const number = pageNumber(asked.req.query('page'))
  const main = auditView({
    basePath: context.basePath,
    clock: context.clock,
    entries: matching.slice((number - 1) * PAGE, number * PAGE),
    matching: matching.length,
    looked: { count: all.length, isAll: all.length < MOST_ENTRIES },
    page: number,
    pages,
    filters,
    known: { actors: namesOf(all, 'actor'), actions: namesOf(all, 'action') },
  })
  return asked.html(page(context, asked.get('visitor'), { title: 'Audit', current: 'audit', main }).markup)
}

function namesOf(entries: readonly AuditEntry[], of: 'actor' | 'action'): readonly string[] {
  return [...new Set(entries.map((entry) => entry[of]))].toSorted().slice(0, MOST_KNOWN)
}

function pageNumber(text: string | undefined): number {
  return /^[1-9]\d{0,3}$/.test(text ?? '') ? Number(text) : 1
}
