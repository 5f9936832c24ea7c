import type { ErrorCode } from '../../src/errors.ts'

/** What a thread can be asked for, by name. */
// oxlint-disable-next-line typescript/no-explicit-any -- each has arguments of its own
export type Operations<Names extends string> = Readonly<Record<Names, (...args: any) => unknown>>

/** A question to the thread of a database. */
export interface Call {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}

/** What the thread makes of it. Errors lose their class on the way, so they go as what they consist of. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number
      readonly failed: { readonly code: ErrorCode; readonly message: string; readonly retriable: boolean }
    }

/** To the thread: what is asked for, or that nothing more comes. */
export type ToThread = readonly Call[] | 'close'

/** What a thread is for: the failures' changes, the failures' reads, the ledger, or results. */
export type ThreadTask =
  | { readonly kind: 'failure-writes'; readonly path: string }
  | { readonly kind: 'failure-reads'; readonly path: string }
  | { readonly kind: 'ledger'; readonly path: string; readonly keepForMs: number }
  | { readonly kind: 'results'; readonly path: string }
