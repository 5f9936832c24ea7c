import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDrillFiles } from '../../../src/cli/drill/files.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import type { DrillResult } from '../../../src/drill/result.ts'
import { renderSuitePage } from '../../../src/drill/report/suite/suite-page.ts'
import type { SuiteResult } from '../../../src/drill/suite/suite-result.ts'
import { KILLED, type Script, writeDrill } from '../../drill/report/written-drills.ts'

export interface WrittenFolder {
  /** How much later than the others' its fault struck, in milliseconds. Defaults to 0. */
  readonly laterMs?: number
  readonly lab?: string
}

/** A drill's folder, written by the project's own writer from a written history. */
export function writeDrillFolder(
  root: string,
  name: string,
  script: Script = KILLED,
  { laterMs = 0, lab = 'embedded' }: WrittenFolder = {},
): DrillResult {
  const out = join(root, ...name.split('/'))
  mkdirSync(out, { recursive: true })
  const events = writeDrill(script).map((event): HistoryEvent => {
    const wall = event.wall + laterMs
    return event.type === 'run' ? Object.assign(event, { wall, lab }) : Object.assign(event, { wall })
  })
  writeFileSync(join(out, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const command = `understudy drill --lab ${lab} --fault ${script.fault} --seed 42`
  return writeDrillFiles(events, { out, command, versions: { node: '24' }, settings: {}, logs: [] })
}

/** A history without a result: of a drill that runs, or of one that died `ageMs` ago. */
export function writeHistoryOnly(root: string, name: string, ageMs: number): void {
  const out = join(root, name)
  mkdirSync(out, { recursive: true })
  const path = join(out, 'events.jsonl')
  const events = writeDrill(KILLED).slice(0, 50)
  writeFileSync(path, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const at = new Date(Date.now() - ageMs)
  utimesSync(path, at, at)
}

export function writeSuiteFolder(root: string, name: string, suite: SuiteResult): void {
  const out = join(root, name)
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'result.json'), JSON.stringify(suite))
  writeFileSync(join(out, 'report.html'), renderSuitePage(suite))
}
