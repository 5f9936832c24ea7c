import { Hono } from 'hono'
import { messageOf } from '../../errors.ts'
import type { FailureDesk } from '../../jobs/failures/desk.ts'
import type { AuditEntry } from '../../jobs/failures/store.ts'
import type { DashboardContext } from '../context.ts'
import type { DashboardEnv } from '../env.ts'
import { noDesk } from '../failures/desk-room.ts'
import { tellTrouble } from '../failures/trouble.ts'
import { page } from '../layout.ts'
import { Lately } from '../live/lately.ts'
import type { Fragment } from '../live/live-feed.ts'
import { auditParts, type AuditView, auditView } from './audit-view.ts'

/** How far back is looked, at first and with each step further, and at most. */
const STEP = 5_000
const MOST_ENTRIES = 100_000
const PAGE = 50
const MOST_KNOWN = 200
const FRESH_MS = 2_000

const LIVE = 'audit'

type Query = Readonly<Record<string, string>>

/** The audit: who did what, when, and to how many. */
export function auditRoutes(context: DashboardContext): Hono<DashboardEnv> {
  const { failures: desk, clock, live } = context
  const routes = new Hono<DashboardEnv>()
  routes.onError((error, asked) => {
    const { status, title, main } = tellTrouble(error, `${context.basePath}/audit`)
    if (status === 500) context.logger.error({ error: messageOf(error) }, 'the page of the audit broke')
    return asked.html(page(context, asked.get('visitor'), { title, current: 'audit', main }).markup, status)
  })
  if (desk) {
    const lately = new Lately<readonly Fragment[]>(clock, FRESH_MS, live)
    live.register(LIVE, (_role, of) =>
      lately.ask(of, async () => {
        const view = await look(context, desk, Object.fromEntries(new URLSearchParams(of)))
        return [{ id: 'audit', inside: auditParts(view) }]
      }),
    )
  }
  routes.get('/audit', async (asked) => {
    const query = asked.req.query()
    const view = await look(context, desk ?? noDesk(), query)
    // Who looks far back looks at what does not change.
    const isLatest = view.looked.reach === STEP
    return asked.html(
      page(context, asked.get('visitor'), {
        title: 'Audit',
        current: 'audit',
        main: auditView(view),
        ...(isLatest ? { live: LIVE, of: liveOf(query) } : {}),
      }).markup,
    )
  })
  return routes
}

async function look({ basePath, clock }: DashboardContext, desk: FailureDesk, query: Query): Promise<AuditView> {
  const reach = reachOf(query['reach'])
  // One more tells whether there are elder ones.
  const found = await desk.audits({ limit: reach + 1 })
  const all = found.slice(0, reach)
  const filters = { actor: query['actor'] ?? '', action: query['action'] ?? '' }
  const matching = all.filter(
    ({ actor, action }) =>
      (filters.actor === '' || actor === filters.actor) && (filters.action === '' || action === filters.action),
  )
  const number = pageNumber(query['page'])
  return {
    basePath,
    clock,
    entries: matching.slice((number - 1) * PAGE, number * PAGE),
    matching: matching.length,
    looked: {
      count: all.length,
      isAll: found.length <= reach,
      reach,
      firstReach: STEP,
      further: found.length > reach && reach < MOST_ENTRIES ? reach + STEP : undefined,
    },
    page: number,
    pages: Math.max(1, Math.ceil(matching.length / PAGE)),
    filters,
    known: { actors: namesOf(all, 'actor'), actions: namesOf(all, 'action') },
  }
}

/** What is filtered and paged has parts of its own: they go by what narrows it. */
function liveOf({ actor = '', action = '', page: number = '' }: Query): string {
  return new URLSearchParams({ actor, action, page: number }).toString()
}

function namesOf(entries: readonly AuditEntry[], of: 'actor' | 'action'): readonly string[] {
  return [...new Set(entries.map((entry) => entry[of]))].toSorted().slice(0, MOST_KNOWN)
}

function pageNumber(text: string | undefined): number {
  return /^[1-9]\d{0,3}$/.test(text ?? '') ? Number(text) : 1
}

/** Steps alone, so that nobody asks for each number once. */
function reachOf(text: string | undefined): number {
  const wanted = /^[1-9]\d{0,5}$/.test(text ?? '') ? Number(text) : STEP
  return Math.min(MOST_ENTRIES, Math.ceil(wanted / STEP) * STEP)
}
