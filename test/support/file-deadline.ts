import { writeSync } from 'node:fs'

// Loaded into every test file's process by `npm test`. The runner bounds tests, and not a file whose tests are over
// while something that one of them left open (a connection that goes on to look for its broker) keeps it alive.
const DEADLINE_MS = Number(process.env['UNDERSTUDY_TEST_FILE_DEADLINE_MS'] ?? 20 * 60_000)

function end(): void {
  const alive = process.getActiveResourcesInfo().join(', ')
  writeSync(2, `this file is not over after ${DEADLINE_MS} ms; what keeps it alive: ${alive}\n`)
  process.exit(1)
}

// The runner loads this too, and is not meant.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) setTimeout(end, DEADLINE_MS).unref()
