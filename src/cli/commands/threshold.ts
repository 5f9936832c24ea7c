import { accessSync, constants, existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { renderThresholdPage } from '../../drill/report/threshold/threshold-page.ts'
import { measuredOutages } from '../../drill/threshold/measured.ts'
import { parseRetrySchedule, replaySchedule, type RetrySchedule } from '../../drill/threshold/retry-schedule.ts'
import { openSteps, RunningSearch, type SearchEvent } from '../../drill/threshold/search.ts'
import { readSearch, type Search, SEARCH_FILE } from '../../drill/threshold/search-file.ts'
import { verificationOf } from '../../drill/threshold/verification.ts'
import { messageOf, UnderstudyError } from '../../errors.ts'
import { fileProblem, makeFolder } from '../../folder.ts'
import { newFolder, save, shown, stampedFolder } from '../drill/folder.ts'
import { randomSeed } from '../drill/options.ts'
import { Exit, EXIT } from '../exit-code.ts'
import type { Terminal } from '../terminal/terminal.ts'
import {
  checkThresholdOptions,
  methodOf,
  thresholdCommandLine,
  thresholdLabOf,
  type ThresholdOptions,
  thresholdOptions,
  trialSettingsOf,
} from '../threshold/options.ts'
import { examples } from '../examples.ts'
import { runSearch, type SearchLabs } from '../threshold/run.ts'
import { costText, endText, progressText } from '../threshold/text.ts'

export interface ThresholdCommandDependencies extends SearchLabs {
  readonly terminal: Terminal
  /** What can be done to that lab. @throws UnderstudyError `invalid-option` for an unknown name. */
  readonly faultNames: (lab: string) => readonly string[]
  readonly versions: Readonly<Record<string, string>>
  readonly understudy: string
}

/** The smallest retry threshold at which no job fails, with its confidence. */
export function thresholdCommand(dependencies: ThresholdCommandDependencies): Command {
  const command = new Command('threshold').description(
    'find the smallest retry threshold at which no job fails, and say how sure that is',
  )
  for (const option of thresholdOptions()) command.addOption(option)
  return command
    .addHelpText(
      'after',
      examples([
        'understudy threshold --lab activemq-kahadb',
        'understudy threshold --lab rabbitmq-quorum --pass 0.95 --budget 20m --parallel 2',
        'understudy threshold --resume drills/threshold-activemq-kahadb    # goes on where a search was interrupted',
      ]) + ONE_RETRY,
    )
    .action((options: ThresholdOptions) => threshold(options, command, dependencies))
}

const ONE_RETRY = `

The one-retry producer is who the threshold is for: it sends each job to the first broker, else to the next; when none
has taken it, it waits for the retry threshold and tries every broker once more; then the job has failed.`

async function threshold(
  options: ThresholdOptions,
  command: Command,
  dependencies: ThresholdCommandDependencies,
): Promise<void> {
  checkThresholdOptions(options, command)
  const { terminal } = dependencies
  const { search: begun, folder } = options.resume === undefined ? begin(options, dependencies) : resume(options.resume)
  const running = new RunningSearch(begun, folder, (event) => tell(event, running, options, terminal))
  const outOfBudget = await work(running, folder, options, dependencies)
  const outages = measuredOutages(running.search.trials)
  const { confidence } = running.search.method
  const schedules = options.schedule.length > 0 ? options.schedule : asked(begun)
  running.update({ schedules: schedules.map((one) => replaySchedule(one, outages, confidence)) })
  const { search } = running
  save(join(folder, 'report.html'), renderThresholdPage(search))
  if (options.json) terminal.out(`${JSON.stringify({ ...search, outOfBudget })}\n`)
  else terminal.out(endText(search, { folder: shown(folder), outOfBudget }))
  const exitCode = exitCodeOf(search)
  if (exitCode !== EXIT.passed) throw new Exit(exitCode)
}

/** The policies that the search was begun with, or last resumed with. */
function asked({ schedules }: Search): readonly RetrySchedule[] {
  return schedules.map(({ schedule }) => parseRetrySchedule(schedule))
}

/** Returns whether the budget ended it before it was done. A search that is done needs no brokers. */
async function work(
  running: RunningSearch,
  folder: string,
  options: ThresholdOptions,
  dependencies: ThresholdCommandDependencies,
): Promise<boolean> {
  const { terminal, understudy } = dependencies
  const { interrupted } = terminal
  if (openSteps(running.search).length === 0) return false
  if (running.search.target !== null) terminal.err(`${costText(running.search, options.parallel, options.budget)}\n`)
  try {
    return await runSearch(
      {
        ...dependencies,
        running,
        parallel: options.parallel,
        budgetMs: options.budget,
        onProgress: (line) => terminal.err(`${line}\n`),
      },
      interrupted,
    )
  } catch (error) {
    if (running.search.target === null) removeUnused(folder, options)
    const again = `${understudy} threshold --resume ${shown(folder)}`
    if (!interrupted.aborted) {
      if (running.search.trials.length > 0) terminal.err(`what was measured is kept; \`${again}\` goes on\n`)
      throw error
    }
    // Anything else came out of healing.
    if (!(error instanceof UnderstudyError) || error.code !== 'aborted') {
      throw new Exit(EXIT.interrupted, `interrupted; ${messageOf(error)}`)
    }
    // Before the first lab was up nothing is written that could be gone on with.
    const goesOn = running.search.target === null ? '' : `; \`${again}\` goes on`
    throw new Exit(EXIT.interrupted, `interrupted; the brokers were healed and taken down${goesOn}`)
  }
}

function begin(
  options: ThresholdOptions,
  dependencies: ThresholdCommandDependencies,
): { search: Search; folder: string } {
  const lab = thresholdLabOf(options)
  const known = [...dependencies.faultNames(lab), ...dependencies.networkFaults]
  if (!known.includes(options.fault)) {
    const why = `${lab} has no fault ${JSON.stringify(options.fault)}; it has ${known.join(', ')}`
    throw new UnderstudyError('invalid-option', `option --fault: ${why}`)
  }
  const first: Search = {
    schema: 1,
    kind: 'threshold',
    lab,
    seed: options.seed ?? randomSeed(),
    method: methodOf(options),
    trial: trialSettingsOf(options),
    verify:
      options.verify === undefined || options.at === undefined
        ? null
        : { runs: options.verify, atMs: options.at, early: options.early ?? false },
    target: null,
    trials: [],
    voids: [],
    spentMs: 0,
    versions: dependencies.versions,
    command: '',
    claim: null,
    measured: null,
    // Nothing is measured yet; an interrupted search is to know what was asked.
    schedules: options.schedule.map((one) => replaySchedule(one, [], options.confidence)),
  }
  const name = stampedFolder(`${lab}-${options.fault}-${first.verify ? 'verify' : 'threshold'}`)
  const folder = options.out === undefined ? newFolder(resolve(join('drills', name))) : resolve(options.out)
  prepare(folder)
  return { search: { ...first, command: thresholdCommandLine(dependencies.understudy, first) }, folder }
}

function resume(path: string): { search: Search; folder: string } {
  const folder = resolve(path)
  return { search: readSearch(folder), folder }
}

/** Proves that the folder can be written to and holds no other search, before any broker is started. */
function prepare(folder: string): void {
  try {
    makeFolder(folder)
    mkdirSync(join(folder, 'trials'), { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    const why = `${shown(folder)} cannot be written to: ${fileProblem(cause)}`
    throw new UnderstudyError('invalid-option', `option --out: ${why}`, { cause })
  }
  if (existsSync(join(folder, SEARCH_FILE))) {
    const why = `${shown(folder)} holds a search already; --resume goes on with it`
    throw new UnderstudyError('invalid-option', `option --out: ${why}`)
  }
}

/** Removes what was made for a search whose first lab did not come up; a folder of the user's own stays. */
function removeUnused(folder: string, { out, resume }: ThresholdOptions): void {
  if (resume !== undefined) return
  try {
    rmdirSync(join(folder, 'trials'))
    if (out === undefined) rmdirSync(folder)
  } catch {
    // It holds something, so it is of use.
  }
}

function tell(
  event: SearchEvent,
  running: RunningSearch,
  { parallel, budget }: ThresholdOptions,
  terminal: Terminal,
): void {
  switch (event.type) {
    case 'target':
      terminal.err(`${costText(running.search, parallel, budget)}\n`)
      break
    case 'ended':
      terminal.err(`${progressText(event.record, event.search, parallel)}\n`)
      break
    case 'void':
      terminal.err(`${event.key} said nothing, and is made again: ${event.why}\n`)
      break
    case 'began':
      break
  }
}

/** 0 when the claim is as wanted, or the verification showed it; 1 when that refuted it; 2 when neither. */
function exitCodeOf(search: Search): number {
  if (search.verify) return VERIFIED[verificationOf(search)]
  return search.claim?.asWanted ? EXIT.passed : EXIT.unknown
}

const VERIFIED = { shown: EXIT.passed, refuted: EXIT.violated, open: EXIT.unknown } as const
