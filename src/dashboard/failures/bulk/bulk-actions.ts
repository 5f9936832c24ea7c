import { UnderstudyError } from '../../../errors.ts'
import type { FailureQuery } from '../../../jobs/failures/query/query.ts'
import type { RequeueOutcome } from '../../../jobs/failures/requeue/outcome.ts'
import { html } from '../../../page/html.ts'
import { type Asked, type DeskRoom, refusal, show } from '../desk-room.ts'
import { clearView } from './clear-view.ts'
import { type ConfirmedAction, confirmView, whatText } from './confirm-view.ts'
import { exportResponse } from './export.ts'
import { readForm } from '../../read-form.ts'
import { readRequeueForm, type RequeueForm } from './requeue-form.ts'
import {
  BEING_SENT,
  both,
  checkSelection,
  readSelection,
  selectedBy,
  type Selection,
  STILL_FAILED,
} from './selection.ts'
import { failuresText } from '../status-words.ts'

const MOST_CAUSES = 8
/** What is done by then is told at once. */
const LOOK_MS = 800

/** `GET` and `POST /failures/confirm`: what would happen. Nothing is changed. */
export async function confirmPage(asked: Asked, room: DeskRoom): Promise<Response> {
  const refused = refusal(asked, room, 'operator')
  if (refused) return refused
  const form = asked.req.method === 'POST' ? await readForm(asked.req.raw) : new URL(asked.req.url).searchParams
  const selection = readSelection(form, room.context.clock.wallTime())
  const action = form.get('action')
  if (action === 'export') return await exportSelected(asked, room, selection)
  if (action !== 'requeue' && action !== 'discard' && action !== 'remove')
    throw new UnderstudyError('invalid-option', 'what is to be done with them is not known')
  return await askAgain(asked, room, { action, selection, form: readRequeueForm(form) })
}

/** `POST /failures/requeue`: starts it, or only counts. */
export async function requeueSelected(asked: Asked, room: DeskRoom): Promise<Response> {
  const refused = refusal(asked, room, 'operator')
  if (refused) return refused
  const { context, desk, runs } = room
  const sent = await readForm(asked.req.raw)
  const now = context.clock.wallTime()
  const selection = readSelection(sent, now)
  const form = readRequeueForm(sent)
  const asking = { action: 'requeue', selection, form } as const
  if (Object.keys(form.troubles).length > 0) return await askAgain(asked, room, { ...asking, status: 400 })
  await checkSelection(desk, selection)
  const query = selectedBy(selection, now)
  if (sent.get('dry') !== null) {
    const wouldGo = await desk.requeue(query, { ...form.options, dryRun: true })
    return await askAgain(asked, room, { ...asking, wouldGo })
  }
  const expected = expectedOf(sent)
  if ((await desk.count(both(query, STILL_FAILED))) > expected)
    return await askAgain(asked, room, { ...asking, before: expected, status: 409 })
  const actor = asked.get('visitor').name
  const run = runs.start({ query, what: whatText(selection), choice: form.options, actor, expected })
  await runs.wait(run.id, LOOK_MS)
  return asked.redirect(`${context.basePath}/failures/runs/${run.id}`, 303)
}

/** `POST /failures/discard` and `/failures/remove`. */
export async function dropSelected(asked: Asked, room: DeskRoom, action: 'discard' | 'remove'): Promise<Response> {
  const refused = refusal(asked, room, 'operator')
  if (refused) return refused
  const { context, desk } = room
  const sent = await readForm(asked.req.raw)
  const now = context.clock.wallTime()
  const selection = readSelection(sent, now)
  await checkSelection(desk, selection)
  const query = selectedBy(selection, now)
  const expected = expectedOf(sent)
  if ((await desk.count(touchedBy(action, query))) > expected)
    return await askAgain(asked, room, {
      action,
      selection,
      form: readRequeueForm(sent),
      before: expected,
      status: 409,
    })
  const actor = asked.get('visitor').name
  const count = action === 'discard' ? await desk.discard(query, { actor }) : await desk.remove(query, { actor })
  const did = action === 'discard' ? 'discarded' : 'removed'
  return done(asked, room, `${failuresText(count)} ${did}.`, expected - count)
}

/** `GET /failures/clear`: asks for a typed word before everything goes. */
export async function clearPage(asked: Asked, room: DeskRoom): Promise<Response> {
  const refused = refusal(asked, room, 'admin')
  if (refused) return refused
  return await askToClear(asked, room, undefined)
}

/** `POST /failures/clear`. */
export async function clearAll(asked: Asked, room: DeskRoom): Promise<Response> {
  const refused = refusal(asked, room, 'admin')
  if (refused) return refused
  const { desk } = room
  const sent = await readForm(asked.req.raw)
  const typed = (sent.get('typed') ?? '').trim()
  if (typed !== CLEAR_WORD) return await askToClear(asked, room, typed)
  const count = await desk.clear({ confirm: true, actor: asked.get('visitor').name })
  return done(asked, room, `${failuresText(count)} removed: all that were kept.`, 0)
}

/** What has to be typed before everything is removed. */
const CLEAR_WORD = 'clear all'

async function askToClear(asked: Asked, { context, desk }: DeskRoom, typed: string | undefined): Promise<Response> {
  const [total, busy] = await Promise.all([desk.count(), desk.count(BEING_SENT)])
  const main = clearView({ basePath: context.basePath, count: total - busy, busy, word: CLEAR_WORD, typed })
  return show(asked, context, { title: 'Clear all failures', main, status: typed === undefined ? 200 : 400 })
}

interface Asking {
  readonly action: ConfirmedAction
  readonly selection: Selection
  readonly form: RequeueForm
  readonly wouldGo?: RequeueOutcome
  readonly before?: number
  readonly status?: 200 | 400 | 409
}

async function askAgain(asked: Asked, { context, desk }: DeskRoom, asking: Asking): Promise<Response> {
  const { action, selection, form, wouldGo, before, status = 200 } = asking
  await checkSelection(desk, selection)
  const query = selectedBy(selection, context.clock.wallTime())
  const touches = touchedBy(action, query)
  const [chosen, touched, groups] = await Promise.all([
    desk.count(query),
    desk.count(touches),
    desk.groups(touches, { limit: MOST_CAUSES }),
  ])
  const main = confirmView({
    basePath: context.basePath,
    action,
    selection,
    counts: { chosen, touched },
    groups,
    form,
    wouldGo,
    before,
  })
  return show(asked, context, { title: TITLES[action], main, status })
}

const TITLES: Readonly<Record<ConfirmedAction, string>> = {
  requeue: 'Send back',
  discard: 'Discard',
  remove: 'Remove',
}

/** Of what was chosen, what an action changes. */
function touchedBy(action: ConfirmedAction, query: FailureQuery): FailureQuery {
  return both(query, action === 'remove' ? { kind: 'not', of: BEING_SENT } : STILL_FAILED)
}

/** How many the visitor was told of. */
function expectedOf(form: URLSearchParams): number {
  const expected = Number(form.get('expected') ?? 'none')
  if (Number.isSafeInteger(expected) && expected >= 0) return expected
  throw new UnderstudyError('invalid-option', 'this was not confirmed: begin from the list of failures')
}

async function exportSelected(asked: Asked, room: DeskRoom, selection: Selection): Promise<Response> {
  await checkSelection(room.desk, selection)
  return await exportResponse(asked, room, selectedBy(selection, room.context.clock.wallTime()))
}

function done(asked: Asked, { context }: DeskRoom, told: string, fewer: number): Response {
  const main = html`<h1>Done</h1>
    <p class="lead">${told}</p>
    ${fewer > 0 && html`<p>${failuresText(fewer)} had changed meanwhile: somebody else was faster.</p>`}
    <div class="choices"><a class="button" href="${context.basePath}/failures">Back to the failures</a></div>`
  return show(asked, context, { title: 'Done', main })
}
