import { type Claim, mebibytes } from '../claim.ts'
import { grownKinds, type Trend, trendOf } from './flatness.ts'
import type { SoakRun } from './soak.ts'
import { median, percentile } from '../percentile.ts'

/** A heap that rises by no more than this over the whole run is called flat. */
const HEAP_ALLOWED_BYTES = 1024 * 1024

interface Spread {
  readonly median: number | undefined
  readonly p95: number | undefined
  readonly max: number | undefined
}

export interface SoakSummary {
  /** From the kill to the first confirm of a job that was sent after it, in milliseconds. */
  readonly confirmedMs: Spread
  /** To the first delivery of one. */
  readonly deliveredMs: Spread
  /** In bytes per failover. Undefined for too few samples. */
  readonly heap: Trend | undefined
  /** What there is more of at the end, by kind. Undefined for too few samples. */
  readonly grown: readonly string[] | undefined
  readonly claims: readonly Claim[]
}

/** `confirmedAcks`: whether an acknowledge is over when the broker has confirmed it, or when it was written. */
export function summarize(run: SoakRun, asked: number, confirmedAcks: boolean): SoakSummary {
  const heap = trendOf(run.samples.map(({ failovers, heapBytes }) => ({ x: failovers, y: heapBytes })))
  const grown = grownKinds(run.samples.map(({ resources }) => resources))
  return {
    confirmedMs: spread(run.failovers.map(({ confirmedMs }) => confirmedMs)),
    deliveredMs: spread(run.failovers.map(({ deliveredMs }) => deliveredMs)),
    heap,
    grown,
    claims: [failoversClaim(run, asked), ...fateClaims(run, confirmedAcks), heapClaim(heap), grownClaim(grown)],
  }
}

/** The figures and what they say, for a person. */
export function soakText(run: SoakRun, summary: SoakSummary, confirmedAcks: boolean): string {
  const { counts, samples } = run
  const { duplicates: copies, failures } = counts
  const reasons = Object.entries(failures).map(([reason, count]) => `${count} ${reason}`)
  const word = confirmedAcks ? 'its acknowledge was confirmed' : 'its acknowledge was written (AMQP confirms none)'
  const last = samples.at(-1)
  return [
    `${run.failovers.length} failovers in ${(run.lastedMs / 1000).toFixed(0)} s; from the kill to the first`,
    `  confirm   ${spreadText(summary.confirmedMs)}`,
    `  delivery  ${spreadText(summary.deliveredMs)}`,
    `sends: ${counts.attempted} attempted, ${counts.confirmed} confirmed, ${counts.failed} failed${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`,
    `deliveries: ${counts.deliveries}, ${counts.undelivered} confirmed jobs never came, ${counts.unexpected} came that nobody sent, ${counts.recovered} of the failed came`,
    `came again: ${copies.afterAck} after ${word}, ${copies.resend} resent, ${copies.redelivery} redelivered, ${copies.broker} unmarked, ${copies.unplaced} not told apart`,
    `acknowledges that came too late: ${run.staleAcknowledges}`,
    `heap after a collection: ${samples.map(({ heapBytes }) => (heapBytes / 1024 / 1024).toFixed(2)).join(' ')} MiB${heapText(summary.heap)}`,
    `kept by the bench itself: ${mebibytes(run.ledgerBytes)} outside the heap`,
    `handles: ${last === undefined ? 'not seen' : kindsText(last.resources)}`,
  ].join('\n')
}

function spread(values: readonly number[]): Spread {
  return { median: median(values), p95: percentile(values, 0.95), max: percentile(values, 1) }
}

function spreadText({ median, p95, max }: Spread): string {
  const ms = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(0))
  return `median ${ms(median)} ms, p95 ${ms(p95)} ms, max ${ms(max)} ms`
}

function heapText(heap: Trend | undefined): string {
  if (heap === undefined) return ''
  const error = heap.slopeError === undefined ? '' : ` ± ${heap.slopeError.toFixed(0)}`
  return `; ${heap.slope.toFixed(0)}${error} bytes per failover over the last ${heap.points} samples`
}

function kindsText(resources: Readonly<Record<string, number>>): string {
  return Object.entries(resources)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')
}

function failoversClaim({ failovers, stopped }: SoakRun, asked: number): Claim {
  const text = 'sends and deliveries went on after every failover'
  return { text, holds: stopped === undefined, found: stopped ?? `${failovers.length} of ${asked}` }
}

function fateClaims({ counts, drained }: SoakRun, confirmedAcks: boolean): Claim[] {
  const lost: Claim = {
    text: 'every confirmed job was delivered',
    holds: drained ? counts.undelivered === 0 && counts.unexpected === 0 : undefined,
    found: drained ? `${counts.undelivered} lost` : `the drain did not end, ${counts.undelivered} are missing`,
  }
  if (!confirmedAcks) return [lost]
  const { afterAck } = counts.duplicates
  const postAck = { text: 'no job came again after its acknowledge was confirmed', holds: afterAck === 0 }
  return [lost, { ...postAck, found: `${afterAck} did` }]
}

function heapClaim(heap: Trend | undefined): Claim {
  return {
    text: `the heap is flat: it rises by less than ${mebibytes(HEAP_ALLOWED_BYTES)}`,
    holds: heap === undefined ? undefined : heap.growth < HEAP_ALLOWED_BYTES,
    found: heap === undefined ? 'too few samples' : mebibytes(heap.growth),
  }
}

function grownClaim(grown: readonly string[] | undefined): Claim {
  return {
    text: 'handles are flat',
    holds: grown === undefined ? undefined : grown.length === 0,
    found: grown === undefined ? 'too few samples' : grown.length === 0 ? 'no kind grew' : `more: ${grown.join(', ')}`,
  }
}
