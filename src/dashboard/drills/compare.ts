import { renderComparisonPage } from '../../drill/report/compare/compare-page.ts'
import { compareResults } from '../../drill/report/compare/comparison.ts'
import { renderSuiteComparisonPage } from '../../drill/report/compare/suite-compare-page.ts'
import { compareSuites } from '../../drill/report/compare/suite-comparison.ts'
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
  const [a, b] = await Promise.all([shelf.result(first), shelf.result(second)])
  if (a?.kind === 'drill' && b?.kind === 'drill') {
    const comparison = compareResults(a.result, b.result)
    return {
      page: renderComparisonPage(comparison, { name: first, result: a.result }, { name: second, result: b.result }),
    }
  }
  if (a?.kind === 'suite' && b?.kind === 'suite') {
    const comparison = compareSuites(a.suite, b.suite)
    return {
      page: renderSuiteComparisonPage(comparison, { name: first, suite: a.suite }, { name: second, suite: b.suite }),
    }
  }
  return {
    wrong:
      a && b
        ? 'One is a suite and the other is one drill: each run of a suite has a folder of its own.'
        : 'One of the two has no result that can be read.',
    status: 400,
  }
}
