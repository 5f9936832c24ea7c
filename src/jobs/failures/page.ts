import { UnderstudyError } from '../../errors.ts'
import type { SearchPage } from './store.ts'

/** The failure that the page before ended with. */
export interface PageCursor {
  readonly failedAt: number
  readonly id: string
}

const MAX_PAGE = 1_000

/**
 * Where a page begins; undefined for the first.
 *
 * @throws UnderstudyError `invalid-option` for a limit out of its bounds, or a cursor that no page gave out.
 */
export function readPage({ limit, after }: SearchPage): PageCursor | undefined {
  checkLimit('limit', limit, MAX_PAGE)
  if (after === undefined) return undefined
  const [, failedAt, id] = /^(\d{1,16}(?:\.\d{1,9})?):(.+)$/s.exec(after) ?? []
  if (failedAt === undefined || id === undefined)
    throw new UnderstudyError('invalid-option', 'after is not the next of an earlier page')
  return { failedAt: Number(failedAt), id }
}

/** What leads to the page behind this failure. */
export function nextPage({ failedAt, id }: PageCursor): string {
  return `${failedAt}:${id}`
}

/** @throws UnderstudyError `invalid-option` unless it is a whole number from 1 to `max`. */
export function checkLimit(what: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new UnderstudyError('invalid-option', `${what} must be a whole number from 1 to ${max}, and is ${value}`)
}
