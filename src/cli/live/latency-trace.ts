const BUCKET_NS = 200e6
const MOST_BUCKETS = 600
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const WAITING = '·'
// The levels run from 1 ms to 10 s, each as many times the one before.
const DECADES = 4

/** The slowest confirm of the jobs that fell due in each fifth of a second. */
export interface LatencyTrace {
  /** By the number of the fifth of a second; null while jobs of it wait and none is confirmed. */
  readonly slowestMs: Map<number, number | null>
  worstMs: number
}

export function latencyTrace(): LatencyTrace {
  return { slowestMs: new Map(), worstMs: 0 }
}

/** A job fell due. */
export function traceDue(trace: LatencyTrace, dueNs: number): void {
  const bucket = Math.floor(dueNs / BUCKET_NS)
  if (!trace.slowestMs.has(bucket)) trace.slowestMs.set(bucket, null)
  for (const oldest of trace.slowestMs.keys()) {
    if (trace.slowestMs.size <= MOST_BUCKETS) break
    trace.slowestMs.delete(oldest)
  }
}

/** The job that fell due then was confirmed so much later. */
export function traceConfirm(trace: LatencyTrace, dueNs: number, ms: number): void {
  const bucket = Math.floor(dueNs / BUCKET_NS)
  trace.worstMs = Math.max(trace.worstMs, ms)
  if (trace.slowestMs.has(bucket)) trace.slowestMs.set(bucket, Math.max(trace.slowestMs.get(bucket) ?? 0, ms))
}

/** The last `columns` fifths of a second up to `nowNs`, one character each. A dot waits for its first confirm. */
export function sparkline(trace: LatencyTrace, nowNs: number, columns: number): string {
  const last = Math.floor(nowNs / BUCKET_NS)
  let line = ''
  for (let bucket = last - columns + 1; bucket <= last; bucket += 1) {
    const slowest = trace.slowestMs.get(bucket)
    line += slowest === undefined ? ' ' : slowest === null ? WAITING : levelOf(slowest)
  }
  return line
}

function levelOf(ms: number): string {
  const share = Math.log10(Math.max(1, ms)) / DECADES
  return LEVELS[Math.min(LEVELS.length - 1, Math.floor(share * LEVELS.length))] ?? WAITING
}
