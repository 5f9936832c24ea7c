import { resolve } from 'node:path'
import { UnderstudyError } from '../../src/errors.ts'

/**
 * The path of a database's file, which no later change of the working folder moves.
 *
 * @throws UnderstudyError `invalid-option` for what SQLite would take for something other than a file.
 */
export function databasePath(path: string): string {
  if (path === '' || path.includes('\0') || path.startsWith(':') || /^file:/i.test(path)) {
    const message = `the path of a SQLite file must be one of a file, and is ${JSON.stringify(path)}`
    throw new UnderstudyError('invalid-option', message)
  }
  return resolve(path)
}
