import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jobsLedger } from '../../../../src/drill/checker/jobs-ledger.ts'
import { inOrder } from '../../../../src/drill/checker/timeline.ts'
import { percentile } from '../../../../src/drill/report/plots/percentiles.ts'
import { type Rates, ratesOver } from '../../../../src/drill/report/plots/rates.ts'
import { RUN, takeover, WrittenHistory } from '../../../support/history.ts'

function ratesOf(history: WrittenHistory, fromMs: number, toMs: number): Rates {
  const { jobs } = jobsLedger(inOrder(history.events), RUN)
  return ratesOver(jobs, { fromNs: fromMs * 1e6, toNs: toMs * 1e6 }, 50, 1000e6)
}

describe('rates over a run', () => {
  it('are jobs a second, whatever the length of a step', () => {
    const { confirmed, delivered, backlog } = ratesOf(new WrittenHistory().jobs(0, 3000), 0, 3000)
    assert.ok(confirmed.every((rate) => rate === 20))
    assert.ok(delivered.every((rate) => rate === 20))
    assert.ok(backlog.every((most) => most === 1))
  })

  it('begin a step at the fault, and show what waited for a broker and came all at once', () => {
    const { binNs, fromNs, confirmed, backlog } = ratesOf(takeover(), 0, 3000)
    const fault = (1000e6 - fromNs) / binNs
    assert.ok(Number.isInteger(fault))
    assert.equal(confirmed[fault], 0)
    assert.equal(backlog[fault], 5)
    assert.ok((confirmed[fault + 1] ?? 0) > 20)
    assert.equal(backlog.at(-1), 1)
  })

  it('hold no job in the backlog that never came', () => {
    const history = new WrittenHistory().jobs(0, 1000).due('lost', 500).attempt('lost', 500, { outcome: 'ack' })
    assert.ok(ratesOf(history.drain(3000), 0, 2000).backlog.every((most) => most <= 1))
  })
})

describe('a percentile', () => {
  it('is the smallest value that so many do not exceed', () => {
    const values = Float64Array.from({ length: 1000 }, (_, index) => index + 1)
    assert.deepEqual(
      [0, 0.5, 0.9, 0.99, 0.999, 1].map((share) => percentile(values, share)),
      [1, 500, 900, 990, 999, 1000],
    )
    assert.ok(Number.isNaN(percentile(new Float64Array(), 0.5)))
  })
})
