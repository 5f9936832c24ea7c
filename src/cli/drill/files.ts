import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { judge } from '../../drill/checker/checker.ts'
import type { HistoryEvent } from '../../drill/history.ts'
import { renderReport } from '../../drill/report/report.ts'
import { type DrillResult, toResult } from '../../drill/result.ts'
import { type ErrorCode, UnderstudyError } from '../../errors.ts'
import { save } from './folder.ts'
import { drillJUnit } from './junit.ts'
import { readLogs } from './logs.ts'

export const EVENTS_FILE = 'events.jsonl'

export interface DrillFilesOptions {
  /** The drill's folder, which holds its history. */
  readonly out: string
  /** The command line that repeats the drill. */
  readonly command: string
  readonly versions: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string | number>>
  /** The names of the brokers' files under `brokers`. */
  readonly logs: readonly string[]
}

/**
 * Judges a history and writes what a drill leaves behind beside it: `result.json`, `report.html` and `junit.xml`.
 *
 * @throws UnderstudyError `storage` when the folder fills up.
 */
export function writeDrillFiles(events: readonly HistoryEvent[], options: DrillFilesOptions): DrillResult {
  const { out, versions, command, settings, logs } = options
  const result = toResult(judge(events), {
    versions,
    command,
    settings,
    files: {
      events: EVENTS_FILE,
      report: 'report.html',
      result: 'result.json',
      junit: 'junit.xml',
      logs: logs.map((name) => `brokers/${name}`),
    },
  })
  save(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`)
  save(join(out, 'report.html'), renderReport(result, events, { logs: readLogs(out, result.files.logs) }))
  save(join(out, 'junit.xml'), drillJUnit(result, events))
  return result
}

/** What the thread of {@link writeDrillFilesApart} answers. */
export type DrillFilesAnswer =
  | { readonly result: DrillResult }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string } }

/**
 * The same in a thread of its own, from the history in the folder: a page takes long enough that other drills of this
 * process would measure it as an outage of theirs.
 *
 * @throws UnderstudyError likewise.
 */
export function writeDrillFilesApart(options: DrillFilesOptions): Promise<DrillResult> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`./files-worker.${extension}`, import.meta.url), { workerData: options })
    worker.once('message', (answer: DrillFilesAnswer) => {
      if ('result' in answer) resolve(answer.result)
      else reject(new UnderstudyError(answer.failed.code, answer.failed.message))
    })
    worker.once('error', reject)
    // Only where it said nothing before.
    worker.once('exit', (exitCode) => reject(new Error(`the thread that judges ended with ${exitCode}`)))
  })
}
