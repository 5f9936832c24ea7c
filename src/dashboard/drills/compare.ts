import { renderComparisonPage } from '../../drill/report/compare/compare-page.ts'
import { compareResults } from '../../drill/report/compare/comparison.ts'
import type { Comparable } from '../../drill/report/compare/stored-threshold.ts'
import { renderSuiteComparisonPage } from '../../drill/report/compare/suite-compare-page.ts'
import { compareSuites } from '../../drill/report/compare/suite-comparison.ts'
import { renderThresholdComparisonPage } from '../../drill/report/compare/threshold-compare-page.ts'
import { compareThresholds } from '../../drill/report/compare/threshold-comparison.ts'
import type { DrillShelf } from './shelf.ts'

/** A comparison as a page of its own, or why there is none. */
export type Compared = { readonly page: string } | { readonly wrong: string; readonly status: 400 | 404 }

/** What `understudy compare` shows, of two folders of the shelf: the one that began earlier is A. */
export async function compareFolders(shelf: DrillShelf, names: readonly string[]): Promise<Compared> {
  const [one, other] = names
  if (one === undefined || other === undefined || names.length > 2)
    return { wrong: `Two are compared, and ${names.length} were checked.`, status: 400 }
  if (one === other) return { wrong: 'A drill is compared with another one.', status: 400 }
  const entries = await Promise.all([shelf.entry(one), shelf.entry(other)])
  const [first, second] = entries.toSorted((a, b) => (a?.at ?? 0) - (b?.at ?? 0)).map((entry) => entry?.name)
  if (first === undefined || second === undefined)
    return { wrong: 'One of the two is not there any more.', status: 404 }
  const [a, b] = await Promise.all([stored(shelf, first), stored(shelf, second)])
  if (a === undefined || b === undefined)
    return { wrong: 'One of the two has no result that can be read.', status: 400 }
  if (a.kind === 'drill' && b.kind === 'drill') {
    const comparison = compareResults(a.result, b.result)
    return { page: renderComparisonPage(comparison, { name: first, ...a }, { name: second, ...b }) }
  }
  if (a.kind === 'suite' && b.kind === 'suite') {
    const comparison = compareSuites(a.suite, b.suite)
    return { page: renderSuiteComparisonPage(comparison, { name: first, ...a }, { name: second, ...b }) }
  }
  if (a.kind === 'threshold' && b.kind === 'threshold') {
    const comparison = compareThresholds(a.search, b.search)
    return { page: renderThresholdComparisonPage(comparison, { name: first, ...a }, { name: second, ...b }) }
  }
  const hasSearch = a.kind === 'threshold' || b.kind === 'threshold'
  return {
    wrong: hasSearch
      ? 'One is a search for the retry threshold, and the other is not.'
      : 'One is a suite and the other is one drill: each run of a suite has a folder of its own.',
    status: 400,
  }
}

async function stored(shelf: DrillShelf, name: string): Promise<Comparable | undefined> {
  const result = await shelf.result(name)
  if (result) return result
  const search = await shelf.comparableSearch(name)
  return search && { kind: 'threshold', search }
}
