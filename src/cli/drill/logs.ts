import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { BrokerLog } from '../../drill/report/logs.ts'

// The lines around a fault lie near the end; a broker in trouble may write gigabytes.
const MOST_BYTES = 4 * 2 ** 20

/** The logs among the brokers' collected files, for the report. What cannot be read is left out. */
export function readLogs(out: string, files: readonly string[]): readonly BrokerLog[] {
  return files
    .filter((file) => file.endsWith('.log'))
    .flatMap((file) => {
      try {
        return [{ file, text: lastOf(join(out, file)) }]
      } catch {
        return []
      }
    })
}

function lastOf(path: string): string {
  const descriptor = openSync(path, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const from = Math.max(0, size - MOST_BYTES)
    const bytes = Buffer.alloc(size - from)
    const read = readSync(descriptor, bytes, 0, bytes.length, from)
    return bytes.toString('utf8', 0, read)
  } finally {
    closeSync(descriptor)
  }
}
