import { type Command, InvalidArgumentError, Option } from 'commander'
import { DRILL_DEFAULTS } from '../../drill/plan.ts'
import { type Method, methodFor } from '../../drill/threshold/method.ts'
import { parseRetrySchedule, type RetrySchedule } from '../../drill/threshold/retry-schedule.ts'
import type { Search } from '../../drill/threshold/search-file.ts'
import type { TrialSettings } from '../../drill/threshold/trial.ts'
import { UnderstudyError } from '../../errors.ts'
import { shellWord } from '../drill/command-line.ts'
import { namedFolder } from '../drill/folder.ts'
import { labOf } from '../drill/options.ts'
import { duration, durationOption, writeDuration } from '../arguments/duration.ts'
import { wholeNumber } from '../arguments/whole-number.ts'

/** What `understudy threshold` is asked. Times are milliseconds. */
export interface ThresholdOptions {
  readonly lab: string
  readonly haproxy?: 'amqp' | 'plain'
  readonly fault: string
  readonly pass: number
  readonly confidence: number
  readonly trials?: number
  readonly confirm?: number
  readonly budget: number
  readonly cap: number
  readonly every: number
  readonly jobEvery: number
  readonly deadline: number
  readonly grid: number
  readonly hold: number
  readonly seed?: number
  readonly parallel: number
  readonly verify?: number
  readonly at?: number
  readonly early?: true
  readonly out?: string
  readonly resume?: string
  readonly schedule: readonly RetrySchedule[]
  readonly json?: true
}

const DEFAULTS = { pass: 0.9, confidence: 0.95, budgetMs: 60 * 60_000, capMs: 60_000, everyMs: 20, gridMs: 100 }
const JOB_DEFAULTS = { jobEveryMs: 100, deadlineMs: 3000 }
const MOST_TRIALS = 10_000
const MOST_PARALLEL = 16
const LONGEST_BUDGET_MS = 24 * 3_600_000
const LARGEST_SEED = 2 ** 32 - 1

/** What may be said again when a search is resumed: the rest is as it was. */
const OF_A_RESUMPTION: ReadonlySet<string> = new Set(['resume', 'budget', 'parallel', 'schedule', 'json'])

export function thresholdOptions(): readonly Option[] {
  const trials = wholeNumber(1, MOST_TRIALS)
  return [
    new Option('--lab <name>', 'which brokers; `lab list` names them').default('embedded'),
    new Option('--haproxy [check]', 'with HAProxy in front of that lab, and which check it makes')
      .preset('amqp')
      .choices(['amqp', 'plain']),
    new Option('--fault <name>', 'what is done to the brokers; `lab list` names what each lab can suffer').default(
      DRILL_DEFAULTS.fault,
    ),
    new Option('--pass <p>', 'how often no job may fail, as a share').argParser(share).default(DEFAULTS.pass),
    new Option('--confidence <c>', 'how sure that is to be, as a share').argParser(share).default(DEFAULTS.confidence),
    new Option('--trials <n>', 'how many outages are measured; defaults to as many as the claim needs').argParser(
      trials,
    ),
    new Option(
      '--confirm <n>',
      'how many runs of the one-retry producer must hold; defaults to as many as the claim needs',
    ).argParser(wholeNumber(0, MOST_TRIALS)),
    durationOption('--budget <duration>', 'how long it may take', duration(1000, LONGEST_BUDGET_MS), DEFAULTS.budgetMs),
    durationOption('--cap <duration>', 'a longer threshold is told as more than this', duration(100), DEFAULTS.capMs),
    durationOption('--every <duration>', 'from one probing job to the next', duration(1, 1000), DEFAULTS.everyMs),
    durationOption(
      '--job-every <duration>',
      'from one job of the one-retry producer to the next',
      duration(5, 5000),
      JOB_DEFAULTS.jobEveryMs,
    ),
    durationOption(
      '--deadline <duration>',
      'how long one dial, and one confirm, of the one-retry producer may take',
      duration(50, 60_000),
      JOB_DEFAULTS.deadlineMs,
    ),
    durationOption('--grid <duration>', 'a threshold is a multiple of this', duration(1, 60_000), DEFAULTS.gridMs),
    durationOption(
      '--hold <duration>',
      'how long a fault lasts that is healed after a while',
      duration(100),
      DRILL_DEFAULTS.holdMs,
    ),
    new Option('--seed <n>', 'repeat the random phases of an earlier search').argParser(wholeNumber(0, LARGEST_SEED)),
    new Option('--parallel <n>', 'how many labs work side by side').argParser(wholeNumber(1, MOST_PARALLEL)).default(1),
    new Option(
      '--verify <n>',
      'in place of a search: this many fresh runs of the one-retry producer, with --at',
    ).argParser(trials),
    new Option('--at <duration>', 'the retry threshold that is verified').argParser(duration(0)),
    new Option('--early', 'stop verifying as soon as the sequential test says go or no-go'),
    new Option(
      '--schedule <policy>',
      'replay another retry policy over the measured outages, once or more: retries=5,delay=500ms,factor=2,max=5s',
    )
      .argParser(schedule)
      .default([], 'none'),
    new Option('--out <folder>', 'where the search goes; a folder in ./drills when not given').argParser(namedFolder),
    new Option('--resume <folder>', 'go on with a search that was interrupted, or look at one that is done').argParser(
      namedFolder,
    ),
    new Option('--json', 'print the result as one JSON document'),
  ]
}

/** @throws UnderstudyError `invalid-option` when options contradict each other. */
export function checkThresholdOptions(options: ThresholdOptions, command: Command): void {
  const given = command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli')
  if (options.resume !== undefined) {
    const changed = given.find((name) => !OF_A_RESUMPTION.has(name))
    if (changed !== undefined) {
      throw new UnderstudyError('invalid-option', `option --${kebab(changed)} cannot be changed by --resume`)
    }
  }
  if ((options.verify === undefined) !== (options.at === undefined)) {
    throw new UnderstudyError(
      'invalid-option',
      'options --verify and --at belong together: how many runs, at which threshold',
    )
  }
  if (options.early && options.verify === undefined) {
    throw new UnderstudyError('invalid-option', 'option --early goes with --verify')
  }
}

export function methodOf(options: ThresholdOptions): Method {
  const { pass, confidence, grid: gridMs, cap: capMs, trials, confirm } = options
  return methodFor({
    pass,
    confidence,
    gridMs,
    capMs,
    ...(trials === undefined ? {} : { directTrials: trials }),
    ...(confirm === undefined ? {} : { confirmRuns: confirm }),
  })
}

export function trialSettingsOf(options: ThresholdOptions): TrialSettings {
  return {
    fault: options.fault,
    everyMs: options.every,
    jobEveryMs: options.jobEvery,
    deadlineMs: options.deadline,
    holdMs: options.hold,
  }
}

/** The command that repeats a search: what differs from the defaults, and the seed. */
export function thresholdCommandLine(
  understudy: string,
  search: Pick<Search, 'lab' | 'seed' | 'method' | 'trial' | 'verify' | 'schedules'>,
): string {
  const { lab, seed, method, trial, verify, schedules } = search
  const words = [understudy, 'threshold', '--lab', lab, '--fault', trial.fault, '--seed', String(seed)]
  const number = (name: string, value: number, usual: number): void => {
    if (value !== usual) words.push(`--${name}`, String(value))
  }
  const time = (name: string, ms: number, usual: number): void => {
    if (ms !== usual) words.push(`--${name}`, writeDuration(ms))
  }
  const usual = methodFor({ ...DEFAULTS, pass: method.pass, confidence: method.confidence })
  number('pass', method.pass, DEFAULTS.pass)
  number('confidence', method.confidence, DEFAULTS.confidence)
  number('trials', method.directTrials, usual.directTrials)
  number('confirm', method.confirmRuns, usual.confirmRuns)
  time('cap', method.capMs, DEFAULTS.capMs)
  time('grid', method.gridMs, DEFAULTS.gridMs)
  time('every', trial.everyMs, DEFAULTS.everyMs)
  time('job-every', trial.jobEveryMs, JOB_DEFAULTS.jobEveryMs)
  time('deadline', trial.deadlineMs, JOB_DEFAULTS.deadlineMs)
  time('hold', trial.holdMs, DRILL_DEFAULTS.holdMs)
  if (verify) words.push('--verify', String(verify.runs), '--at', writeDuration(verify.atMs))
  if (verify?.early) words.push('--early')
  for (const { schedule } of schedules) words.push('--schedule', shellWord(schedule))
  return words.join(' ')
}

/** The lab that is meant, by its whole name. */
export function thresholdLabOf(options: ThresholdOptions): string {
  return labOf(options)
}

function share(text: string): number {
  const value = Number(text)
  if (!/^0?\.\d{1,6}$/.test(text) || value < 0.01 || value > 0.9999) {
    throw new InvalidArgumentError('It must be a share from 0.01 to 0.9999, such as 0.9.')
  }
  return value
}

function schedule(text: string, before: readonly RetrySchedule[]): readonly RetrySchedule[] {
  try {
    return [...before, parseRetrySchedule(text)]
  } catch (error) {
    if (error instanceof UnderstudyError) throw new InvalidArgumentError(error.message)
    throw error
  }
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
