import type { FaultTime } from '../../checker/fault-time.ts'
import type { HistoryEvent } from '../../history.ts'
import type { DrillResult } from '../../result.ts'
import type { Tick } from './plot-frame.ts'

/** A part of the run that is drawn: nanoseconds of the history's own clock. */
export interface Span {
  readonly name: 'near' | 'all'
  readonly label: string
  readonly fromNs: number
  readonly toNs: number
}

/** Where zero is on every axis, and which parts of the run are drawn. */
export interface RunAxis {
  /** When the fault took effect, as the checker has it; when it was ordered if nothing proves it; else the beginning. */
  readonly originNs: number
  /** Whether `originNs` is a fault. */
  readonly hasFault: boolean
  /** The closer one first. A short run has only `all`. */
  readonly spans: readonly Span[]
}

const NARROWEST_MARGIN_NS = 1e9
const WIDEST_MARGIN_NS = 5e9
// Below this share of the run a second, closer look is worth having.
const WORTH_A_CLOSER_LOOK = 0.7

export function runAxis(events: readonly HistoryEvent[], result: DrillResult, fault: FaultTime | undefined): RunAxis {
  // Events come in the order of time.
  const first = events[0]?.t ?? 0
  const last = events.at(-1)?.t ?? 0
  if (events.length === 0) {
    return { originNs: 0, hasFault: false, spans: [{ name: 'all', label: 'the whole run', fromNs: 0, toNs: 1e9 }] }
  }
  const origin = fault?.effectiveNs ?? events.find((event) => event.type === 'fault')?.t
  const length = Math.max(last - first, 1e6)
  const all: Span = {
    name: 'all',
    label: 'the whole run',
    fromNs: first - length * 0.01,
    toNs: last + length * 0.01,
  }
  if (origin === undefined) return { originNs: first, hasFault: false, spans: [all] }

  const outageMs = result.failoverMs ?? result.outage.producerMs?.upper
  if (outageMs === undefined) return { originNs: origin, hasFault: true, spans: [all] }
  const margin = Math.min(Math.max(outageMs * 1e6, NARROWEST_MARGIN_NS), WIDEST_MARGIN_NS)
  const near: Span = {
    name: 'near',
    label: 'around the fault',
    fromNs: Math.max(all.fromNs, origin - margin),
    toNs: Math.min(all.toNs, origin + outageMs * 1e6 + margin * 1.5),
  }
  const closer = near.toNs - near.fromNs < WORTH_A_CLOSER_LOOK * (all.toNs - all.fromNs)
  return { originNs: origin, hasFault: true, spans: closer ? [near, all] : [all] }
}

/** Round values within `[from, to]`, about `wanted` of them, 1, 2 or 5 times a power of ten apart. */
export function roundTicks(from: number, to: number, wanted: number): readonly number[] {
  const width = to - from
  if (!(width > 0)) return [from]
  const rough = width / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power
  const ticks: number[] = []
  for (let index = Math.ceil(from / step); index * step <= to; index += 1) {
    // The product keeps the error of one rounding only, which this takes away.
    ticks.push(Number((index * step).toPrecision(12)))
  }
  return ticks
}

/** The label of a tick in seconds: `−2`, `0`, `+0.5`. */
export function tickLabel(seconds: number): string {
  if (seconds === 0) return '0'
  return `${seconds < 0 ? '−' : '+'}${String(Math.abs(seconds))}`
}

/** The ticks of a span in seconds from the fault; a narrow page keeps the label of zero. */
export function axisTicks(axis: RunAxis, span: Span): { readonly across: readonly Tick[]; readonly anchor: number } {
  const seconds = roundTicks((span.fromNs - axis.originNs) / 1e9, (span.toNs - axis.originNs) / 1e9, 6)
  const across = seconds.map((tick) => ({ at: position(tick * 1e9 + axis.originNs, span), label: tickLabel(tick) }))
  return { across, anchor: Math.max(0, seconds.indexOf(0)) }
}

/** Where an instant lies within a span, from 0 to 1; outside it less or more. */
export function position(ns: number, span: Span): number {
  return (ns - span.fromNs) / (span.toNs - span.fromNs)
}
