import { messageOf, SendError, UnderstudyError } from '../../../errors.ts'
import type { FailureEdit } from '../../../jobs/failures/edit.ts'
import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { printableLine } from '../../../page/printable.ts'
import { mayDo } from '../../access/visitor.ts'
import { failureAddress } from '../addresses.ts'
import type { BodyForm } from './body-text.ts'
import { type Asked, type DeskRoom, refusal, show } from '../desk-room.ts'
import { editView } from './edit-view.ts'
import { editableBody, editedBody, MOST_EDITABLE_BYTES } from './edited-body.ts'
import { type FailureState, failureView, noFailureView } from './failure-view.ts'
import { readForm } from '../../read-form.ts'
import { ONE_LIVE } from '../live-parts.ts'
import { stateOf } from '../../requests/look-up.ts'

/** `GET /failures/:id`. */
export async function failurePage(asked: Asked, room: DeskRoom): Promise<Response> {
  const failure = await kept(asked, room)
  if (!failure) return unknown(asked, room)
  const { context, desk } = room
  const [state, ofCause] = await Promise.all([
    failureState(room, failure),
    desk.count({ kind: 'field', field: 'fingerprint', text: failure.fingerprint }),
  ])
  const main = failureView({
    ...state,
    ofCause,
    body: bodyForm(asked.req.query('body')),
    mayAct: mayDo(asked.get('visitor'), 'operator'),
  })
  return show(asked, context, { title: titleOf(failure), main, live: ONE_LIVE, of: failure.id })
}

/** What changes on the page of a failure: how far it is, what became of its job, and its history. */
export async function failureState(
  { context, desk }: DeskRoom,
  failure: KeptFailure,
): Promise<Omit<FailureState, 'mayAct'>> {
  const [ofJob, result] = await Promise.all([
    desk.ofJob(failure.jobId),
    stateOf(context, failure.retryJobId ?? failure.jobId),
  ])
  return { basePath: context.basePath, clock: context.clock, failure, ofJob, result }
}

/** `GET /failures/:id/body`: the arguments as they came, never to be opened by the browser. */
export async function failureBody(asked: Asked, room: DeskRoom): Promise<Response> {
  const failure = await kept(asked, room)
  if (!failure) return unknown(asked, room)
  return new Response(new Uint8Array(failure.args), {
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="arguments.bin"',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  })
}

/** `GET /failures/:id/edit`. */
export async function editPage(asked: Asked, room: DeskRoom): Promise<Response> {
  const refused = refusal(asked, room, 'operator')
  if (refused) return refused
  const failure = await kept(asked, room)
  if (!failure) return unknown(asked, room)
  const { context } = room
  const { basePath } = context
  const main = editView({ basePath, failure, body: editableBody(failure), queue: failure.queue, trouble: undefined })
  return show(asked, context, { title: 'Edit and send back', main })
}

// A byte may be written as three characters.
const MOST_EDIT_FORM_BYTES = 3 * MOST_EDITABLE_BYTES + 65_536

/** `POST /failures/:id/edit`. */
export async function sendEdited(asked: Asked, room: DeskRoom): Promise<Response> {
  const refused = refusal(asked, room, 'operator')
  if (refused) return refused
  const form = await readForm(asked.req.raw, MOST_EDIT_FORM_BYTES)
  const failure = await kept(asked, room)
  if (!failure) return unknown(asked, room)
  const { context, desk } = room
  const { basePath } = context
  const written = form.get('args')
  const way = form.get('form') === 'base64' ? 'base64' : 'text'
  const queue = (form.get('queue') ?? failure.queue).trim()
  try {
    const args = written === null ? undefined : editedBody(failure, way, written)
    const edit: FailureEdit = {
      ...(args === undefined ? {} : { args }),
      ...(queue === failure.queue ? {} : { queue }),
    }
    if (Object.keys(edit).length === 0)
      throw new UnderstudyError(
        'invalid-option',
        'nothing was changed: to send it as it is, leave this page for Send back',
      )
    await desk.edit(failure.id, edit, { actor: asked.get('visitor').name })
  } catch (error) {
    if (!(error instanceof UnderstudyError) || error.code === 'storage') throw error
    const body =
      written === null ? editableBody(failure) : ({ form: way, text: written.replaceAll('\r\n', '\n') } as const)
    const trouble = { why: messageOf(error), mayHaveGone: error instanceof SendError && error.outcome === 'unknown' }
    const main = editView({ basePath, failure, body, queue, trouble })
    return show(asked, context, { title: 'Edit and send back', main, status: statusFor(error) })
  }
  return asked.redirect(failureAddress(basePath, failure.id).text, 303)
}

/** What cannot be is the visitor's; everything else is that no broker took it. */
function statusFor({ code }: UnderstudyError): 400 | 503 {
  return code === 'invalid-option' || code === 'unsupported' || code === 'invalid-uri' ? 400 : 503
}

async function kept(asked: Asked, { desk }: DeskRoom): Promise<KeptFailure | undefined> {
  return await desk.show(asked.req.param('id') ?? '')
}

function unknown(asked: Asked, { context }: DeskRoom): Response {
  const main = noFailureView(context.basePath, asked.req.param('id') ?? '')
  return show(asked, context, { title: 'No such failure', main, status: 404 })
}

function bodyForm(text: string | undefined): BodyForm | undefined {
  return text === 'text' || text === 'hex' ? text : undefined
}

function titleOf({ job, errorClass }: KeptFailure): string {
  return printableLine(job === '' ? errorClass : `${errorClass} in ${job}`, 120)
}
