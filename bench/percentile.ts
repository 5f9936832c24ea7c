/** The middle one, or the mean of the two in the middle. Undefined for an empty list. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  const high = sorted[Math.floor(middle)]
  const low = sorted[Math.ceil(middle) - 1]
  return high === undefined || low === undefined ? undefined : (low + high) / 2
}

/** The smallest value that this share of all does not exceed, such as 0.95. Undefined for an empty list. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
}

/** The mean of what is left without this share at each end, such as 0.1. Undefined for an empty list. */
export function middleMean(values: readonly number[], share: number): number | undefined {
  const cut = Math.floor(share * values.length)
  const middle = values.toSorted((one, other) => one - other).slice(cut, values.length - cut)
  return middle.length === 0 ? undefined : middle.reduce((sum, value) => sum + value, 0) / middle.length
}
