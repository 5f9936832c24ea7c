import type { Clock } from '../../../clock.ts'
import type { FailureGroup } from '../../../jobs/failures/store.ts'
import { type Content, type Html, html } from '../../../page/html.ts'
import { printableLine } from '../../../page/printable.ts'
import { empty } from '../../parts/empty.ts'
import { formatCount } from '../../parts/figures.ts'
import { table } from '../../parts/table.ts'
import { ago } from '../../parts/time.ts'
import { addressOf, queryFor, searchAddress } from '../addresses.ts'
import type { QueryTrouble } from './query-trouble.ts'
import { searchLine } from './search-line.ts'
import { errorText } from '../status-words.ts'

export interface GroupsView {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  readonly query: string
  readonly trouble: QueryTrouble | undefined
  readonly groups: readonly FailureGroup[]
  /** How many groups are shown at most. */
  readonly most: number
  readonly mayAct: boolean
}

/** Failures by their cause. */
export function groupsView(view: GroupsView): Html {
  const { basePath, query, trouble } = view
  return html`<h1>Failures by cause</h1>
    <p class="lead">One cause is one job, one class of error, and its message without numbers, ids and quoted parts.</p>
    <form class="finder" method="get" action="${basePath}/failures/groups" role="search">
      ${searchLine(query, trouble)}
    </form>
    ${!trouble && found(view)}`
}

function found(view: GroupsView): Html {
  const { basePath, query, groups, most } = view
  if (groups.length === 0)
    return empty('Nothing matches.', html`<a href="${searchAddress(basePath, '')}">Show all failures</a>`)
  return html`${table({
    caption: 'Causes, the most frequent first',
    name: 'groups',
    columns: [
      { title: 'Failures', kind: 'number', name: 'count' },
      { title: 'Error', kind: 'head' },
      { title: 'Job', name: 'job' },
      { title: 'First', name: 'when' },
      { title: 'Last', name: 'when' },
      { title: 'Actions', kind: 'actions' },
    ],
    rows: groups.map((group) => cells(view, group)),
  })}
    ${groups.length >= most && html`<p class="quiet">The ${formatCount(most)} most frequent; narrow the search for others.</p>`}
    <p><a href="${searchAddress(basePath, query)}">One by one</a></p>`
}

function cells({ basePath, clock, query, mayAct }: GroupsView, group: FailureGroup): readonly Content[] {
  const these = narrowed(query, group.fingerprint)
  const error = printableLine(errorText(group), 180)
  const send = addressOf(basePath, '/failures/confirm', { action: 'requeue', all: '1', q: these })
  return [
    formatCount(group.count),
    html`<a href="${searchAddress(basePath, these)}" data-open>${error}</a>`,
    group.job === '' ? html`<span class="quiet">unknown</span>` : printableLine(group.job, 80),
    ago(clock, group.firstAt),
    ago(clock, group.lastAt),
    mayAct && html`<a class="button" href="${send}" aria-label="Send these back: ${error}">Send these back…</a>`,
  ]
}

/** The query, and of what it finds one cause alone. */
function narrowed(query: string, fingerprint: string): string {
  const one = queryFor('fingerprint', fingerprint)
  const text = query.trim()
  return text === '' || text === '*' ? one : `(${text}) ${one}`
}
