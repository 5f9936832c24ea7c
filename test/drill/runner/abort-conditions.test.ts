import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { holdFor } from '../../../src/drill/plan.ts'
import { metCondition } from '../../../src/drill/runner/abort-conditions.ts'

describe('the abort conditions of a drill', () => {
  it('are none unless given, whatever happens', () => {
    assert.equal(metCondition({}, { withoutConfirmMs: 1e9, failed: 1e9 }), undefined)
  })

  it('are met when no job was confirmed for so long', () => {
    const conditions = { outageMs: 2000 }
    assert.equal(metCondition(conditions, { withoutConfirmMs: 1999, failed: 50 }), undefined)
    assert.equal(metCondition(conditions, { withoutConfirmMs: 2000, failed: 0 }), 'no job was confirmed for 2 s')
  })

  it('are met when so many jobs have failed', () => {
    const conditions = { failedJobs: 1 }
    assert.equal(metCondition(conditions, { withoutConfirmMs: 9999, failed: 0 }), undefined)
    assert.equal(metCondition(conditions, { withoutConfirmMs: 0, failed: 1 }), '1 job had failed')
    assert.equal(metCondition({ failedJobs: 2 }, { withoutConfirmMs: 0, failed: 3 }), '3 jobs had failed')
  })
})

describe('how long a fault is held unless told otherwise', () => {
  it('is past the longest takeover of the brokers, and never short', () => {
    assert.equal(holdFor({ slowestTakeoverMs: 350 }), 8000)
    assert.equal(holdFor({ slowestTakeoverMs: 12_000 }), 14_000)
  })
})
