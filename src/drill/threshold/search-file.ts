import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem } from '../../folder.ts'
import type { Prediction } from '../fault.ts'
import type { Claim } from './claim.ts'
import type { Measured } from './measured.ts'
import type { Method } from './method.ts'
import type { ScheduleFate } from './retry-schedule.ts'
import type { TrialRecord } from './trial-record.ts'
import type { TrialSettings } from './trial.ts'

/** What the brokers were, so that a search goes on with the same and is told without them. */
export interface SearchTarget {
  readonly lab: string
  readonly brokers: readonly { readonly name: string; readonly version: string; readonly endpoint: string }[]
  readonly settings: Readonly<Record<string, string | number>>
  /** What the brokers' own settings say of the outage; null where they say nothing. */
  readonly predicted: Prediction | null
  /** Whether the fault is healed after a while, and not after recovery: then it lasts as long as it is held. */
  readonly heldFault: boolean
  readonly slowestPeriodMs: number
  readonly slowestTakeoverMs: number
}

/** `threshold.json`: a search with all that it measured, whole after every trial. Times are milliseconds. */
export interface Search {
  readonly schema: 1
  readonly kind: 'threshold'
  /** The lab as it was asked for. */
  readonly lab: string
  readonly seed: number
  readonly method: Method
  readonly trial: TrialSettings
  /** Runs of the one-retry producer at a threshold that was given, in place of a search; null for a search. */
  readonly verify: { readonly atMs: number; readonly runs: number; readonly early: boolean } | null
  /** Null until the first lab was up. */
  readonly target: SearchTarget | null
  /** In the order in which they ended. */
  readonly trials: readonly TrialRecord[]
  /** Trials that said nothing and were made again, and why. */
  readonly voids: readonly { readonly key: string; readonly again: number; readonly why: string }[]
  /** How long labs were at it so far, over all that resumed it. */
  readonly spentMs: number
  readonly versions: Readonly<Record<string, string>>
  readonly command: string
  /** What is earned so far; null in a verification. */
  readonly claim: Claim | null
  /** The thresholds of the measured outages, of those that are known; null without any. */
  readonly measured: Measured | null
  /** Other retry policies over the same outages. */
  readonly schedules: readonly ScheduleFate[]
}

export const SEARCH_FILE = 'threshold.json'

/** Writes it under another name first: a search that is interrupted, or a full disk, leaves the last whole one. */
export function writeSearch(folder: string, search: Search): void {
  const path = join(folder, SEARCH_FILE)
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(search, null, 2)}\n`)
    renameSync(`${path}.new`, path)
  } catch (cause) {
    throw new UnderstudyError('storage', `cannot write ${path}: ${fileProblem(cause)}`, { cause })
  }
}

/** @throws UnderstudyError `invalid-option` when there is none, or it is not one that this version reads. */
export function readSearch(folder: string): Search {
  const path = join(folder, SEARCH_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `cannot read ${path}: ${fileProblem(cause)}`, { cause })
  }
  const search = parseSearch(text)
  if (search === undefined) {
    throw new UnderstudyError(
      'invalid-option',
      `${path} is not a threshold search of schema 1, the one that this version reads`,
    )
  }
  return search
}

/** What the text of a `threshold.json` holds; undefined where that is no search of this version's schema. */
export function parseSearch(text: string): Search | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isSearch(value) ? value : undefined
}

/** Checks what the method and the text rely on; the rest is passed on as it is. */
function isSearch(value: unknown): value is Search {
  if (!isObject(value) || value['schema'] !== 1 || value['kind'] !== 'threshold') return false
  const { method, trial, trials, voids, seed, lab, spentMs, schedules } = value
  if (typeof lab !== 'string' || !Number.isSafeInteger(seed) || typeof spentMs !== 'number') return false
  if (!isObject(method) || !NUMBERS_OF_METHOD.every((name) => isNumber(method[name]))) return false
  if (!isObject(trial) || typeof trial['fault'] !== 'string') return false
  if (!Array.isArray(schedules) || !schedules.every((one) => isObject(one) && typeof one['schedule'] === 'string'))
    return false
  return Array.isArray(voids) && Array.isArray(trials) && trials.every(isTrial)
}

const NUMBERS_OF_METHOD = ['pass', 'confidence', 'directTrials', 'confirmRuns', 'gridMs', 'capMs']

function isTrial(value: unknown): boolean {
  if (!isObject(value) || typeof value['key'] !== 'string') return false
  const { kind, stage, index, thresholdMs, down, article } = value
  if (kind !== 'direct' && kind !== 'confirm' && kind !== 'verify') return false
  if (!Number.isSafeInteger(stage) || !Number.isSafeInteger(index) || !isNumberOrNull(thresholdMs)) return false
  if (article !== null && !(isObject(article) && typeof article['held'] === 'boolean')) return false
  return (
    Array.isArray(down) &&
    down.every((one) => isObject(one) && isNumber(one['fromMs']) && isNumberOrNull(one['untilMs']))
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value)
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || isNumber(value)
}
