import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { articleOutcome, type ArticleOutcome } from '../../../src/drill/threshold/article-outcome.ts'
import { A, B, RUN, WrittenHistory } from '../../support/history.ts'

const FAULT_MS = 1000

/** A pass over both brokers that begins at `ms` and fails, after `tookMs`. */
function failedPass(history: WrittenHistory, id: string, ms: number, tookMs: number, firstK = 1): WrittenHistory {
  return history
    .attempt(id, ms, { k: firstK, by: A, outcome: 'refused', endMs: ms + tookMs / 2 })
    .attempt(id, ms + tookMs / 2, { k: firstK + 1, by: B, outcome: 'refused', endMs: ms + tookMs })
}

function goodPass(history: WrittenHistory, id: string, ms: number, firstK = 1): WrittenHistory {
  return history
    .attempt(id, ms, { k: firstK, by: A, outcome: 'refused', endMs: ms + 1 })
    .attempt(id, ms + 1, { k: firstK + 1, by: B, outcome: 'ack', endMs: ms + 5 })
}

function outcome({ events }: WrittenHistory): ArticleOutcome {
  return articleOutcome(events, RUN, 2, FAULT_MS * 1e6)
}

describe('how the one-retry producer fared', () => {
  it('held with a threshold of 0 when no first pass failed', () => {
    const history = new WrittenHistory()
    goodPass(history, '1', 900)
    goodPass(history, '2', 1100)
    assert.deepEqual(outcome(history), { jobs: 2, failed: 0, retried: 0, thresholdMs: 0, failedBefore: false })
  })

  it('needed, for each job whose first pass failed, the time from its end until the service was back', () => {
    const history = new WrittenHistory()
    goodPass(history, '1', 950)
    failedPass(history, '2', 1010, 20)
    failedPass(history, '3', 1510, 20)
    goodPass(history, '4', 3010)
    goodPass(history, '2', 5030, 3)
    goodPass(history, '3', 5530, 3)
    // u - first attempt - duration of the failed pass: 3010 - 1010 - 20.
    assert.deepEqual(outcome(history), { jobs: 4, failed: 0, retried: 2, thresholdMs: 1980, failedBefore: false })
  })

  it('did not hold when a job was given up, and counts the second pass that failed as no service', () => {
    const history = new WrittenHistory()
    failedPass(history, '1', 1000, 10)
    failedPass(history, '1', 1510, 10, 3)
    history.giveUp('1', 1520)
    goodPass(history, '2', 4000)
    const { failed, thresholdMs } = outcome(history)
    assert.deepEqual({ failed, thresholdMs }, { failed: 1, thresholdMs: 2990 })
  })

  it('knows no threshold when no pass was good after the last that failed', () => {
    const history = new WrittenHistory()
    goodPass(history, '1', 900)
    failedPass(history, '2', 1010, 20)
    assert.equal(outcome(history).thresholdMs, null)
  })

  it('takes a pass that hangs into account: what it took is no pause that the retry needs', () => {
    const history = new WrittenHistory()
    failedPass(history, '1', 1000, 2000)
    goodPass(history, '2', 5000)
    assert.equal(outcome(history).thresholdMs, 2000)
  })

  it('tells when a pass had failed before the fault, and not that a standby refused', () => {
    const history = new WrittenHistory()
    failedPass(history, '1', 400, 20)
    goodPass(history, '2', 500)
    assert.equal(outcome(history).failedBefore, true)
    const steady = new WrittenHistory()
    goodPass(steady, '1', 500)
    assert.equal(outcome(steady).failedBefore, false)
  })
})
