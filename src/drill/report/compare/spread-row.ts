import { formatCount } from '../../checker/exact-durations.ts'
import { formatMs } from '../durations.ts'
import { formatBounds } from '../figures.ts'
import type { Row } from './comparison.ts'
import { samplesDiffer } from './rank-test.ts'

// Runs of one and the same drill differ by more than this: what the rank test finds below is of no use to anybody.
const NOISE_SHARE = 0.1
const NOISE_MS = 5
const FEWEST_RUNS = 4

/**
 * A duration of many runs, in milliseconds: better or worse where a rank test tells B from A. `Infinity` stands for a
 * run whose duration is longer than what was seen.
 */
export function spreadRow(name: string, a: readonly number[], b: readonly number[]): Row {
  const [one, other] = [ascending(a), ascending(b)]
  const row = { name, a: saySpread(one), b: saySpread(other) }
  if (one.length === 0 || other.length === 0) {
    const same = one.length === other.length
    return { ...row, standing: same ? 'same' : 'other', difference: same ? '' : 'only one of them was observed' }
  }
  if (Math.min(one.length, other.length) < FEWEST_RUNS)
    return { ...row, standing: 'other', difference: 'too few runs to tell' }
  const [before, after] = [median(one), median(other)]
  if (before === after || !samplesDiffer(one, other))
    return { ...row, standing: 'same', difference: 'no clear difference' }
  const standing = after > before ? 'worse' : 'better'
  const by = Math.abs(after - before)
  if (!Number.isFinite(by)) {
    return { ...row, standing, difference: `not seen to its end in most runs of ${after > before ? 'B' : 'A'}` }
  }
  if (by <= Math.max(NOISE_MS, NOISE_SHARE * Math.max(before, after)))
    return { ...row, standing: 'same', difference: 'no clear difference' }
  return { ...row, standing, difference: `${formatMs(by)} ${after > before ? 'longer' : 'shorter'}` }
}

/** `207 ms (120–691 ms)`: the median, the least and the greatest of what was seen; and how many were not. */
function saySpread(sorted: readonly number[]): string {
  const seen = sorted.filter((value) => Number.isFinite(value))
  const unseen = sorted.length - seen.length
  const [least] = seen
  const greatest = seen.at(-1)
  if (least === undefined || greatest === undefined) return unseen === 0 ? 'not observed' : 'not seen'
  const spread =
    least === greatest
      ? formatMs(least)
      : `${formatMs(median(seen))} (${formatBounds({ lower: least, upper: greatest })})`
  return unseen === 0 ? spread : `${spread}, ${formatCount(unseen)} not seen`
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

function ascending(values: readonly number[]): readonly number[] {
  return values.toSorted((one, other) => one - other)
}
