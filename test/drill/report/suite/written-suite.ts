import {
  runWithoutVerdict,
  type SuiteDrillResult,
  type SuiteResult,
  type SuiteRun,
  summarizeRuns,
  verdictOf,
} from '../../../../src/drill/suite/suite-result.ts'

/** A run that was judged: a pass with an outage of this many milliseconds, unless told otherwise. */
export function judgedRun(outageMs: number, more: Partial<SuiteRun> = {}): SuiteRun {
  return {
    state: 'pass',
    reasons: [],
    folder: '01-kill/run-01',
    seed: 7,
    phaseMs: 120,
    takenOverBy: 'b',
    outageMs: { lower: outageMs - 20, upper: outageMs },
    failoverMs: outageMs - 10,
    recoveryMs: outageMs,
    retryThresholdMs: outageMs - 15,
    jobs: { attempted: 300, acknowledged: 300, failed: 0, lost: 0 },
    signs: ['refusal'],
    ...more,
  }
}

export const SKIPPED: SuiteRun = runWithoutVerdict('skipped', 'the machine has no network namespaces', 7, null)

export function drillOf(
  name: string,
  runs: readonly SuiteRun[],
  more: Partial<SuiteDrillResult> = {},
): SuiteDrillResult {
  const base = { name, lab: 'embedded', fault: 'kill', repeat: runs.length, predicted: null, ...more }
  return summarizeRuns(base, runs)
}

export function suiteOf(drills: readonly SuiteDrillResult[], more: Partial<SuiteResult> = {}): SuiteResult {
  return {
    schema: 1,
    kind: 'suite',
    verdict: verdictOf(drills),
    plan: 'plan.yaml',
    startedAt: '2026-11-21T13:00:37.000Z',
    endedAt: '2026-11-21T13:09:37.000Z',
    command: 'understudy drill plan.yaml',
    versions: { understudy: '0.1.0', node: '24.21.0' },
    drills,
    files: { result: 'result.json', report: 'report.html', junit: 'junit.xml' },
    ...more,
  }
}
