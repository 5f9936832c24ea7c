import { contractGroups, skipReason } from '../../src/testing/contract-suite.ts'
import type { Situation } from '../../src/testing/contract/broker.ts'
import { suiteRuns, type SuiteRun } from './transports.ts'

// What depends on the machine is no peculiarity of a transport.
const OF_THE_MACHINE: ReadonlySet<Situation> = new Set(['ipv6'])

/** The items that a run of the suite has to skip, wholly or in part. */
export function skippedItems({ impossible, transport }: SuiteRun): Map<number, string> {
  const always = Object.fromEntries(
    Object.entries(impossible).filter(([name]) => transport === 'memory' || !OF_THE_MACHINE.has(name as Situation)),
  )
  const skipped = new Map<number, string>()
  for (const test of contractGroups.flatMap(({ tests }) => tests)) {
    const reason = skipReason(test, always)
    if (reason !== false) skipped.set(test.item, reason)
  }
  return skipped
}

/** The table of items and transports, in Markdown. */
export function coverageTable(): string {
  const titles = new Map<number, string[]>([[50, ['nothing is thrown where nobody could catch it']]])
  for (const { item, title } of contractGroups.flatMap(({ tests }) => tests)) {
    titles.set(item, [...(titles.get(item) ?? []), title])
  }
  const skipped = suiteRuns.map(skippedItems)
  const total = new Map<number, number>([[50, 1]])
  for (const { item } of contractGroups.flatMap(({ tests }) => tests)) total.set(item, (total.get(item) ?? 0) + 1)
  const rows = [...titles].toSorted(([one], [other]) => one - other)
  const lines = rows.map(([item, [first = '', ...more]]) => {
    const cells = suiteRuns.map((run, index) => {
      if (skipped[index]?.has(item) !== true) return 'suite'
      return `[elsewhere](../${run.elsewhere[item]?.file ?? ''})`
    })
    const title = more.length === 0 ? first : `${first} (and ${more.length} more)`
    return `| ${item} | ${title.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`
  })
  const head = ['item', 'test', ...suiteRuns.map(({ transport }) => transport)]
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...lines].join('\n')
}
