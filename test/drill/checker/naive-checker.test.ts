import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import { A, B, WrittenHistory } from '../../support/history.ts'
import { judgeNaively, type NaiveJudgement } from './naive-checker.ts'
import { randomHistory } from './random-history.ts'

const HISTORIES = 1000

function judged(events: readonly HistoryEvent[]): NaiveJudgement {
  const { jobs, outage, detectionMs, retryThresholdMs, recoveryPointMs, latencyMs } = judge(events)
  const { producerMs, withoutConfirmMs, consumerMs } = outage
  return { jobs, producerMs, withoutConfirmMs, consumerMs, detectionMs, retryThresholdMs, recoveryPointMs, latencyMs }
}

/** Each word of a judgement that is not 0, null or empty. */
function wordsOf({ jobs, ...times }: NaiveJudgement): readonly string[] {
  const { duplicated, ...counts } = jobs
  return Object.entries({ ...counts, ...duplicated, ...times }).flatMap(([word, value]) => (value ? [word] : []))
}

describe('A naive checker, which computes sets by the formulas', () => {
  it('agrees on a takeover', () => {
    const history = new WrittenHistory().jobs(800, 1000).fault(1000).producerIs('interrupted', 1002, A)
    history.due('j', 1000).attempt('j', 1000, { by: null, outcome: 'refused', endMs: 1000 })
    history.attempt('j', 1240, { k: 2, by: B, outcome: 'ack' }).delivered('j', 1250, { k: 2, by: B })
    const { events } = history.jobs(1250, 1500, B).drain(1600)
    assert.deepEqual(judgeNaively(events), judged(events))
  })

  it(`agrees on ${HISTORIES} random histories, shuffled, cut off and with lines missing`, () => {
    const met = new Map<string, number>()
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const { events, shuffled } = randomHistory(seed)
      const naive = judgeNaively(events)
      assert.deepEqual(judged(shuffled), naive, `seed ${seed}`)
      for (const word of wordsOf(naive)) met.set(word, (met.get(word) ?? 0) + 1)
    }
    // A word that hardly any history is about would not have been compared.
    for (const word of wordsOf(EVERYTHING)) assert.ok((met.get(word) ?? 0) >= 50, `${word}: ${met.get(word) ?? 0}`)
  })
})

const EVERYTHING: NaiveJudgement = {
  jobs: {
    attempted: 1,
    acknowledged: 1,
    failed: 1,
    definitelyFailed: 1,
    indeterminate: 1,
    lost: 1,
    recovered: 1,
    resurrected: 1,
    unexpected: 1,
    reordered: 1,
    duplicated: { redelivery: 1, resend: 1, broker: 1, postAck: 1 },
  },
  producerMs: { lower: 1, upper: 1 },
  withoutConfirmMs: { lower: 1, upper: 1 },
  consumerMs: 1,
  detectionMs: 1,
  retryThresholdMs: 1,
  recoveryPointMs: 1,
  latencyMs: { p50: 1, p99: 1, max: 1 },
}
