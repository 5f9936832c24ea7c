import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { sqliteFailures, sqliteLedger } from '../../src/stores.ts'
import { columns, whole } from '../throughput/table.ts'
import { measureStore, type StoreFigures } from './failure-store.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'
import type { Judged } from '../claim.ts'

interface FailureStoreOptions {
  readonly failures: number
  readonly claim: number
  readonly runs: number
  readonly json?: true
}

/** What issue 5 asks of a search by words. */
const SEARCH_WITHIN_MS = 1_000

/** `failure-store`: what a store of failures and a ledger in SQLite take, in a folder that is gone afterwards. */
export function failureStoreCommand(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command {
  return new Command('failure-store')
    .description('kept failures in SQLite: filled, searched, sent back; and runs of the ledger')
    .option('--failures <n>', 'kept before anything is asked', wholeNumber(1_000, 10_000_000), 100_000)
    .option('--claim <n>', 'sent back in one go', wholeNumber(1, 1_000_000), 10_000)
    .option('--runs <n>', 'begun and finished in the ledger, 100 at a time', wholeNumber(100, 10_000_000), 50_000)
    .option('--json', 'one JSON document on stdout instead of a table')
    .action(async (options: FailureStoreOptions) => onOutcome(await measure(options, interrupted)))
}

async function measure({ failures, claim, runs, json }: FailureStoreOptions, signal: AbortSignal): Promise<Judged> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-bench-'))
  const file = join(folder, 'failures.db')
  const store = sqliteFailures(file)
  const ledger = sqliteLedger(join(folder, 'ledger.db'))
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  try {
    const figures = await measureStore({ store, ledger, file, failures, claim, runs, signal, note })
    process.stdout.write(json ? `${JSON.stringify(figures)}\n` : text(figures))
    const words = figures.figures.filter(({ what }) => /^search: a (rare )?(word|phrase)/.test(what))
    return words.every(({ ms }) => ms <= SEARCH_WITHIN_MS) ? 'held' : 'violated'
  } finally {
    await store.close()
    await ledger.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function text({ failures, figures, duringClaim, ledgerRunsPerSecond, fileBytes }: StoreFigures): string {
  const { keepMedianMs, keepMaxMs, stillMaxMs } = duringClaim
  const rows = figures.map(({ what, ms, count }) => [what, ms.toFixed(1), whole(count)])
  return [
    `${whole(failures)} failures, ${whole(fileBytes / 1_000_000)} MB`,
    columns([['', 'ms', 'found or changed'], ...rows]),
    `while the requeue was claimed and marked: keeping one took ${keepMedianMs.toFixed(1)} ms, ${keepMaxMs.toFixed(1)} at most;`,
    `the process stood still for ${stillMaxMs.toFixed(1)} ms at most`,
    `ledger: ${whole(ledgerRunsPerSecond)} runs a second begun and finished, 100 at a time`,
    '',
  ].join('\n')
}
