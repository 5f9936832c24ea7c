import { failureAtLeast, failureAtMost } from './binomial.ts'
import { decidedEarly } from './search.ts'
import type { Search } from './search-file.ts'

/**
 * What fresh runs at a threshold say of the wanted p, at the confidence of the search: `shown`, that jobs fail in no
 * more than 1 - p of the faults; `refuted`, that they fail in more; `open`, neither, as without a run. Where the runs
 * end early it is the sequential test that says so.
 */
export function verificationOf({ verify, trials, method }: Search): 'shown' | 'refuted' | 'open' {
  const runs = trials.filter(({ kind }) => kind === 'verify')
  if (verify?.early) {
    const told = decidedEarly(runs)
    return told === 'go' ? 'shown' : told === 'no-go' ? 'refuted' : 'open'
  }
  const failed = runs.filter(({ article }) => article?.held === false).length
  const allowed = 1 - method.pass
  if (failureAtMost(failed, runs.length, method.confidence) <= allowed) return 'shown'
  return failureAtLeast(failed, runs.length, method.confidence) > allowed ? 'refuted' : 'open'
}
