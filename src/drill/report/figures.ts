import { formatCount } from '../checker/durations.ts'
import type { DrillResult } from '../result.ts'
import { formatMs, unbroken } from './durations.ts'
import { duplicates } from './headline.ts'
import { type Html, html } from './html.ts'

type Tone = 'plain' | 'good' | 'bad'

interface Figure {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly tone?: Tone
}

/** The numbers that a person asks for, each with what it is made of. */
export function figures(result: DrillResult): Html {
  return html`<div class="figures">${[...jobFigures(result), ...timeFigures(result)].map(figure)}</div>`
}

function jobFigures(result: DrillResult): readonly Figure[] {
  const { jobs } = result
  return [
    {
      name: 'Jobs sent',
      value: formatCount(jobs.attempted),
      note: `${formatCount(jobs.acknowledged)} confirmed by a broker`,
    },
    {
      name: 'Lost',
      value: jobs.lost === null ? 'unknown' : formatCount(jobs.lost),
      note: jobs.lost === null ? 'the drain did not succeed' : 'confirmed, but never delivered',
      tone: jobs.lost === null ? 'plain' : jobs.lost > 0 ? 'bad' : 'good',
    },
    {
      name: 'Duplicates',
      value: formatCount(duplicates(result)),
      note: duplicateKinds(result),
      tone: jobs.duplicated.postAck > 0 ? 'bad' : 'plain',
    },
    {
      name: 'Failed',
      value: formatCount(jobs.failed),
      note: failureKinds(result),
      tone: jobs.failed > 0 ? 'bad' : 'plain',
    },
  ]
}

function timeFigures(result: DrillResult): readonly Figure[] {
  const { producerMs, consumerMs } = result.outage
  return [
    {
      name: 'Failover time',
      value: formatMs(result.failoverMs),
      note:
        result.failoverMs === null
          ? 'no other broker took over'
          : result.failoverParts.map((part) => `${part.name} ${formatMs(part.ms)}`).join(' + '),
    },
    {
      name: 'Producer outage',
      value: producerMs === null ? 'not observed' : formatBounds(producerMs),
      note: consumerMs === null ? 'lower and upper bound' : `lower and upper bound; consumer ${formatMs(consumerMs)}`,
    },
    {
      name: 'Retry threshold',
      value: formatMs(result.retryThresholdMs),
      note: 'the smallest at which no job of this run fails',
    },
    {
      name: 'Scheduled latency',
      value: result.latencyMs === null ? 'not observed' : formatMs(result.latencyMs.max),
      note:
        result.latencyMs === null
          ? 'no job was confirmed'
          : `the longest; median ${formatMs(result.latencyMs.p50)}, p99 ${formatMs(result.latencyMs.p99)}`,
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

function failureKinds(result: DrillResult): string {
  const { failed, definitelyFailed, indeterminate, recovered, resurrected, unexpected, reordered } = result.jobs
  const kinds = [
    [failed > 0 ? definitelyFailed : 0, 'of them definitely'],
    [indeterminate, 'indeterminate'],
    [recovered, 'recovered'],
    [resurrected, 'resurrected'],
    [unexpected, 'unexpected'],
    [reordered, 'reordered'],
  ] as const
  const found = kinds.filter(([count]) => count > 0).map(([count, kind]) => `${formatCount(count)} ${kind}`)
  return found.length === 0 ? 'none in doubt, none out of order' : found.join(', ')
}

function figure({ name, value, note, tone = 'plain' }: Figure): Html {
  return html`<dl class="figure-${tone}"><dt>${name}</dt><dd class="value">${value}</dd><dd class="note">${unbroken(note)}</dd></dl>`
}
