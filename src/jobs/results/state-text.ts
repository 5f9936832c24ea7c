import { UnderstudyError, messageOf } from '../../errors.ts'
import type { JobState } from './results.ts'

/**
 * A state as stores of results keep it.
 *
 * @throws UnderstudyError `storage` when what the job returned is no JSON.
 */
export function stateText(jobId: string, state: JobState): string {
  try {
    return JSON.stringify(state)
  } catch (cause) {
    const message = `what job ${jobId} returned cannot be kept as JSON: ${messageOf(cause)}`
    throw new UnderstudyError('storage', message, { cause })
  }
}

/**
 * What {@link stateText} made.
 *
 * @throws UnderstudyError `storage` when somebody else wrote it.
 */
export function parseState(jobId: string, text: string): JobState {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  const state = value as Partial<JobState> | null | undefined
  switch (state?.kind) {
    // JSON has no undefined: what was so is left out.
    case 'progress':
      return { message: undefined, ...state } as JobState
    case 'succeeded':
      return { value: undefined, ...state } as JobState
    case 'failed':
      return state as JobState
    case undefined:
    default:
      throw new UnderstudyError('storage', `what is kept as the result of job ${jobId} is none`)
  }
}
