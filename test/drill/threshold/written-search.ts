import { claimOf } from '../../../src/drill/threshold/claim.ts'
import { measuredOf } from '../../../src/drill/threshold/measured.ts'
import { methodFor } from '../../../src/drill/threshold/method.ts'
import type { Search } from '../../../src/drill/threshold/search-file.ts'
import { outcomesOf, type TrialRecord } from '../../../src/drill/threshold/trial-record.ts'

/** A measured outage; null was not seen to its end. */
export function direct(index: number, thresholdMs: number | null, more: Partial<TrialRecord> = {}): TrialRecord {
  return {
    key: `direct-${String(index + 1).padStart(3, '0')}`,
    kind: 'direct',
    stage: 0,
    index,
    seed: 100 + index,
    phaseMs: 40 * index,
    at: '2026-01-01T00:00:00.000Z',
    node: 'a',
    takenOverBy: 'b',
    outageMs: thresholdMs === null ? null : { lower: Math.max(0, thresholdMs - 20), upper: thresholdMs },
    down: [{ fromMs: 0, untilMs: thresholdMs }],
    thresholdMs,
    stalledMs: 0,
    article: null,
    tookMs: 9000,
    ...more,
  }
}

/** A run of the one-retry producer in which `failed` of 200 jobs failed. */
export function run(
  stage: number,
  index: number,
  atMs: number,
  failed = 0,
  kind: 'confirm' | 'verify' = 'confirm',
): TrialRecord {
  const article = { jobs: 200, failed, retried: 9, thresholdMs: 150, failedBefore: false, atMs, held: failed === 0 }
  const number = String(index + 1).padStart(3, '0')
  const key = kind === 'verify' ? `verify-${number}` : `confirm-${stage}-${number}`
  return direct(index, failed === 0 ? 150 : 9500, { key, kind, stage, article })
}

/** A search for R0.5 on the lab `embedded`, with what these trials say. */
export function writtenSearch(trials: readonly TrialRecord[], more: Partial<Search> = {}): Search {
  const method = methodFor({ pass: 0.5, confidence: 0.95, gridMs: 100, capMs: 60_000 })
  return {
    schema: 1,
    kind: 'threshold',
    lab: 'embedded',
    seed: 7,
    method,
    trial: { fault: 'kill', everyMs: 20, jobEveryMs: 100, deadlineMs: 3000, holdMs: 8000 },
    verify: null,
    target: {
      lab: 'embedded',
      brokers: [{ name: 'a', version: 'embedded broker', endpoint: 'stomp://127.0.0.1:61613' }],
      settings: { lockPollMs: 250 },
      predicted: { lowerMs: 0, upperMs: 2250, because: 'the lock is asked for every 250 ms' },
      heldFault: false,
      slowestPeriodMs: 250,
      slowestTakeoverMs: 2250,
    },
    trials,
    voids: [],
    spentMs: 90_000,
    versions: { understudy: '0.1.0' },
    command: 'understudy threshold --lab embedded --fault kill --seed 7 --pass 0.5',
    claim: more.verify ? null : claimOf(method, outcomesOf(trials)),
    measured: measuredOf(trials, method.pass),
    schedules: [],
    ...more,
  }
}
