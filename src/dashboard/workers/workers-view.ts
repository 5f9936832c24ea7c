import type { WorkerState } from '../../jobs/worker/description.ts'
import type { HeardWorker } from '../../jobs/worker/heartbeat.ts'
import type { Glyph } from '../../page/glyphs.ts'
import { html, type Html } from '../../page/html.ts'
import { mayDo, type Role } from '../access/visitor.ts'
import { type DashboardContext, href } from '../context.ts'
import { badge, type Tone } from '../parts/badge.ts'
import { empty } from '../parts/empty.ts'
import { actionButton } from '../parts/form.ts'
import { counted, formatCount } from '../parts/figures.ts'
import { staleNotice } from '../parts/stale.ts'
import { table } from '../parts/table.ts'
import { ago, since } from '../parts/time.ts'

const MOST_SHOWN = 500

const STATES: Readonly<Record<WorkerState, readonly [Glyph, string, Tone]>> = {
  idle: ['waiting', 'Not started', 'quiet'],
  running: ['pass', 'Running', 'good'],
  paused: ['paused', 'Paused', 'doubtful'],
  stopping: ['busy', 'Stopping', 'doubtful'],
  stopped: ['note', 'Stopped', 'quiet'],
}

/** Who works, who is gone, and what the visitor may tell them. */
export function workersTable(context: DashboardContext, role: Role): Html {
  const { workers, clock } = context
  if (!workers.canAsk) return empty('A broker of the list has no topics, so workers cannot be heard.')
  const known = workers.workers()
  if (known.length === 0) return empty('No worker is known.', workers.seen.error ?? 'Start one: understudy worker')
  const acts = mayDo({ role }, 'operator')
  return html`${staleNotice(clock, workers.seen)}${table({
    caption: 'Workers',
    columns: [
      { title: 'Worker' },
      { title: 'State' },
      { title: 'Busy', kind: 'number' },
      { title: 'Queues' },
      { title: 'Done', kind: 'number' },
      { title: 'Failed', kind: 'number' },
      { title: 'Up for' },
      { title: 'Heard' },
      ...(acts ? [{ title: 'Actions', kind: 'actions' } as const] : []),
    ],
    rows: known
      .slice(0, MOST_SHOWN)
      .map((worker) => [
        html`${worker.name}${worker.name === worker.id ? '' : html`<div class="small quiet">${worker.id}</div>`}`,
        state(worker),
        `${formatCount(worker.slots.length)} of ${formatCount(worker.concurrency)}`,
        queuesOf(worker),
        formatCount(worker.done.succeeded),
        formatCount(worker.done.failed),
        worker.since > 0 ? since(clock, worker.since) : '',
        ago(clock, worker.at),
        acts ? actions(context, worker) : undefined,
      ]),
  })}${known.length > MOST_SHOWN ? html`<p class="quiet">and ${counted(known.length - MOST_SHOWN, 'worker')} more</p>` : ''}${acts && known.filter(({ isGone }) => !isGone).length > 1 && wholeActions(context)}`
}

function wholeActions(context: DashboardContext): Html {
  return html`<p class="choices"><a class="button" href="${href(context, '/workers/pause')}">Pause all…</a><a class="button" href="${href(context, '/workers/resume')}">Resume all…</a></p>`
}

function state(worker: HeardWorker): Html {
  if (worker.isGone)
    return html`${badge('fail', 'Gone', 'bad')}<div class="small quiet">three heartbeats did not come</div>`
  return badge(...STATES[worker.state])
}

function queuesOf({ queues }: HeardWorker): Html {
  return html`${queues.map(
    ({ queue, paused }, index) =>
      html`${index === 0 ? '' : ', '}${queue}${paused ? html` <span class="quiet">(paused)</span>` : ''}`,
  )}`
}

function actions(context: DashboardContext, { id, name, state, isGone }: HeardWorker): Html {
  if (isGone || (state !== 'running' && state !== 'paused')) return html``
  const command = state === 'paused' ? 'resume' : 'pause'
  const label = state === 'paused' ? 'Resume' : 'Pause'
  return actionButton({
    action: href(context, `/workers/${command}`),
    label,
    title: `${label} ${name}`,
    fields: { worker: id },
  })
}
