import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { DrillResult } from '../../drill/result.ts'
import { renderComparisonPage } from '../../drill/report/compare/compare-page.ts'
import { renderComparison, renderSuiteComparison } from '../../drill/report/compare/compare-text.ts'
import { compareResults } from '../../drill/report/compare/comparison.ts'
import { parseStored, type Stored } from '../../drill/report/compare/stored-result.ts'
import { renderSuiteComparisonPage } from '../../drill/report/compare/suite-compare-page.ts'
import { compareSuites } from '../../drill/report/compare/suite-comparison.ts'
import type { SuiteResult } from '../../drill/suite/suite-result.ts'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem } from '../../folder.ts'
import { isFolder, shown } from '../drill/folder.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface CompareOptions {
  readonly html?: string
  readonly json?: true
}

export interface CompareCommandOptions {
  readonly terminal: Pick<Terminal, 'out' | 'err'>
  /** Whether ANSI colours may be written to standard output, and how many columns it has. */
  readonly colour: boolean
  readonly width: number
}

/** Sets two drills, or two suites, side by side and says in words what is better and what is worse. */
export function compareCommand(options: CompareCommandOptions): Command {
  return new Command('compare')
    .description('set two drills, or two suites, side by side: what is better, what is worse, and by how much')
    .argument('<a>', 'the folder that a drill or a suite left behind, or its result.json')
    .argument('<b>', 'what to compare with it, of the same kind')
    .option('--html <file>', 'write the comparison as a page, too')
    .option('--json', 'print the comparison as one JSON document')
    .addHelpText(
      'after',
      examples([
        'understudy compare drills/before drills/after',
        'understudy compare drills/before/result.json drills/after/result.json --html compare.html',
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
  } else {
    const named = (path: string, { kind }: Found): string =>
      `${shown(path)} is ${kind === 'suite' ? 'a suite' : 'one drill'}`
    throw new UnderstudyError(
      'invalid-option',
      `${named(pathA, a)} and ${named(pathB, b)}; each run of a suite has a folder of its own`,
    )
  }
}

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
  if (given.html !== undefined) save(given.html, renderComparisonPage(comparison, side(a), side(b)), options)
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
  if (given.html !== undefined) save(given.html, renderSuiteComparisonPage(comparison, side(a), side(b)), options)
  const sides = { a: { path: a.path, plan: a.suite.plan }, b: { path: b.path, plan: b.suite.plan } }
  const named = ({ path, suite }: OneSuite): string => `${shown(path)}: ${suite.plan}, ${suite.startedAt}`
  options.terminal.out(
    given.json
      ? `${JSON.stringify({ schema: 1, kind: 'suites', ...sides, ...comparison }, null, 2)}\n`
      : renderSuiteComparison(comparison, { a: named(a), b: named(b) }, options),
  )
}

function described(path: string, { target, fault }: DrillResult): string {
  return `${shown(path)}: ${target.lab}, ${[fault.name, fault.node].join(' ').trim()}`
}

type Found = Exclude<Stored, { readonly kind: 'wrong' }>

function read(path: string): Found {
  const folder = isFolder(path)
  const file = folder ? join(path, 'result.json') : path
  if (folder && !existsSync(file)) {
    const why = existsSync(join(path, 'threshold.json'))
      ? 'holds a search for the retry threshold; drills and suites can be compared'
      : 'holds no result.json: no drill ended there'
    throw new UnderstudyError('invalid-option', `${shown(path)} ${why}`)
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `cannot read ${shown(file)}: ${fileProblem(cause)}`, { cause })
  }
  const stored = parseStored(text)
  if (stored.kind === 'wrong') throw new UnderstudyError('invalid-option', `${shown(file)} ${stored.wrong}`)
  return stored
}

function save(path: string, text: string, { terminal }: CompareCommandOptions): void {
  try {
    writeFileSync(path, text)
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `option --html: cannot write ${shown(path)}: ${fileProblem(cause)}`, {
      cause,
    })
  }
  terminal.err(`the comparison as a page: ${shown(path)}\n`)
}
