import { html } from '../../../page/html.ts'
import { mayDo } from '../../access/visitor.ts'
import { type Asked, type DeskRoom, refusal, show } from '../desk-room.ts'
import { RUNS_LIVE } from '../live-parts.ts'
import { runView } from './run-view.ts'

/** `GET /failures/runs/:run`: how far a requeue is. */
export function runPage(asked: Asked, { context, runs }: DeskRoom): Response {
  const run = runs.get(asked.req.param('run') ?? '')
  const { basePath, clock } = context
  if (!run) {
    const main = html`<h1>Nothing is known of it</h1>
      <p>This dashboard remembers the last ones that were sent back since it was started. <a href="${basePath}/audit">The audit</a> has them all.</p>
      <div class="choices"><a class="button" href="${basePath}/failures">Back to the failures</a></div>`
    return show(asked, context, { title: 'Sending back', main, status: 404 })
  }
  const main = runView(basePath, run, clock, mayDo(asked.get('visitor'), 'operator'))
  return show(asked, context, { title: 'Sending back', main, live: RUNS_LIVE })
}

/** `POST /failures/runs/:run/cancel`. */
export async function cancelRun(asked: Asked, room: DeskRoom): Promise<Response> {
  const refused = refusal(asked, room, 'operator')
  if (refused) return refused
  const id = asked.req.param('run') ?? ''
  room.runs.cancel(id)
  await room.runs.wait(id, 800)
  return asked.redirect(`${room.context.basePath}/failures/runs/${encodeURIComponent(id)}`, 303)
}
