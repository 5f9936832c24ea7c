import type { AuditEntry } from '../../jobs/failures/store.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { addressOf } from '../failures/addresses.ts'
import { literal } from '../failures/literal.ts'
import { moment } from '../failures/moment.ts'
import { countText } from '../failures/status-words.ts'

export interface AuditView {
  readonly basePath: string
  readonly now: number
  /** Those of this page. */
  readonly entries: readonly AuditEntry[]
  /** How many fit the filters, of those that were looked at. */
  readonly matching: number
  /** How many were looked at, and whether there may be elder ones. */
  readonly looked: { readonly count: number; readonly isAll: boolean }
  /** From 1. */
  readonly page: number
  readonly pages: number
  readonly filters: { readonly actor: string; readonly action: string }
  readonly known: { readonly actors: readonly string[]; readonly actions: readonly string[] }
}

/** Who did what, when, to what, and to how many. */
export function auditView(view: AuditView): Html {
  const { basePath, entries, matching, looked, filters, known } = view
  return html`<h1>Audit</h1>
    <p class="lead">Who changed what here, by the dashboard, the command line or the library. The latest first.</p>
    <form class="finder" method="get" action="${basePath}/audit" role="search">
      <div class="quick-filters">
        ${chooser('actor', { label: 'Who', any: 'anybody' }, filters.actor, known.actors)}
        ${chooser('action', { label: 'What', any: 'anything' }, filters.action, known.actions)}
        <div class="fitting"><button type="submit" class="strong">Show</button></div>
      </div>
    </form>
    <div class="tally"><p><strong>${matching === 1 ? '1 entry' : `${countText(matching)} entries`}</strong>${!looked.isAll && ` among the latest ${countText(looked.count)}`}</p></div>
    ${entries.length === 0 ? nothing(view) : table(view)}
    ${pager(view)}`
}

function chooser(
  name: 'actor' | 'action',
  { label, any }: { readonly label: string; readonly any: string },
  value: string,
  known: readonly string[],
): Html {
  const all = value === '' || known.includes(value) ? known : [value, ...known]
  return html`<div><label for="audit-${name}">${label}</label>
    <select id="audit-${name}" name="${name}"><option value="">${any}</option>
      ${all.map((one) => html`<option value="${literal(one)}"${one === value && html` selected`}>${printableLine(one, 80)}</option>`)}
    </select></div>`
}

function nothing({ basePath, filters, page }: AuditView): Html {
  if (page > 1 || filters.actor !== '' || filters.action !== '')
    return html`<p class="empty">Nothing like this was done. <a href="${basePath}/audit">Show all</a></p>`
  return html`<p class="empty">Nothing was done yet. What is sent back, edited, discarded or removed is told here.</p>`
}

function table({ entries, now }: AuditView): Html {
  return html`<table class="rows audit" role="table">
    <caption class="unseen">What was done, the latest first</caption>
    <thead role="rowgroup"><tr role="row">
      ${['When', 'Who', 'Did', 'To what'].map((title) => html`<th role="columnheader" scope="col">${title}</th>`)}
      <th role="columnheader" scope="col" class="number">How many</th>
    </tr></thead>
    <tbody role="rowgroup">${entries.map(
      ({ at, actor, action, target, count }) => html`<tr role="row">
        <td role="cell" class="when" data-title="When">${moment(at, now)}</td>
        <td role="cell" class="who" data-title="Who">${printableLine(actor, 120)}</td>
        <td role="cell" class="did" data-title="Did">${printableLine(action, 40)}</td>
        <td role="cell" class="what" data-title="To what"><code>${printableLine(target, 1_000)}</code></td>
        <td role="cell" class="number" data-title="How many">${countText(count)}</td>
      </tr>`,
    )}</tbody></table>`
}

function pager({ basePath, page, pages, filters }: AuditView): Html {
  if (pages <= 1) return html``
  const to = (number: number): Html =>
    addressOf(basePath, '/audit', {
      actor: filters.actor === '' ? undefined : filters.actor,
      action: filters.action === '' ? undefined : filters.action,
      page: number,
    })
  return html`<nav class="pager" aria-label="Pages">
    <span class="quiet">Page ${page} of ${pages}</span>
    ${page > 1 && html`<a rel="prev" href="${to(page - 1)}">Newer</a>`}
    ${page < pages && html`<a rel="next" href="${to(page + 1)}">Older</a>`}
  </nav>`
}
