import { judge } from '../../../src/drill/checker/checker.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import { type DrillResult, toResult } from '../../../src/drill/result.ts'

/** What the checker makes of a written drill, with the circumstances of a run. */
export function resultOf(events: readonly HistoryEvent[]): DrillResult {
  return toResult(judge(events, { objectives: { rtoMs: 5_000, windowMs: 3_000 } }), {
    versions: { understudy: '0.1.0', node: '24.21.0' },
    command: 'understudy drill --lab embedded --fault kill --seed 42',
    settings: { 'lock poll': '200 ms' },
    files: { events: 'events.jsonl', report: 'report.html', result: 'result.json', logs: ['brokers/a.log'] },
  })
}
