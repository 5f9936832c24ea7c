import { html, type Html } from '../../page/html.ts'
import type { HeardWorker } from '../../jobs/worker/heartbeat.ts'
import { type DashboardContext, href } from '../context.ts'
import type { ShelfEntry } from '../drills/entry.ts'
import { drillAddress, stateBadge, titleOf } from '../drills/entry-words.ts'
import { queryFor, searchAddress } from '../failures/addresses.ts'
import type { Seen } from '../live/glance.ts'
import { badge } from '../parts/badge.ts'
import { empty } from '../parts/empty.ts'
import { counted, figures, formatCount } from '../parts/figures.ts'
import { isStale, staleNotice } from '../parts/stale.ts'
import { table } from '../parts/table.ts'
import { ago } from '../parts/time.ts'
import type { WatchedQueue } from '../queues/queue-watch.ts'
import { anchorOf, consumersOf, knownQueues, queueState, readyOf } from '../queues/queue-words.ts'
import type { FailureSummary } from './failure-glance.ts'

/** What the overview is made of, as it was seen last. */
export interface OverviewParts {
  readonly queues: Seen<readonly WatchedQueue[]>
  readonly workers: readonly HeardWorker[]
  /** When the workers were asked last, and why they could not be since. */
  readonly asked: Pick<Seen<unknown>, 'at' | 'error'>
  /** Undefined where none are kept. */
  readonly failures: Seen<FailureSummary> | undefined
  /** Undefined where there is no folder of drills. */
  readonly drills: Seen<readonly ShelfEntry[]> | undefined
}

const SHOWN_QUEUES = 8

export function overviewFigures(
  { clock }: Pick<DashboardContext, 'clock'>,
  { queues, workers, asked, failures }: OverviewParts,
): Html {
  const states = (queues.value ?? []).flatMap(({ state }) => state ?? [])
  const waiting = states.reduce((sum, { ready }) => sum + ready, 0)
  const isExact = states.every((state) => state.isExact)
  const alive = workers.filter(({ isGone }) => !isGone)
  const gone = workers.length - alive.length
  const slots = alive.reduce((sum, { concurrency }) => sum + concurrency, 0)
  const busy = alive.reduce((sum, worker) => sum + worker.slots.length, 0)
  const paused = (queues.value ?? []).filter(({ isPaused }) => isPaused).length
  const old = (seen: Pick<Seen<unknown>, 'at'> | undefined): Html | undefined =>
    seen?.at !== undefined && isStale(clock, seen) ? html`as it was ${ago(clock, seen.at)}` : undefined
  return figures([
    {
      name: 'Waiting in queues',
      value: queues.value === undefined ? '?' : `${isExact ? '' : 'about '}${formatCount(waiting)}`,
      note: old(queues) ?? queuesNote(queues.value ?? [], paused),
    },
    {
      name: 'Jobs in work',
      value: formatCount(busy),
      note: old(asked) ?? `of ${formatCount(slots)} ${slots === 1 ? 'slot' : 'slots'}`,
    },
    {
      name: 'Workers',
      value: formatCount(alive.length),
      note: gone === 0 ? old(asked) : html`${badge('fail', `${gone} gone`, 'bad')} ${old(asked)}`,
    },
    {
      name: 'Failed jobs',
      value: failures?.value === undefined ? (failures === undefined ? '–' : '?') : formatCount(failures.value.count),
      note: failures === undefined ? 'none are kept here' : (old(failures) ?? failures.error ?? ''),
    },
  ])
}

function queuesNote({ length }: readonly WatchedQueue[], paused: number): string {
  return `in ${counted(length, 'known queue')}${paused > 0 ? `, ${formatCount(paused)} paused` : ''}`
}

export function overviewQueues(context: DashboardContext, { queues }: OverviewParts): Html {
  if (queues.value === undefined) return empty(queues.error ?? 'The brokers have not answered yet.')
  const shown = queues.value.toSorted((a, b) => (b.state?.ready ?? -1) - (a.state?.ready ?? -1)).slice(0, SHOWN_QUEUES)
  return html`${staleNotice(context.clock, queues)}${table({
    caption: 'The fullest queues',
    columns: [
      { title: 'Queue' },
      { title: 'State' },
      { title: 'Waiting', kind: 'number' },
      { title: 'Consumers', kind: 'number' },
    ],
    rows: shown.map((queue) => [
      html`<a href="${href(context, `/queues#${anchorOf(queue.queue)}`)}">${queue.queue}</a>`,
      queueState(queue),
      readyOf(queue),
      consumersOf(queue),
    ]),
  })}${knownQueues()}`
}

export function overviewFailures({ basePath, clock }: DashboardContext, { failures }: OverviewParts): Html {
  if (failures === undefined)
    return empty('No failure store was given.', 'Start the dashboard with --failures to see and send back failed jobs.')
  if (failures.value === undefined) return empty(failures.error ?? 'The failure store has not answered yet.')
  if (failures.value.groups.length === 0) return empty('No failed job waits to be looked at.')
  return html`${staleNotice(clock, failures)}${table({
    caption: 'Failed jobs by their cause',
    columns: [
      { title: 'Cause' },
      { title: 'Job', name: 'job' },
      { title: 'Failed', kind: 'number' },
      { title: 'Last' },
    ],
    rows: failures.value.groups.map(({ fingerprint, job, errorClass, errorMessage, count, lastAt }) => [
      html`<a href="${searchAddress(basePath, `status:failed ${queryFor('fingerprint', fingerprint)}`)}">${errorClass}</a>: <span class="cause">${cut(errorMessage)}</span>`,
      job === '' ? html`<span class="quiet">no name</span>` : job,
      formatCount(count),
      ago(clock, lastAt),
    ]),
  })}`
}

export function overviewDrills({ basePath, clock }: DashboardContext, { drills }: OverviewParts): Html {
  if (drills === undefined)
    return empty('No folder of drills was given.', 'Start the dashboard with --drills to see their reports.')
  if (drills.value === undefined) return empty(drills.error ?? 'The folder has not been read yet.')
  if (drills.value.length === 0) return empty('No drill has been stored yet.', 'Run one: understudy drill')
  return table({
    caption: 'The latest drills',
    columns: [{ title: 'Drill', name: 'drill' }, { title: 'Verdict' }, { title: 'When' }, { title: 'What happened' }],
    rows: drills.value.map((drill) => [
      html`<a href="${drillAddress(basePath, drill.name)}">${titleOf(drill)}</a>`,
      stateBadge(drill.state),
      ago(clock, drill.at),
      drill.says,
    ]),
  })
}

const LONGEST_CAUSE = 160

function cut(text: string): string {
  return text.length > LONGEST_CAUSE ? `${text.slice(0, LONGEST_CAUSE - 1)}…` : text
}
