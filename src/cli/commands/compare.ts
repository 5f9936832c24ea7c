import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { DrillResult } from '../../drill/result.ts'
import { renderComparisonPage } from '../../drill/report/compare/compare-page.ts'
import { renderComparison } from '../../drill/report/compare/compare-text.ts'
import { compareResults } from '../../drill/report/compare/comparison.ts'
import { parseResult } from '../../drill/report/compare/stored-result.ts'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem } from '../../folder.ts'
import { shown } from '../drill-folder.ts'
import type { Terminal } from '../terminal.ts'

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

/** Sets two drills side by side and says in words what is better and what is worse. */
export function compareCommand(options: CompareCommandOptions): Command {
  return new Command('compare')
    .description('set two drills side by side: what is better, what is worse, and by how much')
    .argument('<a>', 'the folder that a drill left behind, or its result.json')
    .argument('<b>', 'the drill to compare with it')
    .option('--html <file>', 'write the comparison as a page, too')
    .option('--json', 'print the comparison as one JSON document')
    .action((a: string, b: string, given: CompareOptions) => compare(a, b, given, options))
}

function compare(pathA: string, pathB: string, given: CompareOptions, options: CompareCommandOptions): void {
  const a = readResult(pathA)
  const b = readResult(pathB)
  const comparison = compareResults(a, b)
  if (given.html !== undefined) {
    write(
      given.html,
      renderComparisonPage(comparison, { name: shown(pathA), result: a }, { name: shown(pathB), result: b }),
    )
    options.terminal.err(`the comparison as a page: ${shown(given.html)}\n`)
  }
  const sides = { a: { path: pathA, runId: a.runId }, b: { path: pathB, runId: b.runId } }
  options.terminal.out(
    given.json
      ? `${JSON.stringify({ schema: 1, ...sides, ...comparison }, null, 2)}\n`
      : renderComparison(comparison, { a: described(pathA, a), b: described(pathB, b) }, options),
  )
}

function described(path: string, { target, fault }: DrillResult): string {
  return `${shown(path)}: ${target.lab}, ${[fault.name, fault.node].join(' ').trim()}`
}

function readResult(path: string): DrillResult {
  const folder = isFolder(path)
  const file = folder ? join(path, 'result.json') : path
  if (folder && !existsSync(file)) {
    throw new UnderstudyError('invalid-option', `${shown(path)} holds no result.json: no drill ended there`)
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `cannot read ${shown(file)}: ${fileProblem(cause)}`, { cause })
  }
  const stored = parseResult(text)
  if ('wrong' in stored) throw new UnderstudyError('invalid-option', `${shown(file)} ${stored.wrong}`)
  return stored.result
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `option --html: cannot write ${shown(path)}: ${fileProblem(cause)}`, {
      cause,
    })
  }
}
