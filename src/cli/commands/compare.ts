import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command, Option } from 'commander'
import type { DrillResult } from '../../drill/result.ts'
import { renderComparisonPage } from '../../drill/report/compare/compare-page.ts'
import {
  renderComparison,
  renderSuiteComparison,
  renderThresholdComparison,
} from '../../drill/report/compare/compare-text.ts'
import { compareResults } from '../../drill/report/compare/comparison.ts'
import { parseStored } from '../../drill/report/compare/stored-result.ts'
import { type Comparable, parseStoredThreshold } from '../../drill/report/compare/stored-threshold.ts'
import { renderSuiteComparisonPage } from '../../drill/report/compare/suite-compare-page.ts'
import { compareSuites } from '../../drill/report/compare/suite-comparison.ts'
import { renderThresholdComparisonPage } from '../../drill/report/compare/threshold-compare-page.ts'
import { claimWords, compareThresholds } from '../../drill/report/compare/threshold-comparison.ts'
import { stateOf } from '../../drill/report/threshold/state.ts'
import type { SuiteResult } from '../../drill/suite/suite-result.ts'
import { type Search, SEARCH_FILE } from '../../drill/threshold/search-file.ts'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem } from '../../folder.ts'
import { isFolder, shown } from '../drill/folder.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface CompareOptions {
  readonly out?: string
  /** What `--out` was called before. */
  readonly html?: string
  readonly json?: true
}

export interface CompareCommandOptions {
  readonly terminal: Pick<Terminal, 'out' | 'err'>
  /** Whether ANSI colours may be written to standard output, and how many columns it has. */
  readonly colour: boolean
  readonly width: number
}

/** Sets two drills, two suites or two retry thresholds side by side and says in words what is better and what is worse. */
export function compareCommand(options: CompareCommandOptions): Command {
  return new Command('compare')
    .description(
      'set two drills, two suites or two retry thresholds side by side: what is better, what is worse, and by how much',
    )
    .argument(
      '<a>',
      `the folder that a drill, a suite or a threshold left behind, or its result.json or ${SEARCH_FILE}`,
    )
    .argument('<b>', 'what to compare with it, of the same kind')
    .option('--out <file>', 'write the comparison as a page, too')
    .addOption(new Option('--html <file>', 'another name of --out').hideHelp().conflicts('out'))
    .option('--json', 'print the comparison as one JSON document')
    .addHelpText(
      'after',
      examples([
        'understudy compare drills/before drills/after',
        'understudy compare drills/before/result.json drills/after/result.json --out compare.html',
      ]),
    )
    .action((a: string, b: string, given: CompareOptions) => compare(a, b, given, options))
}

function compare(pathA: string, pathB: string, given: CompareOptions, options: CompareCommandOptions): void {
  const a = read(pathA)
  const b = read(pathB)
  if (a.kind === 'drill' && b.kind === 'drill') {
    compareDrills({ path: pathA, result: a.result }, { path: pathB, result: b.result }, given, options)
  } else if (a.kind === 'suite' && b.kind === 'suite') {
    compareTwoSuites({ path: pathA, suite: a.suite }, { path: pathB, suite: b.suite }, given, options)
  } else if (a.kind === 'threshold' && b.kind === 'threshold') {
    compareTwoThresholds({ path: pathA, search: a.search }, { path: pathB, search: b.search }, given, options)
  } else {
    const named = (path: string, { kind }: Comparable): string => `${shown(path)} is ${KINDS[kind]}`
    const hint = [a.kind, b.kind].includes('threshold') ? '' : '; each run of a suite has a folder of its own'
    throw new UnderstudyError('invalid-option', `${named(pathA, a)} and ${named(pathB, b)}${hint}`)
  }
}

const KINDS = { drill: 'one drill', suite: 'a suite', threshold: 'a search for the retry threshold' } as const

interface OneDrill {
  readonly path: string
  readonly result: DrillResult
}

function compareDrills(a: OneDrill, b: OneDrill, given: CompareOptions, options: CompareCommandOptions): void {
  const comparison = compareResults(a.result, b.result)
  const side = ({ path, result }: OneDrill): Parameters<typeof renderComparisonPage>[1] => ({
    name: shown(path),
    result,
  })
  savePage(given, () => renderComparisonPage(comparison, side(a), side(b)), options)
  const sides = { a: { path: a.path, runId: a.result.runId }, b: { path: b.path, runId: b.result.runId } }
  options.terminal.out(
    given.json
      ? `${JSON.stringify({ schema: 1, ...sides, ...comparison }, null, 2)}\n`
      : renderComparison(comparison, { a: described(a.path, a.result), b: described(b.path, b.result) }, options),
  )
}

interface OneSuite {
  readonly path: string
  readonly suite: SuiteResult
}

function compareTwoSuites(a: OneSuite, b: OneSuite, given: CompareOptions, options: CompareCommandOptions): void {
  const comparison = compareSuites(a.suite, b.suite)
  const side = ({ path, suite }: OneSuite): Parameters<typeof renderSuiteComparisonPage>[1] => ({
    name: shown(path),
    suite,
  })
  savePage(given, () => renderSuiteComparisonPage(comparison, side(a), side(b)), options)
  const sides = { a: { path: a.path, plan: a.suite.plan }, b: { path: b.path, plan: b.suite.plan } }
  const named = ({ path, suite }: OneSuite): string => `${shown(path)}: ${suite.plan}, ${suite.startedAt}`
  options.terminal.out(
    given.json
      ? `${JSON.stringify({ schema: 1, kind: 'suites', ...sides, ...comparison }, null, 2)}\n`
      : renderSuiteComparison(comparison, { a: named(a), b: named(b) }, options),
  )
}

interface OneThreshold {
  readonly path: string
  readonly search: Search
}

function compareTwoThresholds(
  a: OneThreshold,
  b: OneThreshold,
  given: CompareOptions,
  options: CompareCommandOptions,
): void {
  const comparison = compareThresholds(a.search, b.search)
  const side = ({ path, search }: OneThreshold): Parameters<typeof renderThresholdComparisonPage>[1] => ({
    name: shown(path),
    search,
  })
  savePage(given, () => renderThresholdComparisonPage(comparison, side(a), side(b)), options)
  const told = ({ path, search }: OneThreshold): object => ({ path, lab: search.lab, fault: search.trial.fault })
  const named = ({ path, search }: OneThreshold): string =>
    `${shown(path)}: ${search.lab}, ${search.trial.fault}: ${stateOf(search).words}, ${claimWords(search)}`
  options.terminal.out(
    given.json
      ? `${JSON.stringify({ schema: 1, kind: 'thresholds', a: told(a), b: told(b), ...comparison }, null, 2)}\n`
      : renderThresholdComparison(comparison, { a: named(a), b: named(b) }, options),
  )
}

function described(path: string, { target, fault }: DrillResult): string {
  return `${shown(path)}: ${target.lab}, ${[fault.name, fault.node].join(' ').trim()}`
}

function read(path: string): Comparable {
  const file = isFolder(path) ? resultIn(path) : path
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `cannot read ${shown(file)}: ${fileProblem(cause)}`, { cause })
  }
  const stored = parseStored(text)
  if (stored.kind !== 'wrong') return stored
  const threshold = parseStoredThreshold(text)
  if ('search' in threshold) return { kind: 'threshold', ...threshold }
  const { wrong } = basename(file) === SEARCH_FILE ? threshold : stored
  throw new UnderstudyError('invalid-option', `${shown(file)} ${wrong}`)
}

function resultIn(folder: string): string {
  const found = ['result.json', SEARCH_FILE].map((name) => join(folder, name)).find((path) => existsSync(path))
  if (found !== undefined) return found
  const why = `holds no result.json and no ${SEARCH_FILE}: neither a drill nor a search ended there`
  throw new UnderstudyError('invalid-option', `${shown(folder)} ${why}`)
}

function savePage(given: CompareOptions, render: () => string, { terminal }: CompareCommandOptions): void {
  const name = given.out === undefined ? 'html' : 'out'
  const path = given[name]
  if (path === undefined) return
  const page = render()
  try {
    writeFileSync(path, page)
  } catch (cause) {
    const why = `cannot write ${shown(path)}: ${fileProblem(cause)}`
    throw new UnderstudyError('invalid-option', `option --${name}: ${why}`, { cause })
  }
  terminal.err(`the comparison as a page: ${shown(path)}\n`)
}
