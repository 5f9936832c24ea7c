import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Command } from 'commander'
import { judge } from '../../src/drill/checker/checker.ts'
import { readHistory } from '../../src/drill/history-file.ts'
import type { HistoryEvent } from '../../src/drill/history.ts'
import { renderReport } from '../../src/drill/report/report.ts'
import { toResult } from '../../src/drill/result.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { KILLED, writeDrill } from '../../test/drill/report/written-drills.ts'
import { type Opening, openReport } from './opening.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'
import type { Judged } from '../claim.ts'

interface ReportOptions {
  readonly jobs: number
  readonly history?: string
  readonly rounds: number
  readonly browser: string
  readonly json?: true
}

const AIM_MS = 1_000

/** `report`: what the report of a long drill takes to write, to open and to search. */
export function reportCommand(onOutcome: (outcome: Judged) => void): Command {
  return new Command('report')
    .description('the report of a long drill: its size, and how soon a browser shows it and finds a job')
    .option('--jobs <n>', 'jobs of a written drill', wholeNumber(100, 1_000_000), 100_000)
    .option('--history <file>', 'the events.jsonl of a real drill in its place')
    .option('--rounds <n>', 'how often it is opened; the median is told', wholeNumber(1, 100), 5)
    .option('--browser <path>', 'a Chromium', '/usr/bin/chromium')
    .option('--json', 'print one JSON document')
    .action(async (options: ReportOptions) => {
      if (!existsSync(options.browser)) {
        throw new UnderstudyError('invalid-option', `option --browser: there is no ${options.browser}`)
      }
      const events = options.history === undefined ? written(options.jobs) : (await readHistory(options.history)).events
      const folder = mkdtempSync(join(tmpdir(), 'understudy-report-'))
      try {
        const file = join(folder, 'report.html')
        const ids = events.flatMap((event) => (event.type === 'due' ? event.id : []))
        const began = performance.now()
        writeFileSync(file, reportOf(events))
        const writtenMs = performance.now() - began
        const openings: Opening[] = []
        for (let round = 0; round < options.rounds; round++) {
          openings.push(await openReport(file, ids[Math.floor(ids.length / 2)] ?? '', options.browser))
        }
        const median = medianOf(openings)
        process.stdout.write(
          options.json
            ? `${JSON.stringify({ jobs: ids.length, writtenMs: Math.round(writtenMs), ...median }, null, 2)}\n`
            : told(ids.length, writtenMs, median),
        )
        onOutcome(median.readyMs <= AIM_MS && median.found === 1 ? 'held' : 'violated')
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
}

/** A drill whose outage takes one fortieth of its time. */
function written(jobs: number): readonly HistoryEvent[] {
  const everyMs = 2
  const lengthMs = jobs * everyMs
  const faultAtMs = Math.round(lengthMs / 2) + 0.5
  const backAtMs = faultAtMs + lengthMs / 40
  return writeDrill({ ...KILLED, jobs, everyMs, faultAtMs, backAtMs, healAtMs: backAtMs + 3_000 })
}

function reportOf(events: readonly HistoryEvent[]): string {
  const result = toResult(judge(events), {
    versions: {},
    command: 'understudy drill',
    files: { events: 'events.jsonl', report: 'report.html', result: null, logs: [] },
  })
  return renderReport(result, events)
}

function medianOf(openings: readonly Opening[]): Opening {
  const of = (name: keyof Opening): number => {
    const values = openings.map((opening) => opening[name]).sort((one, other) => one - other)
    return Math.round(values[Math.floor((values.length - 1) / 2)] ?? 0)
  }
  return {
    bytes: of('bytes'),
    firstPaintMs: of('firstPaintMs'),
    readyMs: of('readyMs'),
    searchMs: of('searchMs'),
    storyMs: of('storyMs'),
    found: of('found'),
  }
}

function told(jobs: number, writtenMs: number, { bytes, firstPaintMs, readyMs, searchMs, storyMs }: Opening): string {
  return `${[
    `jobs         ${jobs}`,
    `file         ${(bytes / 1e6).toFixed(2)} MB, judged and written in ${Math.round(writtenMs)} ms`,
    `first paint  ${firstPaintMs} ms`,
    `ready        ${readyMs} ms (the aim is ${AIM_MS})`,
    `search       ${searchMs} ms`,
    `story        ${storyMs} ms`,
  ].join('\n')}\n`
}
