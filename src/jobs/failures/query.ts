/** The fields that a query may name; free words look into the error, the preview and the job's name. */
export type QueryField =
  | 'id'
  | 'jobId'
  | 'job'
  | 'queue'
  | 'error'
  | 'class'
  | 'code'
  | 'stack'
  | 'preview'
  | 'reason'
  | 'status'
  | 'worker'
  | 'broker'
  | 'fingerprint'
  | 'requestId'
  | 'attempts'
  | 'requeues'
  | 'age'

export type Comparison = '<' | '<=' | '>' | '>='

/** What a query means; a tree that stores turn into their own language. */
export type FailureQuery =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly of: readonly FailureQuery[] }
  | { readonly kind: 'not'; readonly of: FailureQuery }
  /** A free word or a quoted phrase. */
  | { readonly kind: 'text'; readonly text: string }
  /** Equality, or with `*` for any characters. For `error`, `stack` and `preview`: holds this text. */
  | { readonly kind: 'field'; readonly field: QueryField; readonly text: string }
  /** `age` in milliseconds, counted back from the time of the search; counts as they are. */
  | {
      readonly kind: 'compare'
      readonly field: 'age' | 'attempts' | 'requeues'
      readonly comparison: Comparison
      readonly value: number
    }
