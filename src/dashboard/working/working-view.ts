import type { SlotDescription } from '../../jobs/worker/description.ts'
import type { HeardWorker } from '../../jobs/worker/heartbeat.ts'
import { html, type Html } from '../../page/html.ts'
import { mayDo, type Role } from '../access/visitor.ts'
import { type DashboardContext, href } from '../context.ts'
import { addressOf } from '../failures/addresses.ts'
import { badge } from '../parts/badge.ts'
import { empty } from '../parts/empty.ts'
import { counted } from '../parts/figures.ts'
import { hiddenField } from '../parts/form.ts'
import { staleNotice } from '../parts/stale.ts'
import { table } from '../parts/table.ts'
import { since } from '../parts/time.ts'

const MOST_SHOWN = 500

interface RunningJob extends SlotDescription {
  readonly worker: HeardWorker
}

/** What runs now, in every slot of every worker, the longest first. */
export function workingTable(context: DashboardContext, role: Role): Html {
  const { clock, workers } = context
  const old = staleNotice(clock, workers.seen)
  if (!workers.canAsk) return empty('A broker of the list has no topics, so workers cannot be asked what they do.')
  const running = workers
    .workers()
    .flatMap((worker) => worker.slots.map((slot): RunningJob => ({ ...slot, worker })))
    .toSorted((a, b) => a.since - b.since)
  if (running.length === 0)
    return html`${old}${empty(
      'No job runs now.',
      workers.seen.error ?? 'Workers answer within a second; what takes less than that is rarely seen here.',
    )}`
  const acts = mayDo({ role }, 'operator')
  return html`${old}${table({
    caption: 'Jobs that run now',
    columns: [
      { title: 'Job' },
      { title: 'For' },
      { title: 'Queue' },
      { title: 'Attempt', kind: 'number' },
      { title: 'Worker' },
      { title: 'Id' },
      ...(acts ? [{ title: 'Actions', kind: 'actions' } as const] : []),
    ],
    rows: running
      .slice(0, MOST_SHOWN)
      .map((job) => [
        job.job,
        since(clock, job.since),
        job.queue,
        job.attempt,
        html`${job.worker.name}${job.worker.isGone ? html` ${badge('fail', 'gone', 'bad')}` : ''}${runsTwice(running, job)}`,
        html`<a class="mono small" href="${addressOf(context.basePath, '/requests', { id: job.jobId })}">${job.jobId}</a>`,
        acts ? abortForm(context, job) : undefined,
      ]),
  })}${running.length > MOST_SHOWN ? html`<p class="quiet">and ${counted(running.length - MOST_SHOWN, 'job')} more</p>` : ''}`
}

/** What was in hand when its broker went is delivered again, while the first one goes on. */
function runsTwice(running: readonly RunningJob[], job: RunningJob): Html | undefined {
  const other = running.find((one) => one !== job && one.jobId === job.jobId)
  return other && html`<div class="small quiet">also runs on ${other.worker.name}: it was delivered again</div>`
}

function abortForm(context: DashboardContext, { job, jobId }: RunningJob): Html {
  return html`<form method="get" action="${href(context, '/working/abort')}" class="action">${hiddenField('job', jobId)}<button aria-label="Abort ${job} ${jobId}…">Abort…</button></form>`
}
