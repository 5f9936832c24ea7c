import { join } from 'node:path'
import { styleText } from 'node:util'
import { formatCount } from '../checker/exact-durations.ts'
import { summaryLine } from '../checker/objectives.ts'
import type { DrillResult, Verdict } from '../result.ts'
import { formatMs, plural } from './durations.ts'
import { duplicateKinds, formatBounds } from './figures.ts'
import { duplicates, findingsBesideHeadline, headline, sayVictim } from './headline.ts'
import { printableLine } from '../../page/printable.ts'
import { wrap } from '../../text-width.ts'

export interface SummaryOptions {
  /** Whether ANSI colours may be written. Defaults to false. */
  readonly colour?: boolean
  /** Columns that a line may take, from 40 on. Defaults to 100. */
  readonly width?: number
  /** The folder of the result's files, as it is to be shown. Defaults to the current one. */
  readonly folder?: string
}

const LABEL_WIDTH = 11
const NARROWEST = 40
const WHOLE: ReadonlySet<string> = new Set(['report', 'again'])
const COLOURS: Readonly<Record<Verdict, 'green' | 'red' | 'yellow'>> = { pass: 'green', fail: 'red', unknown: 'yellow' }

/** The end of a drill for a terminal: the verdict, what happened, the numbers, and where the report is. */
export function renderSummary(result: DrillResult, options: SummaryOptions = {}): string {
  const width = Math.max(NARROWEST, options.width ?? 100)
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    options.colour ? styleText(format, text, { validateStream: false }) : text
  const verdict = result.verdict.toUpperCase()
  const first = wrap(`${verdict} · ${printableLine(summaryLine(result), 500)}`, width)
  const lines = first.map((line, index) =>
    index === 0 ? paint(['bold', COLOURS[result.verdict]], verdict) + line.slice(verdict.length) : line,
  )
  lines.push(...wrap(printableLine(headline(result), 500), width), '')
  for (const [label, texts] of entries(result, options.folder)) {
    for (const [index, text] of texts.entries()) {
      const shown = index === 0 ? label.padEnd(LABEL_WIDTH) : ' '.repeat(LABEL_WIDTH)
      const shownText = printableLine(text, 1_000)
      // A path or a command is for copying, so it stays in one piece.
      const pieces = WHOLE.has(label) ? [shownText] : wrap(shownText, width - LABEL_WIDTH)
      for (const [part, line] of pieces.entries()) {
        lines.push((part === 0 ? paint('dim', shown) : ' '.repeat(LABEL_WIDTH)) + line)
      }
    }
  }
  return `${lines.join('\n')}\n`
}

/** The labelled lines, those without anything to say left out. */
function entries(result: DrillResult, folder = ''): readonly (readonly [string, readonly string[]])[] {
  const all: readonly (readonly [string, readonly string[]])[] = [
    ['why', result.reasons],
    ['jobs', [jobsLine(result)]],
    ['failover', [failoverLine(result)]],
    ['outage', outageLines(result)],
    ['recovery', recoveryLines(result)],
    ['threshold', thresholdLines(result)],
    ['latency', latencyLines(result)],
    ['noted', findingsBesideHeadline(result)],
    ['report', result.files.report === null ? [] : [join(folder, result.files.report)]],
    ['again', [result.command]],
  ]
  return all.filter(([, lines]) => lines.length > 0)
}

function jobsLine(result: DrillResult): string {
  const { jobs } = result
  const twice = duplicates(result)
  return [
    `${formatCount(jobs.attempted)} sent`,
    `${formatCount(jobs.acknowledged)} confirmed`,
    jobs.lost === null ? 'lost: unknown' : `${formatCount(jobs.lost)} lost`,
    `${formatCount(jobs.failed)} failed`,
    ...(jobs.indeterminate > 0 ? [`${formatCount(jobs.indeterminate)} in doubt`] : []),
    ...(jobs.unexpected > 0 ? [`${formatCount(jobs.unexpected)} unexpected`] : []),
    twice === 0 ? '0 duplicates' : `${plural(twice, 'duplicate')} (${duplicateKinds(result)})`,
  ].join(' · ')
}

function failoverLine(result: DrillResult): string {
  const { failoverMs, failoverParts, fault } = result
  if (fault.injectedAt === null) return 'nothing was injected'
  if (failoverMs === null) return `no other broker took over after ${sayVictim(result)} was ${fault.done}`
  return `${formatMs(failoverMs)} = ${failoverParts.map((part) => `${part.name} ${formatMs(part.ms)}`).join(' + ')}`
}

function outageLines({ outage }: DrillResult): readonly string[] {
  const told = [
    ...(outage.producerMs ? [`producer ${formatBounds(outage.producerMs)}`] : []),
    ...(outage.consumerMs === null ? [] : [`consumer ${formatMs(outage.consumerMs)}`]),
  ]
  return told.length === 0 ? [] : [told.join(' · ')]
}

function recoveryLines({ recoveryMs }: DrillResult): readonly string[] {
  if (recoveryMs === null) return []
  return [`${formatMs(recoveryMs)}, until errors, latency and backlog were as before the fault, and stayed so`]
}

function thresholdLines({ retryThresholdMs }: DrillResult): readonly string[] {
  if (retryThresholdMs === null) return []
  return [`${formatMs(retryThresholdMs)}: a producer that waits so long before its one retry fails no job of this run`]
}

function latencyLines({ latencyMs }: DrillResult): readonly string[] {
  if (latencyMs === null) return []
  const { p50, p99, max } = latencyMs
  return [`p50 ${formatMs(p50)} · p99 ${formatMs(p99)} · longest ${formatMs(max)}, from due to confirmed`]
}
