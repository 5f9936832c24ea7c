import type { FailureGroup } from '../../jobs/failures/store.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { moment } from './moment.ts'
import { addressOf, queryFor, searchAddress } from './addresses.ts'
import { literal } from './literal.ts'
import { type QueryTrouble, queryTroubleView } from './query-trouble.ts'
import { countText, errorText } from './status-words.ts'

export interface GroupsView {
  readonly basePath: string
  readonly now: number
  readonly query: string
  readonly trouble: QueryTrouble | undefined
  readonly groups: readonly FailureGroup[]
  /** How many groups are shown at most. */
  readonly most: number
  readonly mayAct: boolean
}

/** Failures by their cause. */
export function groupsView({ basePath, now, query, trouble, groups, most, mayAct }: GroupsView): Html {
  return html`<h1>Failures by cause</h1>
    <p class="lead">One cause is one job, one class of error, and its message without numbers, ids and quoted parts.</p>
    <form class="finder" method="get" action="${basePath}/failures/groups" role="search">
      <div class="finder-line">
        <label for="q">Search failures</label>
        <input id="q" name="q" type="search" value="${literal(query)}" autocomplete="off" spellcheck="false" autocapitalize="none" maxlength="4000"
          data-shortcut-search${trouble && html` aria-invalid="true" aria-describedby="q-trouble"`}>
        <button type="submit" class="strong">Search</button>
      </div>
      ${trouble && queryTroubleView('q-trouble', query, trouble)}
    </form>
    ${!trouble && groupTable()}`

  function groupTable(): Html {
    if (groups.length === 0)
      return html`<p class="empty">Nothing matches. <a href="${searchAddress(basePath, '')}">Show all failures</a></p>`
    return html`<table class="rows groups" role="table">
        <caption class="unseen">Causes, the most frequent first</caption>
        <thead role="rowgroup"><tr role="row">
          <th role="columnheader" scope="col" class="number">Failures</th>
          ${['Error', 'Job', 'First', 'Last'].map((title) => html`<th role="columnheader" scope="col">${title}</th>`)}
          <th role="columnheader" scope="col"><span class="unseen">Actions</span></th>
        </tr></thead>
        <tbody role="rowgroup">${groups.map(row)}</tbody>
      </table>
      ${groups.length >= most && html`<p class="quiet">The ${countText(most)} most frequent; narrow the search for others.</p>`}
      <p><a href="${searchAddress(basePath, query)}">One by one</a></p>`
  }

  function row(group: FailureGroup): Html {
    const these = narrowed(query, group.fingerprint)
    const error = printableLine(errorText(group), 180)
    const send = addressOf(basePath, '/failures/confirm', { action: 'requeue', all: '1', q: these })
    return html`<tr role="row" data-row>
      <td role="cell" class="number count" data-title="Failures">${countText(group.count)}</td>
      <td role="cell" class="what">${error}</td>
      <td role="cell" class="job" data-title="Job">${group.job === '' ? html`<span class="quiet">unknown</span>` : printableLine(group.job, 80)}</td>
      <td role="cell" class="when" data-title="First">${moment(group.firstAt, now)}</td>
      <td role="cell" class="when" data-title="Last">${moment(group.lastAt, now)}</td>
      <td role="cell"><div class="row-actions">
        <a href="${searchAddress(basePath, these)}" data-open aria-label="Show these: ${error}">Show these</a>
        ${mayAct && html`<a href="${send}" aria-label="Send these back: ${error}">Send these back…</a>`}
      </div></td>
    </tr>`
  }
}

/** The query, and of what it finds one cause alone. */
function narrowed(query: string, fingerprint: string): string {
  const one = queryFor('fingerprint', fingerprint)
  const text = query.trim()
  return text === '' || text === '*' ? one : `(${text}) ${one}`
}
