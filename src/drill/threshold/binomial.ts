/**
 * The probabilities of 0 to n successes in n independent trials: C(n,k) p^k (1-p)^(n-k). Computed from
 * logarithms, so that no factorial overflows. Exact to about 1e-12 for n up to 100,000.
 */
export function binomialMass(n: number, p: number): readonly number[] {
  if (p <= 0) return Array.from({ length: n + 1 }, (_, k) => (k === 0 ? 1 : 0))
  if (p >= 1) return Array.from({ length: n + 1 }, (_, k) => (k === n ? 1 : 0))
  const logOdds = Math.log(p) - Math.log1p(-p)
  const mass: number[] = []
  let log = n * Math.log1p(-p)
  for (let k = 0; k <= n; k++) {
    mass.push(Math.exp(log))
    log += Math.log((n - k) / (k + 1)) + logOdds
  }
  return mass
}

/** P(at most k successes in n trials). 0 for k below 0. */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0
  if (k >= n) return 1
  return Math.min(
    1,
    binomialMass(n, p)
      .slice(0, k + 1)
      .reduce((sum, one) => sum + one, 0),
  )
}

/**
 * The largest probability of failure that `failures` in `runs` leave open, at a one-sided confidence: the p at
 * which P(at most `failures` in `runs`) = 1 - confidence. Clopper and Pearson, Biometrika 26 (1934). Without a
 * failure it is 1 - (1 - confidence)^(1/runs). 1 without a run.
 */
export function failureAtMost(failures: number, runs: number, confidence: number): number {
  if (runs === 0 || failures >= runs) return 1
  if (failures === 0) return 1 - (1 - confidence) ** (1 / runs)
  return root((p) => binomialAtMost(failures, runs, p) - (1 - confidence))
}

/** The smallest probability of failure that they leave open: the p at which P(at least `failures`) = 1 - confidence. */
export function failureAtLeast(failures: number, runs: number, confidence: number): number {
  if (failures === 0) return 0
  if (failures >= runs) return (1 - confidence) ** (1 / runs)
  return root((p) => binomialAtMost(failures - 1, runs, p) - confidence)
}

/** Where a falling function of p crosses zero, by halving [0, 1] until no more can be told. */
function root(falling: (p: number) => number): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (falling(middle) > 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
