import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml'
import { UnderstudyError } from '../../errors.ts'
import { didYouMean } from '../../transport/option-names.ts'

/** One key of a drill as it stands in the file. */
export interface SuiteEntry {
  readonly key: string
  /** A text, a number, true or false, or a map of those. */
  readonly value: unknown
  readonly line: number
}

/** One drill of the file, its defaults already under it. */
export interface SuiteEntries {
  /** What it is called; undefined when the file does not say. */
  readonly name: string | undefined
  /** How many times it is run. Defaults to 1. */
  readonly repeat: number
  readonly line: number
  readonly entries: readonly SuiteEntry[]
}

export interface SuiteDocument {
  /** How many labs may be up at a time. Defaults to 1. */
  readonly parallel: number
  readonly drills: readonly SuiteEntries[]
}

const TOP_KEYS = ['parallel', 'defaults', 'drills']
const OWN_KEYS = ['name', 'repeat']
const MOST_PARALLEL = 16
const MOST_REPEATS = 10_000
const MOST_DRILLS = 1000
const LONGEST_FILE = 1024 * 1024

/**
 * Reads a plan of several drills, a YAML document with `defaults`, `drills` and `parallel`. `keys` are those that a
 * drill may have beside `name` and `repeat`; what they mean is the caller's to say.
 *
 * @throws UnderstudyError `invalid-option`: one line with `file`, the line of it, and for an unknown key the nearest
 * known one.
 */
export function readSuiteDocument(text: string, file: string, keys: readonly string[]): SuiteDocument {
  const lines = new LineCounter()
  const lineOf = (node: unknown): number => lines.linePos((node as Node | null)?.range?.[0] ?? 0).line
  if (text.length > LONGEST_FILE) throw planError(file, 1, `the plan is longer than ${LONGEST_FILE} characters`)
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) {
    const message = problem.code === 'MULTIPLE_DOCS' ? 'a plan is one document' : problem.message
    throw planError(file, lines.linePos(problem.pos[0]).line, message)
  }
  const valueOf = (node: unknown): unknown => {
    try {
      return (node as Node | null)?.toJS(document)
    } catch {
      throw planError(file, lineOf(node), 'its aliases stand for too much')
    }
  }
  const reader: Reader = { file, lineOf, valueOf }

  const root = document.contents
  if (!isMap(root)) throw planError(file, 1, 'a plan is a map with the keys drills, defaults and parallel')
  const top = pairsOf(reader, root, TOP_KEYS)
  const defaults = entriesOf(reader, top.get('defaults')?.node, ['repeat', ...keys], 'defaults')
  const drills = top.get('drills')
  if (!drills) throw planError(file, 1, 'the plan has no drills')
  if (!isSeq(drills.node) || drills.node.items.length === 0)
    throw planError(file, drills.line, 'drills: it must be a list of at least one drill')
  if (drills.node.items.length > MOST_DRILLS) throw planError(file, drills.line, `drills: at most ${MOST_DRILLS}`)
  const parallel = top.get('parallel')
  return {
    parallel: parallel ? countOf(reader, 'parallel', parallel, MOST_PARALLEL) : 1,
    drills: drills.node.items.map((item) => drillOf(reader, item, defaults, keys)),
  }
}

/** The error for a line of the plan. */
export function planError(file: string, line: number, message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `${file} line ${line}: ${message.replaceAll(/\s*\n\s*/g, ' ')}`)
}

interface Reader {
  readonly file: string
  readonly lineOf: (node: unknown) => number
  readonly valueOf: (node: unknown) => unknown
}

interface Pair {
  readonly node: unknown
  readonly line: number
}

function drillOf(
  reader: Reader,
  item: unknown,
  defaults: readonly SuiteEntry[],
  keys: readonly string[],
): SuiteEntries {
  const line = reader.lineOf(item)
  const own = entriesOf(reader, item, [...OWN_KEYS, ...keys], 'a drill')
  const given = new Map([...defaults, ...own].map((entry) => [entry.key, entry]))
  const name = given.get('name')
  if (name && (typeof name.value !== 'string' || name.value.trim() === ''))
    throw planError(reader.file, name.line, 'name: it must be a text')
  const repeat = given.get('repeat')
  return {
    name: typeof name?.value === 'string' ? name.value.trim() : undefined,
    repeat: repeat ? wholeNumber(reader.file, repeat, MOST_REPEATS) : 1,
    line,
    entries: [...given.values()].filter(({ key }) => !OWN_KEYS.includes(key)),
  }
}

function entriesOf(reader: Reader, node: unknown, keys: readonly string[], what: string): readonly SuiteEntry[] {
  if (node === undefined || (isScalar(node) && node.value === null)) {
    // `defaults:` with nothing under it; a drill with nothing in it is all defaults.
    return []
  }
  if (!isMap(node)) throw planError(reader.file, reader.lineOf(node), `${what}: it must be a map of keys and values`)
  return [...pairsOf(reader, node, keys)].map(([key, { node: value, line }]) => {
    return { key, value: reader.valueOf(value), line }
  })
}

function pairsOf({ file, lineOf }: Reader, map: YAMLMap, keys: readonly string[]): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>()
  for (const { key, value } of map.items) {
    const line = lineOf(key)
    const name = isScalar(key) ? String(key.value) : ''
    if (!keys.includes(name)) {
      throw planError(file, line, `unknown key ${JSON.stringify(name.slice(0, 64))}${didYouMean(name, keys)}`)
    }
    pairs.set(name, { node: value, line })
  }
  return pairs
}

function countOf({ file, valueOf }: Reader, key: string, { node, line }: Pair, most: number): number {
  return wholeNumber(file, { key, value: valueOf(node), line }, most)
}

function wholeNumber(file: string, { key, value, line }: SuiteEntry, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
  throw planError(file, line, `${key}: it must be a whole number from 1 to ${most}`)
}
