import type { HistoryEvent } from '../../drill/history.ts'
import { type JUnitCase, junitCases, junitWithoutVerdict, renderJUnit } from '../../drill/junit.ts'
import type { DrillResult } from '../../drill/result.ts'

/** The `junit.xml` of one drill that came to a verdict. */
export function drillJUnit(result: DrillResult, events: readonly HistoryEvent[]): string {
  const { fault, target } = result
  const seconds = events.reduce((last, { t }) => Math.max(last, t), 0) / 1e9
  return render({ lab: target.lab, fault: fault.name }, junitCases(result), seconds, fault.injectedAt)
}

/** That of one that came to none: `skipped` for want of what it needs, else an error of the harness. */
export function junitOfFailure(
  drill: { readonly lab: string; readonly fault: string },
  outcome: 'skipped' | 'error',
  why: string,
): string {
  return render(drill, junitWithoutVerdict(outcome, why), 0, null)
}

function render(
  { lab, fault }: { readonly lab: string; readonly fault: string },
  cases: readonly JUnitCase[],
  seconds: number,
  timestamp: string | null,
): string {
  const suite = { name: `${fault} on ${lab}`, className: `${lab}.${fault}`, timestamp, seconds, cases }
  return renderJUnit('understudy drill', [suite])
}
