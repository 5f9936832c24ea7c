import { defineJob } from '../../src/jobs/define-job.ts'
import type { Job } from '../../src/jobs/job.ts'
import { bytesSerializer } from '../../src/jobs/serializer.ts'

/** A job file as an application has it: nothing in it knows what broker there is. */
export const add: Job<readonly number[], readonly number[], number> = defineJob({
  name: 'story.add',
  queue: 'story.sums',
  perform: async (terms: readonly number[], context) => {
    for (const done of terms.keys()) await context.progress((100 * (done + 1)) / terms.length, `term ${done + 1}`)
    return terms.reduce((sum, term) => sum + term, 0)
  },
})

export const measure: Job<Uint8Array, Uint8Array, { length: number; last: number | null }> = defineJob({
  name: 'story.measure',
  queue: 'story.bytes',
  serializer: bytesSerializer,
  perform: (bytes: Uint8Array) => ({ length: bytes.length, last: bytes.at(-1) ?? null }),
})

/** Succeeds at its third attempt, each a little after the one before. */
export const stubborn: Job<string, string, string> = defineJob({
  name: 'story.stubborn',
  queue: 'story.sums',
  retry: { attempts: 3, backoff: { type: 'fixed', delay: 200, jitter: 0 } },
  perform: (name: string, { attempt }) => {
    if (attempt < 3) throw new TypeError(`${name} is not ready: attempt ${attempt}`)
    return `${name} at attempt ${attempt}`
  },
})

export const hopeless: Job<null, null, never> = defineJob({
  name: 'story.hopeless',
  queue: 'story.sums',
  perform: (): never => {
    throw new RangeError('never')
  },
})

/** Tells the world that it ran. */
export const ran: string[] = []
export const note: Job<string, string, { what: string; requestId: string | null; tenant: string | null }> = defineJob({
  name: 'story.note',
  queue: 'story.notes',
  perform: (what: string, { jobId, requestId, headers }) => {
    ran.push(jobId)
    return { what, requestId: requestId ?? null, tenant: headers['tenant'] ?? null }
  },
})

export const STORY_JOBS: readonly Job[] = [add, measure, stubborn, hopeless, note]
