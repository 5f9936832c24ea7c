import { type ErrorCode, messageOf, UnderstudyError } from '../../src/errors.ts'

const SQLITE_BUSY = 5

/** Whether SQLite says that another process holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false
  // The low byte is the code; the rest tells its variants apart.
  return (error.errcode & 0xff) === SQLITE_BUSY
}

/** What SQLite or the file system said of a file of the pair, as an error of ours. */
export function fileError(code: ErrorCode, path: string, error: unknown): UnderstudyError {
  return new UnderstudyError(code, `${path} cannot be used: ${messageOf(error)}`, { cause: error })
}
