import { binomialAtMost } from './binomial.ts'

// So that a logarithm's last bit does not ask for a trial more.
const ROUNDING = 1e-9

/**
 * How many values are needed before the greatest of them is an upper bound of the p-quantile:
 * n >= ln(1 - confidence) / ln p. At 95 %: p = 0.5 needs 5, 0.8 14, 0.9 29, 0.95 59, 0.99 299.
 *
 * @param pass p, above 0 and below 1.
 */
export function trialsNeeded(pass: number, confidence: number): number {
  return Math.max(1, Math.ceil(Math.log(1 - confidence) / Math.log(pass) - ROUNDING))
}

/** The highest quantile that the greatest of n values bounds: p = (1 - confidence)^(1/n). 0 without a value. */
export function quantileEarned(n: number, confidence: number): number {
  return n === 0 ? 0 : (1 - confidence) ** (1 / n)
}

/**
 * Which of n ascending values, from 1, bounds the p-quantile from above: the smallest k at which the sum over
 * i < k of C(n,i) p^i (1-p)^(n-i) is at least the confidence. No shape of the distribution is assumed (David and
 * Nagaraja, Order Statistics, 7.1). Undefined when not even the greatest does.
 */
export function boundRank(n: number, pass: number, confidence: number): number | undefined {
  for (let k = 1; k <= n; k++) {
    if (binomialAtMost(k - 1, n, pass) >= confidence - ROUNDING) return k
  }
  return undefined
}

/**
 * The upper bound of the p-quantile, at that confidence, from values in any order; those that are not known are
 * `Infinity`. Undefined when there are too few.
 */
export function quantileBound(values: readonly number[], pass: number, confidence: number): number | undefined {
  const rank = boundRank(values.length, pass, confidence)
  return rank === undefined ? undefined : ascending(values)[rank - 1]
}

/** The p-quantile of the values themselves, without any confidence: the smallest that a share p does not exceed. */
export function quantile(values: readonly number[], pass: number): number | undefined {
  return ascending(values)[Math.max(1, Math.ceil(values.length * pass - ROUNDING)) - 1]
}

function ascending(values: readonly number[]): readonly number[] {
  return values.toSorted((one, other) => one - other)
}
