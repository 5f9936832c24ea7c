import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { claimText, judgedBy, type Judged } from '../claim.ts'
import { missingForLab, skippedText, surroundings, withLab } from '../lab-for-bench.ts'
import { compareRuns, dashboardClaims, dashboardText } from './dashboard-report.ts'
import { type DrillRun, runRounds } from './rounds.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'

interface Options {
  readonly lab: string
  readonly rounds: number
  readonly every: number
  readonly steady: number
  readonly streams: number
  readonly pages: number
  readonly chromium: string
  readonly json?: true
}

/** What it costs a drill that everybody looks at the dashboard meanwhile. */
export function dashboardCommand(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command {
  return new Command('dashboard')
    .description(
      'run drills with and without a dashboard that many browsers look at, and set their figures side by side',
    )
    .option('--lab <name>', 'which lab', 'embedded')
    .option('--rounds <n>', 'how many rounds of four drills, two of them watched', wholeNumber(1, 1000), 20)
    .option('--every <ms>', 'from one job to the next', wholeNumber(1, 10_000), 10)
    .option('--steady <ms>', 'how long each drill sends before its fault', wholeNumber(500, 60_000), 1000)
    .option('--streams <n>', 'how many event streams are open', wholeNumber(0, 150), 50)
    .option('--pages <n>', 'how many pages of a real browser look on', wholeNumber(0, 50), 2)
    .option('--chromium <path>', 'which browser that is', process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium')
    .option('--json', 'print the result as one JSON document')
    .action(async (options: Options) => onOutcome(await bench(options, interrupted)))
}

async function bench(options: Options, signal: AbortSignal): Promise<Judged> {
  const { lab: name, rounds, every, steady, streams, chromium, json, ...rest } = options
  const missing = missingForLab(name)
  if (missing !== undefined) {
    process.stdout.write(skippedText('dashboard', options, missing))
    return 'not judged'
  }
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  const pages = existsSync(chromium) ? rest.pages : 0
  if (pages < rest.pages) note(`there is no browser at ${chromium}: event streams look on alone`)
  const folder = mkdtempSync(join(tmpdir(), 'understudy-bench-dashboard-'))
  let where: Readonly<Record<string, unknown>> = {}
  let runs: readonly DrillRun[]
  try {
    runs = await withLab(name, signal, note, async (lab) => {
      where = surroundings(lab)
      return await runRounds({
        lab,
        rounds,
        everyMs: every,
        steadyMs: steady,
        streams,
        pages,
        chromium,
        folder,
        signal,
        note,
      })
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const claims = dashboardClaims(runs, streams)
  const outcome = judgedBy(claims)
  if (json) {
    const asked = { lab: name, rounds, every, steady, streams, pages }
    const result = {
      schema: 1,
      bench: 'dashboard',
      outcome,
      ...where,
      asked,
      compared: compareRuns(runs),
      claims,
      runs,
    }
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  } else {
    process.stdout.write(`${dashboardText(runs)}\n`)
    for (const claim of claims) process.stdout.write(`  ${claimText(claim)}\n`)
  }
  return outcome
}
