import type { Clock } from '../../clock.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { empty } from '../parts/empty.ts'
import { filterForm } from '../parts/filters.ts'
import { counted as countOf } from '../parts/figures.ts'
import { pager } from '../parts/pager.ts'
import { table } from '../parts/table.ts'
import { ago } from '../parts/time.ts'
import { ENTRY_STATES, type EntryState, type ShelfEntry } from './entry.ts'
import { counted, drillAddress, isComparable, measured, STATE_WORDS, stateBadge, titleOf } from './entry-words.ts'
import { REPORT_FILE } from './read-entry.ts'

/** What one page of the list shows. */
export interface ListView {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  /** As it was given to the dashboard. */
  readonly folder: string
  /** Those of this page. */
  readonly entries: readonly ShelfEntry[]
  readonly lab: string | undefined
  readonly state: EntryState | undefined
  /** Every lab that there is. */
  readonly labs: readonly string[]
  /** How many the filters find, and how many there are without them. */
  readonly found: number
  readonly all: number
  readonly leftOut: number
  /** From 0. */
  readonly from: number
  readonly newest: string | undefined
  readonly older: string | undefined
}

export function listView(view: ListView): Html {
  return html`<h1>Drills</h1>
<p class="lead">What was rehearsed in <code>${printableLine(view.folder, 200)}</code>, the newest first. <a href="${view.basePath}/timeline">The timeline</a> shows them beside failovers and failures.</p>
${view.all > 0 && filters(view)}
<div id="drill-list">${listParts(view)}</div>`
}

/** What changes while drills are run. */
export function listParts(view: ListView): Html {
  return html`${view.all === 0 ? nothingYet() : view.found === 0 ? noneFound(view) : listed(view)}
${view.leftOut > 0 && html`<p class="quiet">${countOf(view.leftOut, 'folder')} more, those whose names come first, ${view.leftOut === 1 ? 'is' : 'are'} not looked at.</p>`}`
}

function nothingYet(): Html {
  return empty('No drill has been run into this folder yet.', html`<code>understudy drill</code> runs the first one.`)
}

function noneFound({ basePath }: ListView): Html {
  return empty('No drill is like that.', html`<a href="${basePath}/drills">Show all of them</a>`)
}

function filters({ basePath, labs, lab, state }: ListView): Html {
  return filterForm(`${basePath}/drills`, [
    {
      name: 'lab',
      label: 'Lab',
      any: 'any',
      options: labs.map((name) => ({ value: name, words: printableLine(name, 60), isChosen: name === lab })),
    },
    {
      name: 'verdict',
      label: 'Verdict',
      any: 'any',
      options: ENTRY_STATES.map((name) => ({ value: name, words: STATE_WORDS[name], isChosen: name === state })),
    },
  ])
}

function listed(view: ListView): Html {
  const { basePath, entries, found, from, newest, older } = view
  const said = found === entries.length ? countOf(found, 'drill') : `${from + 1}–${from + entries.length} of ${found}`
  return html`<form method="get" action="${basePath}/compare" class="listed">
${table({
  caption: 'Drills, the newest first',
  columns: [
    { title: 'Drill' },
    { title: 'Verdict' },
    { title: 'When' },
    { title: 'Outage', kind: 'number' },
    { title: 'Retry threshold', kind: 'number' },
    { title: 'Lost', kind: 'number' },
    { title: 'Duplicated', kind: 'number' },
    { title: 'Report', name: 'report' },
    { title: 'Compare', name: 'compared' },
  ],
  rows: entries.map((entry) => [
    html`<a href="${drillAddress(basePath, entry.name)}">${titleOf(entry)}</a>${entry.lab !== '' && html`<span class="beneath">${printableLine(entry.name, 80)}</span>`}${(entry.state === 'broken' || entry.state === 'unfinished') && html`<span class="beneath">${printableLine(entry.says, 160)}</span>`}`,
    stateBadge(entry.state),
    ago(view.clock, entry.at),
    measured(entry.outageMs),
    measured(entry.retryThresholdMs),
    counted(entry.lost),
    counted(entry.duplicated),
    entry.hasReport &&
      html`<a href="${drillAddress(basePath, entry.name, REPORT_FILE)}" aria-label="Report of ${titleOf(entry)}, ${printableLine(entry.name, 80)}">Report</a>`,
    isComparable(entry) &&
      html`<input type="checkbox" name="with" value="${entry.name}" aria-label="Compare ${titleOf(entry)}, ${printableLine(entry.name, 80)}">`,
  ]),
})}
<div class="beside">${pager({ said, newest, older })}${entries.filter(isComparable).length > 1 && html`<button class="quiet">Compare the two checked</button>`}</div>
</form>`
}
