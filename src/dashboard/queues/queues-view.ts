import { FAILED_QUEUE } from '../../jobs/job-host.ts'
import { html, type Html } from '../../page/html.ts'
import { mayDo, type Role } from '../access/visitor.ts'
import { type DashboardContext, href } from '../context.ts'
import type { Seen } from '../live/glance.ts'
import { empty } from '../parts/empty.ts'
import { actionButton, hiddenField } from '../parts/form.ts'
import { staleNotice } from '../parts/stale.ts'
import { table } from '../parts/table.ts'
import type { WatchedQueue } from './queue-watch.ts'
import { anchorOf, consumersOf, knownQueues, queueState, readyOf } from './queue-words.ts'

/** All queues, with what the visitor may do to them. */
export function queuesTable(context: DashboardContext, role: Role, seen: Seen<readonly WatchedQueue[]>): Html {
  const { value, error } = seen
  if (value === undefined)
    return empty(error ?? 'The brokers have not answered yet.', 'This page goes on by itself once they do.')
  const isRough = value.some(({ state }) => state?.isExact === false)
  const acts = mayDo({ role }, 'operator')
  return html`${staleNotice(context.clock, seen)}${table({
    caption: 'Queues',
    columns: [
      { title: 'Queue' },
      { title: 'State' },
      { title: 'Waiting', kind: 'number' },
      { title: 'Consumers', kind: 'number' },
      { title: 'Workers', kind: 'number' },
      ...(acts ? [{ title: 'Actions', kind: 'actions' } as const] : []),
    ],
    rows: value.map((queue) => [
      html`<span id="${anchorOf(queue.queue)}">${queue.queue}</span>`,
      queueState(queue),
      readyOf(queue),
      consumersOf(queue),
      workersOf(queue),
      acts ? actions(context, role, queue) : undefined,
    ]),
  })}${isRough ? html`<p class="quiet small">About: counted with what consumers hold, and not past 1,000. The broker tells no more over STOMP.</p>` : ''}${knownQueues()}`
}

function workersOf({ workers: { all, paused } }: WatchedQueue): string {
  return paused > 0 && paused < all ? `${all}, ${paused} paused` : String(all)
}

function actions(context: DashboardContext, role: Role, { queue, isPaused, state }: WatchedQueue): Html {
  const fields = { queue }
  const purge = html`<form method="get" action="${href(context, '/queues/purge')}" class="action">${hiddenField('queue', queue)}<button class="danger" aria-label="Purge ${queue}…">Purge…</button></form>`
  const mayPurge = mayDo({ role }, 'admin') && (state?.ready ?? 0) > 0
  // No worker takes from it: failures wait there to be collected.
  if (queue === FAILED_QUEUE) return html`${mayPurge ? purge : ''}`
  const turn = isPaused
    ? actionButton({ action: href(context, '/queues/resume'), label: 'Resume', title: `Resume ${queue}`, fields })
    : actionButton({ action: href(context, '/queues/pause'), label: 'Pause', title: `Pause ${queue}`, fields })
  // What every row has stands at its end, below each other.
  return html`${mayPurge ? html`${purge} ` : ''}${turn}`
}
