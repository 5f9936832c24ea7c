/** A probability of failure that is good enough, one that is not, and how often each may be mistaken. */
interface SequentialTest {
  readonly good: number
  readonly bad: number
  /** The chance to refuse what is good. */
  readonly alpha: number
  /** The chance to accept what is bad. */
  readonly beta: number
}

/** At most 5 % of the runs fail, or 25 %; wrong once in ten either way. */
export const GO_OR_NOT: SequentialTest = { good: 0.05, bad: 0.25, alpha: 0.1, beta: 0.1 }

/**
 * Wald's sequential probability ratio test (Annals of Mathematical Statistics 16, 1945). Each failure adds
 * ln(bad/good), here +1.609; each pass ln((1-bad)/(1-good)), here -0.236. `go` at ln(beta/(1-alpha)) = -2.197
 * or below, which ten passes without a failure reach; `no-go` at ln((1-beta)/alpha) = 2.197 or above.
 */
export function decideSequentially(
  failures: number,
  passes: number,
  { good, bad, alpha, beta }: SequentialTest = GO_OR_NOT,
): 'go' | 'no-go' | 'undecided' {
  const evidence = failures * Math.log(bad / good) + passes * Math.log((1 - bad) / (1 - good))
  if (evidence <= Math.log(beta / (1 - alpha))) return 'go'
  return evidence >= Math.log((1 - beta) / alpha) ? 'no-go' : 'undecided'
}
