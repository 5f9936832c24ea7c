import { plural } from '../../drill/report/durations.ts'
import type { Clock } from '../../clock.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { empty } from '../parts/empty.ts'
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
  readonly first: string | undefined
  readonly next: string | undefined
}

export function listView(view: ListView): Html {
  return html`<h1>Drills</h1>
<p class="lead">What was rehearsed in <code>${printableLine(view.folder, 200)}</code>, the newest first. <a href="${view.basePath}/timeline">The timeline</a> shows them beside failovers and failures.</p>
${view.all === 0 ? nothingYet() : html`${filters(view)}${view.found === 0 ? noneFound(view) : listed(view)}`}
${view.leftOut > 0 && html`<p class="quiet">${plural(view.leftOut, 'folder')} more, those whose names come first, ${view.leftOut === 1 ? 'is' : 'are'} not looked at.</p>`}`
}

function nothingYet(): Html {
  return empty('No drill has been run into this folder yet.', html`<code>understudy drill</code> runs the first one.`)
}

function noneFound({ basePath }: ListView): Html {
  return empty('No drill is like that.', html`<a href="${basePath}/drills">Show all of them</a>`)
}

function filters({ basePath, labs, lab, state }: ListView): Html {
  return html`<form class="filters" method="get" action="${basePath}/drills">
<label>Lab <select name="lab">${option('', 'any', lab === undefined)}${labs.map((name) => option(name, printableLine(name, 60), name === lab))}</select></label>
<label>Verdict <select name="verdict">${option('', 'any', state === undefined)}${ENTRY_STATES.map((name) => option(name, STATE_WORDS[name], name === state))}</select></label>
<button>Show</button></form>`
}

function option(value: string, text: string, isChosen: boolean): Html {
  return html`<option value="${value}"${isChosen && html` selected`}>${text}</option>`
}

function listed(view: ListView): Html {
  const { basePath, entries, found, from, first, next } = view
  const said = found === entries.length ? plural(found, 'drill') : `${from + 1}–${from + entries.length} of ${found}`
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
    { title: 'Report' },
    { title: 'Compare' },
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
<div class="beside">${pager({ said, first, next })}${entries.filter(isComparable).length > 1 && html`<button class="quiet">Compare the two checked</button>`}</div>
</form>`
}
