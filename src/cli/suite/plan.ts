import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, type Option } from 'commander'
import { planError, readSuiteDocument, type SuiteEntries, type SuiteEntry } from '../../drill/suite/suite-document.ts'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem } from '../../folder.ts'
import { type DrillOptions, drillOptions, faultOf, labOf } from '../drill/options.ts'
import { checkTarget, type DrillTargets } from '../drill/target.ts'

/** One drill of a plan, read and checked. */
export interface PlannedDrill {
  readonly name: string
  /** The lab's name, HAProxy in front of it included. */
  readonly lab: string
  readonly repeat: number
  readonly options: DrillOptions
}

export interface SuitePlan {
  readonly parallel: number
  readonly drills: readonly PlannedDrill[]
}

/**
 * Reads a plan whose drills have the options of the command line, by the same names and written the same way.
 *
 * @throws UnderstudyError `invalid-option`: one line that names the file and the line of the mistake.
 */
export function readSuitePlan(path: string, targets: Pick<DrillTargets, 'faultNames' | 'networkFaults'>): SuitePlan {
  const options = drillOptions()
  const document = readSuiteDocument(
    readText(path),
    path,
    options.map((option) => option.attributeName()),
  )
  const taken = new Map<string, number>()
  const drills = document.drills.map((entries): PlannedDrill => {
    const drill = optionsOf(path, entries, options)
    const lab = labOf(drill)
    if (drill.uri === undefined) at(path, lineOf(entries, 'lab', 'haproxy'), () => targets.faultNames(lab))
    at(path, lineOf(entries, 'fault'), () => checkTarget(drill, targets))
    // They may be the same brokers: each drill would take the other's fault for its own.
    if (drill.uri !== undefined && document.parallel > 1)
      throw planError(
        path,
        lineOf(entries, 'uri'),
        'uri: brokers of your own are drilled one at a time, not in parallel',
      )
    const wanted = entries.name ?? `${lab} ${faultOf(drill)}`
    const copy = (taken.get(wanted) ?? 0) + 1
    taken.set(wanted, copy)
    return { name: copy === 1 ? wanted : `${wanted} (${copy})`, lab, repeat: entries.repeat, options: drill }
  })
  return { parallel: document.parallel, drills }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    // Whoever writes `drill embedded` means the lab.
    const hint = /^[\w-]+$/.test(path) ? `; a lab is named by --lab ${path}` : ''
    const what = `the plan ${path} cannot be read: ${fileProblem(cause)}${hint}`
    throw new UnderstudyError('invalid-option', what, { cause })
  }
}

/** The options as the command line would have read them, so that defaults and checks are the same. */
function optionsOf(path: string, { entries }: SuiteEntries, options: readonly Option[]): DrillOptions {
  const command = new Command()
  for (const option of options) command.addOption(option)
  for (const entry of entries) {
    const option = options.find((one) => one.attributeName() === entry.key)
    if (option)
      at(path, entry.line, () => command.setOptionValueWithSource(entry.key, valueOf(option, entry), 'config'))
  }
  return command.opts<DrillOptions>()
}

function valueOf(option: Option, { key, value }: SuiteEntry): unknown {
  const takesNone = !option.required && !option.optional
  if (value === null) throw new InvalidArgumentError(`${key}: it has no value.`)
  if (typeof value === 'boolean') {
    if (option.required) throw new InvalidArgumentError(`${key}: it needs a value.`)
    if (!value) return undefined
    return takesNone ? true : option.parseArg?.(String(option.presetArg), undefined)
  }
  if (takesNone) throw new InvalidArgumentError(`${key}: it must be true or false.`)
  const text = textOf(value)
  if (text === undefined) throw new InvalidArgumentError(`${key}: it must be one value, not a list.`)
  try {
    return option.parseArg ? option.parseArg(text, undefined) : text
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new InvalidArgumentError(`${key}: ${text}: ${error.message}`)
    throw error
  }
}

/** A map is a query: `clientOptions` is easier to read that way. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return new URLSearchParams(
    Object.entries(value).map(([name, one]): [string, string] => [name, String(one)]),
  ).toString()
}

function lineOf(entries: SuiteEntries, ...keys: readonly string[]): number {
  return entries.entries.find(({ key }) => keys.includes(key))?.line ?? entries.line
}

/** What goes wrong there is told with its place in the file. */
function at<Value>(path: string, line: number, action: () => Value): Value {
  try {
    return action()
  } catch (error) {
    if (error instanceof InvalidArgumentError || error instanceof UnderstudyError)
      throw planError(path, line, error.message)
    throw error
  }
}
