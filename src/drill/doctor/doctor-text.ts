import { styleText } from 'node:util'
import { sayMs } from '../checker/exact-durations.ts'
import { printableLine } from '../../page/printable.ts'
import { textWidth, wrap } from '../../text-width.ts'
import type { Diagnosis, FaultPrediction } from './diagnosis.ts'
import type { EndpointReading } from './endpoint-reading.ts'
import { type Finding, SEVERITIES, type Severity } from './finding.ts'

export interface DoctorTextOptions {
  /** Whether ANSI colours may be written. Defaults to false. */
  readonly colour?: boolean
  /** Columns that a line may take, from 40 on. Defaults to 80. */
  readonly width?: number
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

const NARROWEST = 40
const LONGEST = 1_000
const COLOURS: Readonly<Record<Severity, 'red' | 'yellow' | 'cyan' | 'green'>> = {
  problem: 'red',
  warning: 'yellow',
  note: 'cyan',
  fine: 'green',
}

/** A diagnosis for a terminal: who answers, what is wrong, worst first, and what to expect of each fault. */
export function renderDiagnosis(diagnosis: Diagnosis, options: DoctorTextOptions = {}): string {
  const width = Math.max(NARROWEST, options.width ?? 80)
  const paint: Paint = (format, text) => (options.colour ? styleText(format, text, { validateStream: false }) : text)
  const lines = [
    ...summary(diagnosis, paint),
    '',
    ...diagnosis.target.endpoints.flatMap((reading) => hanging('  ', endpointLine(reading), width)),
    ...SEVERITIES.flatMap((severity) => group(severity, diagnosis.findings, width, paint)),
    ...predictions(diagnosis.predictions, width, paint),
  ]
  return `${lines.join('\n')}\n`
}

function summary({ target, counts }: Diagnosis, paint: Paint): readonly string[] {
  const worst = SEVERITIES.find((severity) => counts[severity] > 0) ?? 'fine'
  const told = [
    ...(counts.problem > 0 ? [`${counts.problem} ${counts.problem === 1 ? 'problem' : 'problems'}`] : ['no problem']),
    ...(counts.warning > 0 ? [`${counts.warning} ${counts.warning === 1 ? 'warning' : 'warnings'}`] : []),
    ...(counts.note > 0 ? [`${counts.note} ${counts.note === 1 ? 'note' : 'notes'}`] : []),
    `${counts.fine} fine`,
  ]
  return [paint('bold', printableLine(target.name, LONGEST)), paint(COLOURS[worst], told.join(' · '))]
}

function endpointLine({ endpoint, answer, greeting }: EndpointReading): string {
  if (answer !== 'serving') return `${endpoint}  ${answer}`
  const beat = greeting === null ? undefined : greeting.heartbeatMs
  const told = [
    [greeting?.product, greeting?.version].filter((part) => part !== undefined).join(' '),
    greeting?.cluster === undefined || greeting.cluster.includes('@') ? '' : `cluster ${greeting.cluster}`,
    beat === undefined ? '' : beat === 0 ? 'no heart-beat' : `heart-beat ${sayMs(beat)}`,
  ].filter((part) => part !== '')
  return `${endpoint}  serves${told.length === 0 ? '' : ` (${told.join(', ')})`}`
}

function group(severity: Severity, findings: readonly Finding[], width: number, paint: Paint): readonly string[] {
  const found = findings.filter((one) => one.severity === severity)
  if (found.length === 0) return []
  const colour = COLOURS[severity]
  if (severity === 'fine') {
    return ['', paint(['bold', colour], 'FINE'), ...found.flatMap(({ is }) => hanging('  ', is, width))]
  }
  return found.flatMap((one) => entry(one, width, paint))
}

function entry({ severity, area, code, is, why, advice }: Finding, width: number, paint: Paint): readonly string[] {
  const lines = [
    '',
    `${paint(['bold', COLOURS[severity]], severity.toUpperCase())}  ${paint('dim', `${area}: ${code}`)}`,
    ...hanging('  ', is, width),
  ]
  if (why !== null) lines.push(...hanging('  why  ', why, width))
  if (advice !== null) lines.push(...hanging('  do   ', advice, width))
  return lines
}

function predictions(all: readonly FaultPrediction[], width: number, paint: Paint): readonly string[] {
  if (all.length === 0) return []
  const rows = all.map(({ fault, missing, predicted, summary: does }) => ({
    fault,
    range:
      missing !== null ? 'not here' : predicted === null ? 'not told' : rangeOf(predicted.lowerMs, predicted.upperMs),
    because: missing ?? predicted?.because ?? does,
  }))
  const faultWidth = Math.max('fault'.length, ...rows.map(({ fault }) => textWidth(fault)))
  const rangeWidth = Math.max('no jobs for'.length, ...rows.map(({ range }) => textWidth(range)))
  const head = `  ${'fault'.padEnd(faultWidth)}  ${'no jobs for'.padEnd(rangeWidth)}  because`
  return [
    '',
    paint('bold', 'PREDICTED, by the settings, before any fault'),
    paint('dim', head),
    ...rows.flatMap(({ fault, range, because }) =>
      hanging(`  ${fault.padEnd(faultWidth)}  ${range.padEnd(rangeWidth)}  `, because, width),
    ),
  ]
}

function rangeOf(lowerMs: number, upperMs: number | null): string {
  if (upperMs === null) return 'until healed'
  if (upperMs === 0) return 'no time'
  if (lowerMs === upperMs) return sayMs(upperMs)
  if (lowerMs === 0) return `up to ${sayMs(upperMs)}`
  return `${sayMs(lowerMs)} – ${sayMs(upperMs)}`
}

/** A text behind a first word, its further lines below its beginning. */
function hanging(first: string, text: string, width: number): readonly string[] {
  const indent = ' '.repeat(textWidth(first))
  return wrap(printableLine(text, LONGEST), Math.max(NARROWEST / 2, width - indent.length)).map(
    (line, index) => `${index === 0 ? first : indent}${line}`,
  )
}
