import { formatCount } from '../checker/exact-durations.ts'
import type { DrillResult } from '../result.ts'
import { formatMs, plural, unbroken } from './durations.ts'
import { duplicates, objectiveOf } from './headline.ts'
import { type Html, html } from '../../page/html.ts'

/** One number that matters, with what it means. */
export interface Figure {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly tone?: 'plain' | 'good' | 'bad'
}

/** The numbers that a person asks for first, each with what it is made of. */
export function figures(result: DrillResult): Html {
  return figureRow(result.fault.injectedAt === null ? steadyFigures(result) : [lost(result), ...timeFigures(result)])
}

/** Figures side by side, large. */
export function figureRow(all: readonly Figure[]): Html {
  return html`<dl class="figures">${all.map(figure)}</dl>`
}

/** How many jobs met each fate that a job can meet, in one line. */
export function tally(result: DrillResult): Html {
  const { jobs } = result
  const twice = duplicates(result)
  const counts = [
    [jobs.attempted, 'sent', true],
    [jobs.acknowledged, 'confirmed', true],
    [jobs.failed, 'failed', true],
    [
      twice,
      twice === 0 ? 'duplicates' : `${twice === 1 ? 'duplicate' : 'duplicates'} (${duplicateKinds(result)})`,
      true,
    ],
    [jobs.indeterminate, 'in doubt', false],
    [jobs.recovered, 'of them recovered', false],
    [jobs.resurrected, 'resurrected', false],
    [jobs.unexpected, 'unexpected', false],
    [jobs.reordered, 'overtaken by a later one', false],
  ] as const
  const told = counts.filter(([count, , always]) => always || count > 0)
  return html`<ul class="tally">${told.map(([count, words]) => html`<li><b>${formatCount(count)}</b> ${words}</li>`)}</ul>`
}

function lost({ jobs }: DrillResult): Figure {
  if (jobs.lost === null) return { name: 'Lost', value: 'unknown', note: 'the drain did not succeed' }
  const of = plural(jobs.acknowledged, 'confirmed job')
  return {
    name: 'Lost',
    value: formatCount(jobs.lost),
    note: jobs.lost === 0 ? `of ${of}: each was delivered` : `of ${of}: never delivered`,
    tone: jobs.lost > 0 ? 'bad' : 'good',
  }
}

function timeFigures(result: DrillResult): readonly Figure[] {
  const { failoverMs, recoveryMs, retryThresholdMs } = result
  return [
    {
      name: 'Failover time',
      value: formatMs(failoverMs),
      note:
        failoverMs === null
          ? 'no other broker took over'
          : `from the fault to the first confirm${result.takenOverBy === null ? '' : `; ${result.takenOverBy} took over`}`,
    },
    outageFigure(result),
    {
      name: 'Recovery',
      value: formatMs(recoveryMs),
      note: 'until errors, latency and backlog were as before',
      ...(objectiveOf(result, 'RTO')?.met === false ? { tone: 'bad' as const } : {}),
    },
    {
      name: 'Retry threshold',
      value: formatMs(retryThresholdMs),
      note: 'the shortest wait before one retry with which no job of this run fails',
    },
  ]
}

function outageFigure(result: DrillResult): Figure {
  const { producerMs, consumerMs, withoutConfirmMs } = result.outage
  const consumer = consumerMs === null ? [] : [`consumer ${formatMs(consumerMs)}`]
  if (producerMs !== null) {
    const note = ['lower and upper bound', ...consumer].join('; ')
    return { name: 'Producer outage', value: formatBounds(producerMs), note }
  }
  if (withoutConfirmMs?.upper && withoutConfirmMs.lower > 0) {
    const note = ['the longest; no attempt failed', ...consumer].join('; ')
    return {
      name: 'Without a confirm',
      value: formatBounds({ ...withoutConfirmMs, upper: withoutConfirmMs.upper }),
      note,
    }
  }
  const note = ['attempts that failed after the fault', ...consumer].join('; ')
  return { name: 'Producer outage', value: noOutage(result), note }
}

// Without bounds either nothing failed or nothing came back, and the threshold tells the two apart.
function noOutage({ retryThresholdMs }: DrillResult): string {
  return retryThresholdMs === 0 ? 'none' : 'not observed'
}

function steadyFigures(result: DrillResult): readonly Figure[] {
  const { jobs, latencyMs } = result
  return [
    { name: 'Jobs sent', value: formatCount(jobs.attempted), note: 'no fault was injected' },
    { name: 'Confirmed', value: formatCount(jobs.acknowledged), note: 'by a broker' },
    {
      name: 'Scheduled latency',
      value: formatMs(latencyMs?.p50 ?? null),
      note: latencyMs === null ? 'no job was confirmed' : `the median; p99 ${formatMs(latencyMs.p99)}`,
    },
  ]
}

/** `221–271 ms`, `12.31–12.42 s`: the unit once where both bounds share it. */
export function formatBounds(bounds: { readonly lower: number; readonly upper: number }): string {
  const [lower, upper] = [formatMs(bounds.lower), formatMs(bounds.upper)]
  const unit = / (?:ms|s)$/.exec(upper)?.[0]
  return unit !== undefined && lower.endsWith(unit) && !lower.includes('min')
    ? `${lower.slice(0, -unit.length)}–${upper}`
    : `${lower} – ${upper}`
}

/** `1 resend, 2 redelivery`, or that there is none. */
export function duplicateKinds(result: DrillResult): string {
  const { redelivery, resend, broker, postAck } = result.jobs.duplicated
  const kinds = [
    [resend, 'resend'],
    [redelivery, 'redelivery'],
    [broker, 'broker'],
    [postAck, 'post-ack'],
  ] as const
  const found = kinds.filter(([count]) => count > 0).map(([count, kind]) => `${formatCount(count)} ${kind}`)
  return found.length === 0 ? 'nothing came twice' : found.join(', ')
}

function figure({ name, value, note, tone = 'plain' }: Figure): Html {
  const [, amount = value, unit = ''] = /^([^a-z]*\d)( (?:ms|s|min))$/.exec(value) ?? []
  return html`<div><dt>${name}</dt><dd class="value ${tone}">${amount}${unit !== '' && html`<span class="unit">\u00a0${unit.trim()}</span>`}</dd><dd class="note">${unbroken(note)}</dd></div>`
}
