import { confirmOf, type Job } from '../../checker/jobs-ledger.ts'

/** Jobs confirmed and delivered in each stretch of time, and how many waited. */
export interface Rates {
  readonly binNs: number
  /** When the first stretch begins. */
  readonly fromNs: number
  /** Jobs a second. */
  readonly confirmed: Float64Array
  readonly delivered: Float64Array
  /** The most jobs in that stretch that were due and not yet delivered. */
  readonly backlog: Float64Array
}

const MOST_BINS = 140
// Fewer jobs than this in a stretch, and the rate would jump by the rounding alone.
const FEWEST_IN_A_BIN = 5

/**
 * Rates over a part of the run. A job counts when it was first confirmed and when its first copy came. Jobs that
 * never came wait for nothing and are not in the backlog, as the checker has it.
 *
 * @param originNs a stretch begins there, so that none reaches across the fault.
 */
export function ratesOver(
  jobs: readonly Job[],
  range: { readonly fromNs: number; readonly toNs: number },
  everyMs: number,
  originNs: number,
): Rates {
  const binNs = niceStep(Math.max((range.toNs - range.fromNs) / MOST_BINS, everyMs * 1e6 * FEWEST_IN_A_BIN))
  const fromNs = originNs + Math.floor((range.fromNs - originNs) / binNs) * binNs
  const count = Math.ceil((range.toNs - fromNs) / binNs)
  const confirmed = new Float64Array(count)
  const delivered = new Float64Array(count)
  const perJob = 1e9 / binNs
  const binOf = (ns: number): number => Math.floor((ns - fromNs) / binNs)
  const dues: number[] = []
  const arrivals: number[] = []
  for (const job of jobs) {
    const confirm = confirmOf(job)
    if (confirm) add(confirmed, binOf(confirm.endNs), perJob)
    const arrival = job.deliveries[0]?.atNs
    if (arrival === undefined) continue
    add(delivered, binOf(arrival), perJob)
    if (job.dueNs === null) continue
    dues.push(job.dueNs)
    arrivals.push(arrival)
  }
  return { binNs, fromNs, confirmed, delivered, backlog: backlogIn(dues, arrivals, fromNs, binNs, count) }
}

function backlogIn(
  dueTimes: readonly number[],
  arrivalTimes: readonly number[],
  fromNs: number,
  binNs: number,
  count: number,
): Float64Array {
  const dues = Float64Array.from(dueTimes).sort()
  const arrivals = Float64Array.from(arrivalTimes).sort()
  const most = new Float64Array(count)
  let due = 0
  let arrived = 0
  for (let bin = 0; bin < count; bin++) {
    const endNs = fromNs + (bin + 1) * binNs
    let peak = bin === 0 ? 0 : due - arrived
    while (due < dues.length && (dues[due] as number) < endNs) {
      while (arrived < arrivals.length && (arrivals[arrived] as number) <= (dues[due] as number)) arrived++
      due++
      peak = Math.max(peak, due - arrived)
    }
    while (arrived < arrivals.length && (arrivals[arrived] as number) < endNs) arrived++
    most[bin] = Math.max(0, peak)
  }
  return most
}

function add(bins: Float64Array, bin: number, value: number): void {
  if (bin >= 0 && bin < bins.length) bins[bin] = (bins[bin] ?? 0) + value
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= least) ?? 10) * power
}
