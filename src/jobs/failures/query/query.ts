import type { FailureReason, FailureStatus } from '../failure.ts'

/**
 * The fields that a query may name; free words look into the error, the preview and the job's name. `error` is the
 * error's class, message and code; `broker` its kind, name or url.
 */
export const QUERY_FIELDS = [
  'id',
  'jobId',
  'job',
  'queue',
  'error',
  'class',
  'code',
  'stack',
  'preview',
  'reason',
  'status',
  'worker',
  'broker',
  'fingerprint',
  'requestId',
  'attempts',
  'requeues',
  'age',
] as const

/** A field of a failure that a query may name, as in `job:image.resize`. */
export type QueryField = (typeof QUERY_FIELDS)[number]

/** The fields that are numbers: they may be compared. */
export const COMPARED_FIELDS = ['age', 'attempts', 'requeues'] as const

/** A field of a failure that is a number. */
export type ComparedField = (typeof COMPARED_FIELDS)[number]

/** The fields that are text: a query looks for words in them, or with `*` for parts of them. */
export const TEXT_FIELDS = ['error', 'stack', 'preview'] as const

const REASONS: Readonly<Record<FailureReason, true>> = {
  exception: true,
  timeout: true,
  expired: true,
  decode: true,
  unknown_job: true,
  aborted: true,
  worker_lost: true,
  dead_lettered: true,
}

const STATUSES: Readonly<Record<FailureStatus, true>> = { failed: true, retrying: true, retried: true, discarded: true }

/** The fields that have a closed set of values, each with its set. */
export const CLOSED_SETS: ReadonlyMap<QueryField, readonly string[]> = new Map([
  ['reason', Object.keys(REASONS)],
  ['status', Object.keys(STATUSES)],
])

/** How a query compares numbers, as in `age<2h`. */
export type Comparison = '<' | '<=' | '>' | '>='

/** What a query means; a tree that stores turn into their own language. */
export type FailureQuery =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly of: readonly FailureQuery[] }
  | { readonly kind: 'not'; readonly of: FailureQuery }
  /** A free word or a quoted phrase: whole words, next to each other and in this order; with `*` for any characters. */
  | { readonly kind: 'text'; readonly text: string }
  /**
   * Equality, or with `*` for any characters; empty for none. For `error`, `stack` and `preview`: holds this text, as
   * a free word would.
   */
  | { readonly kind: 'field'; readonly field: QueryField; readonly text: string }
  /** `age` in milliseconds, counted back from the time of the search; counts as they are. */
  | {
      readonly kind: 'compare'
      readonly field: ComparedField
      readonly comparison: Comparison
      readonly value: number
    }
