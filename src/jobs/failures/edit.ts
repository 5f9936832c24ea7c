import { randomUUID } from 'node:crypto'
import { UnderstudyError } from '../../errors.ts'
import { checkNames, type NamesOf } from '../../transport/option-names.ts'
import { OWN_PREFIX } from '../envelope.ts'
import { Claim } from './claim.ts'
import type { DeskHost } from './desk-host.ts'
import { beginningOf } from './failure-of.ts'
import { queueName } from './requeue-options.ts'
import { returningMessage } from './returning-message.ts'

/** What is changed of a failed job before it goes. */
export interface FailureEdit {
  /** The body as it goes over the wire. Defaults to what it was. */
  readonly args?: Uint8Array
  /** Of those arguments. Defaults to what it was. */
  readonly contentType?: string
  /** The application's headers, in place of all that it had. Defaults to what they were. */
  readonly headers?: Readonly<Record<string, string>>
  /** Where it goes. Defaults to where it was enqueued. */
  readonly queue?: string
}

const NAMES: NamesOf<FailureEdit> = { args: true, contentType: true, headers: true, queue: true }

/**
 * Sends a failed job with other arguments. It goes as a new job with an id of its own, since no ledger may take it for
 * the old one; the failure is `retried` and names it. Resolves with the new job's id.
 *
 * @throws UnderstudyError `invalid-option` for an edit that cannot be, and for a failure that is not there or not
 * `failed` any more; SendError when no broker confirmed it: then it is failed as before.
 */
export async function editAndSend(host: DeskHost, id: string, edit: FailureEdit, actor: string): Promise<string> {
  checkEdit(edit)
  await using claim = new Claim({ ...host, actor }, 'release')
  await claim.take({ kind: 'field', field: 'id', text: id }, 1000)
  try {
    // An id may hold what a query takes for a wildcard: what else it found goes back with the rest of the claim.
    const taken = await claim.next(1000)
    const failure = taken.find((one) => one.id === id)
    if (!failure) throw await notThere(host, id)
    const { queue, jobId, payload, options } = returningMessage(failure, {
      ...edit,
      queue: edit.queue === undefined ? undefined : queueName(edit.queue),
      preview: edit.args === undefined ? undefined : beginningOf(edit.args),
      jobId: randomUUID(),
    })
    await host.declareQueue(queue)
    await host.connection.send(`queue://${queue}`, payload, options)
    host.tell({ type: 'requeued', queue, job: failure.job, jobId })
    await claim.sent([{ id, retryJobId: jobId }])
    return jobId
  } finally {
    await claim.settle()
  }
}

function checkEdit(edit: FailureEdit): void {
  checkNames('edit', edit, NAMES)
  const { args, headers = {}, queue } = edit
  if (args !== undefined && !(args instanceof Uint8Array))
    throw new UnderstudyError('invalid-option', 'args must be the bytes of the body, a Uint8Array')
  const own = Object.keys(headers).find((name) => name.startsWith(OWN_PREFIX))
  if (own !== undefined)
    throw new UnderstudyError('invalid-option', `header ${own} is this package's own and cannot be edited`)
  if (queue !== undefined) queueName(queue)
}

async function notThere({ store }: DeskHost, id: string): Promise<UnderstudyError> {
  const failure = await store.get(id)
  const what = failure ? `is ${failure.status}, and only what is failed can be sent` : 'is not kept'
  return new UnderstudyError('invalid-option', `failure ${id} ${what}`)
}
