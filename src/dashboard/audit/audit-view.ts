import type { Clock } from '../../clock.ts'
import type { AuditEntry } from '../../jobs/failures/store.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { addressOf } from '../failures/addresses.ts'
import { literal } from '../failures/literal.ts'
import { empty } from '../parts/empty.ts'
import { type Choice, filterForm } from '../parts/filters.ts'
import { counted, formatCount } from '../parts/figures.ts'
import { pager } from '../parts/pager.ts'
import { table } from '../parts/table.ts'
import { ago } from '../parts/time.ts'

export interface AuditView {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  /** Those of this page. */
  readonly entries: readonly AuditEntry[]
  /** How many fit the filters, of those that were looked at. */
  readonly matching: number
  readonly looked: {
    readonly count: number
    /** Whether there are no elder ones. */
    readonly isAll: boolean
    /** How many are looked at, at most, and at first. */
    readonly reach: number
    readonly firstReach: number
    /** How many the next step back looks at; undefined where there is nothing more, or it may not be looked at. */
    readonly further: number | undefined
  }
  /** From 1. */
  readonly page: number
  readonly pages: number
  readonly filters: { readonly actor: string; readonly action: string }
  readonly known: { readonly actors: readonly string[]; readonly actions: readonly string[] }
}

/** Who did what, when, to what, and to how many. */
export function auditView(view: AuditView): Html {
  return html`<h1>Audit</h1>
<p class="lead">Who changed what here, by the dashboard, the command line or the library. The latest first.</p>
${filters(view)}
<div id="audit">${auditParts(view)}</div>`
}

/** What changes while somebody does something. */
export function auditParts(view: AuditView): Html {
  const { entries, matching, looked } = view
  return html`<div class="tally"><p><strong>${counted(matching, 'entry', 'entries')}</strong>${!looked.isAll && ` among the latest ${formatCount(looked.count)}`}</p></div>
${entries.length === 0 ? nothing(view) : entryTable(view)}
${pages(view)}
${furtherBack(view)}`
}

/** Elder entries than those that were looked at. */
function furtherBack(view: AuditView): Html {
  const { page, pages: all, looked } = view
  if (looked.isAll || page < all) return html``
  const { further, count } = looked
  return further === undefined
    ? html`<p class="quiet">Those before the latest ${formatCount(count)} are in the failure store, and not shown here.</p>`
    : html`<p><a href="${addressIn(view, { page, reach: further })}">Look at the ${formatCount(further - count)} before them too</a></p>`
}

function filters({ basePath, filters: { actor, action }, known }: AuditView): Html {
  const options = (value: string, all: readonly string[]): Choice['options'] =>
    (value === '' || all.includes(value) ? all : [value, ...all]).map((one) => ({
      value: literal(one),
      words: printableLine(one, 80),
      isChosen: one === value,
    }))
  return filterForm(`${basePath}/audit`, [
    { name: 'actor', label: 'Who', any: 'anybody', options: options(actor, known.actors) },
    { name: 'action', label: 'What', any: 'anything', options: options(action, known.actions) },
  ])
}

function nothing({ basePath, filters: { actor, action }, page }: AuditView): Html {
  if (page > 1 || actor !== '' || action !== '')
    return empty('Nothing like this was done.', html`<a href="${basePath}/audit">Show all</a>`)
  return empty('Nothing was done yet.', 'What is sent back, edited, discarded, removed, paused or purged is told here.')
}

function entryTable({ entries, clock }: AuditView): Html {
  return table({
    caption: 'What was done, the latest first',
    name: 'audit',
    columns: [
      { title: 'When', name: 'when' },
      { title: 'Who', name: 'who' },
      { title: 'Did' },
      { title: 'To what', name: 'what' },
      { title: 'How many', kind: 'number' },
    ],
    rows: entries.map(({ at, actor, action, target, count }) => [
      ago(clock, at),
      printableLine(actor, 120),
      printableLine(action, 40),
      html`<code>${printableLine(target, 1_000)}</code>`,
      formatCount(count),
    ]),
  })
}

function pages(view: AuditView): Html {
  const { page, pages: all } = view
  if (all <= 1) return html``
  return pager({
    said: `Page ${formatCount(page)} of ${formatCount(all)}`,
    ...(page > 2 ? { newest: addressIn(view, {}) } : {}),
    ...(page > 1 ? { newer: addressIn(view, { page: page - 1 }) } : {}),
    ...(page < all ? { older: addressIn(view, { page: page + 1 }) } : {}),
  })
}

/** Another place in the same list. */
function addressIn(
  { basePath, filters: { actor, action }, looked }: AuditView,
  { page, reach = looked.reach }: { readonly page?: number; readonly reach?: number },
): Html {
  return addressOf(basePath, '/audit', {
    actor: actor === '' ? undefined : actor,
    action: action === '' ? undefined : action,
    page,
    reach: reach === looked.firstReach ? undefined : reach,
  })
}
