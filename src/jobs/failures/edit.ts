import { createHash } from 'node:crypto'
import { SendError, UnderstudyError } from '../../errors.ts'
import { checkNames, type NamesOf } from '../../transport/option-names.ts'
import { OWN_PREFIX } from '../envelope.ts'
import { Claim } from './claim.ts'
import type { DeskHost } from './desk-host.ts'
import { beginningOf } from './failure-of.ts'
import type { Failure } from './failure.ts'
import { returnQueueName } from './requeue/options.ts'
import { returningMessage, type ReturningMessage } from './requeue/returning-message.ts'

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
 * the old one; the failure is `retried` and names it. Resolves with the new job's id. The same edit of the same failure
 * has the same id, so that one which is done again after a crash, which nobody knows the end of, is worked on once.
 *
 * @throws UnderstudyError `invalid-option` for an edit that cannot be, and for a failure that is not there or not
 * `failed` any more; SendError when no broker confirmed it: then it is failed as before.
 */
export async function editAndSend(host: DeskHost, id: string, edit: FailureEdit, actor: string): Promise<string> {
  checkEdit(edit)
  const { store } = host
  await using claim = new Claim({ ...host, actor }, 'release')
  await claim.take({ kind: 'field', field: 'id', text: id }, 1000)
  try {
    // An id may hold what a query takes for a wildcard: what else it found goes back with the rest of the claim.
    const taken = await claim.next(1000)
    const failure = taken.find((one) => one.id === id)
    if (!failure) throw await notThere(host, id)
    const changes = {
      ...edit,
      queue: edit.queue === undefined ? undefined : returnQueueName(edit.queue),
      preview: edit.args === undefined ? undefined : beginningOf(edit.args),
    }
    const jobId = idOf(failure, returningMessage(failure, changes))
    const marks = [{ id, retryJobId: jobId }]
    const [again] = await store.ofJob(jobId)
    if (again) {
      await claim.sent(marks)
      throw new UnderstudyError('invalid-option', `failure ${id} was sent like this before, and failed as ${again.id}`)
    }
    const { queue, payload, options } = returningMessage(failure, { ...changes, jobId })
    await host.declareQueue(queue)
    // A worker may be done with it before it is marked, and a crash between the two must not hide that it went.
    if (!(await store.sendingAs(id, { batch: claim.batch, retryJobId: jobId }))) throw await notThere(host, id)
    try {
      await host.connection.send(`queue://${queue}`, payload, options)
    } catch (error) {
      if (!(error instanceof SendError && error.outcome === 'unknown'))
        await store.sendingAs(id, { batch: claim.batch, retryJobId: undefined }).catch(() => {})
      throw error
    }
    host.tell({ type: 'requeued', queue, job: failure.job, jobId })
    await claim.sent(marks)
    return jobId
  } finally {
    await claim.settle()
  }
}

/** Shaped as the ids of other jobs are: a UUID, of the eighth kind (RFC 9562). */
function idOf({ id }: Failure, { queue, payload, options }: ReturningMessage): string {
  const headers = Object.entries(options.headers ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const hash = createHash('sha256')
    .update(JSON.stringify([id, queue, payload.contentType ?? null, headers]))
    .update(payload.body)
    .digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}

function checkEdit(edit: FailureEdit): void {
  checkNames('edit', edit, NAMES)
  const { args, headers = {}, queue } = edit
  if (args !== undefined && !(args instanceof Uint8Array))
    throw new UnderstudyError('invalid-option', 'args must be the bytes of the body, a Uint8Array')
  const own = Object.keys(headers).find((name) => name.startsWith(OWN_PREFIX))
  if (own !== undefined)
    throw new UnderstudyError('invalid-option', `header ${own} is this package's own and cannot be edited`)
  if (queue !== undefined) returnQueueName(queue)
}

async function notThere({ store }: DeskHost, id: string): Promise<UnderstudyError> {
  const failure = await store.get(id)
  const what = failure ? `is ${failure.status}, and only what is failed can be sent` : 'is not kept'
  return new UnderstudyError('invalid-option', `failure ${id} ${what}`)
}
