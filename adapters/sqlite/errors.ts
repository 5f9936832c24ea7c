import { messageOf, UnderstudyError } from '../../src/errors.ts'

/** What node:sqlite throws. */
interface SqliteError {
  readonly errcode: number
}

/** SQLite's primary result codes, and what they mean to who keeps the file. https://sqlite.org/rescode.html */
const MEANINGS: ReadonlyMap<number, { readonly text: string; readonly retriable: boolean }> = new Map([
  [5, { text: 'another process kept it locked for too long', retriable: true }],
  [6, { text: 'another process kept it locked for too long', retriable: true }],
  [8, { text: 'it is read only', retriable: false }],
  [10, { text: 'the disk failed to read or write it', retriable: true }],
  [11, { text: 'it is damaged', retriable: false }],
  [13, { text: 'the disk is full', retriable: true }],
  [14, { text: 'it cannot be opened; its folder must exist and be writable', retriable: true }],
  [26, { text: 'it is no SQLite database', retriable: false }],
])

/** Whatever went wrong with the file, as one line that names it. */
export function storageError(path: string, cause: unknown): UnderstudyError {
  if (cause instanceof UnderstudyError) return cause
  const meaning = isSqliteError(cause) ? MEANINGS.get(cause.errcode & 0xff) : undefined
  const message = `the SQLite file ${path}: ${meaning?.text ?? messageOf(cause)}`
  return new UnderstudyError('storage', message, { retriable: meaning?.retriable ?? false, cause })
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}

/** SQLITE_BUSY: another process is at it. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === 5
}
