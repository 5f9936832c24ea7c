import { UnderstudyError } from '../../errors.ts'
import type { KeptFailure } from '../../jobs/failures/failure.ts'
import type { JobState } from '../../jobs/results/results.ts'
import type { DashboardContext } from '../context.ts'
import { STORE_TROUBLE } from '../tellable.ts'

/** What is known of how a job went. */
export type KnownState =
  | { readonly kind: 'state'; readonly state: JobState }
  /** Its results keep nothing of it: it waits, or it is long over, or there is no such job. */
  | { readonly kind: 'nothing' }
  /** Results are not kept here at all. */
  | { readonly kind: 'not-kept' }
  /** They are sent to whoever enqueued the job, and kept nowhere. */
  | { readonly kind: 'by-reply' }
  | { readonly kind: 'trouble'; readonly why: string }

export interface FoundJob {
  readonly jobId: string
  readonly state: KnownState
}

/** What was found of an id. */
export interface LookUp {
  readonly id: string
  /** The job of this id, then those of a request of this id whose failures are kept. */
  readonly jobs: readonly FoundJob[]
  /** The latest first, of the job as of the request. Undefined where the application keeps no failures. */
  readonly failures: readonly KeptFailure[] | undefined
  /** Whether there are more failures than these. */
  readonly hasMore: boolean
  /** Why failures could not be looked for. */
  readonly trouble: string | undefined
}

export const LONGEST_ID = 1_000
const MOST_FAILURES = 50
const MOST_JOBS = 10
const RESULTS_TROUBLE = 'the results could not be read'

/** Everything that is kept of a job, or of a request, of this id. Changes nothing, and asks no broker. */
export async function lookUp(
  { failures: desk, result, tell }: Pick<DashboardContext, 'failures' | 'result' | 'tell'>,
  id: string,
): Promise<LookUp> {
  let failures: readonly KeptFailure[] | undefined
  let hasMore = false
  let trouble: string | undefined
  if (desk) {
    try {
      const [ofJob, ofRequest, itself] = await Promise.all([
        desk.ofJob(id),
        // A * would find others too.
        id.includes('*')
          ? { failures: [], next: undefined }
          : desk.search({ kind: 'field', field: 'requestId', text: id }, { limit: MOST_FAILURES }),
        desk.show(id),
      ])
      const all = new Map([...ofJob, ...ofRequest.failures, ...(itself ? [itself] : [])].map((one) => [one.id, one]))
      const sorted = [...all.values()].toSorted((a, b) => b.failedAt - a.failedAt)
      failures = sorted.slice(0, MOST_FAILURES)
      hasMore = sorted.length > MOST_FAILURES || ofRequest.next !== undefined
    } catch (error) {
      trouble = tell(STORE_TROUBLE, error)
    }
  }
  const others = new Set((failures ?? []).map(({ jobId }) => jobId).filter((jobId) => jobId !== id))
  const ids = [id, ...[...others].slice(0, MOST_JOBS)]
  const jobs = await Promise.all(ids.map(async (jobId) => ({ jobId, state: await stateOf({ result, tell }, jobId) })))
  return { id, jobs, failures, hasMore, trouble }
}

/** What the results keep of one job. Never rejects. */
export async function stateOf(
  { result, tell }: Pick<DashboardContext, 'result' | 'tell'>,
  jobId: string,
): Promise<KnownState> {
  if (!result) return { kind: 'not-kept' }
  try {
    const state = await result(jobId)
    return state ? { kind: 'state', state } : { kind: 'nothing' }
  } catch (error) {
    const isByReply = error instanceof UnderstudyError && error.code === 'unsupported'
    return isByReply ? { kind: 'by-reply' } : { kind: 'trouble', why: tell(RESULTS_TROUBLE, error) }
  }
}
