import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findingsTable } from '../../bench/findings/table.ts'
import type { DrillResult } from '../../src/drill/result.ts'

const COUNTS = { fail: 0, broken: 0, interrupted: 0, unknown: 0, skipped: 0, pass: 3 }

function result(upper: number | null, over: Partial<DrillResult> = {}): DrillResult {
  const outage = { producerMs: null, consumerMs: null, withoutConfirmMs: { lower: 0, upper } }
  return { outage, takenOverBy: 'b', jobs: { lost: 0, failed: 1 }, signs: ['refusal'], ...over } as DrillResult
}

describe('The table of findings', () => {
  it('tells the median and the range of the time without a confirm, and in how many runs each sign was seen', () => {
    const results = [result(100), result(3000, { signs: ['hang'] }), result(200, { takenOverBy: null })]
    const predicted = { lowerMs: 0, upperMs: null, because: 'it is so' }
    const drill = { name: 'pair kill', counts: COUNTS, predicted }
    const [, , row] = findingsTable([{ drill, results }]).split('\n')
    assert.equal(
      row,
      '| pair kill | 3 | 3 pass | 2 of 3 | 200 ms (100 ms to 3.00 s) | 0 ms until healed | 0, 3 | hang in 1 |',
    )
  })

  it('leaves open what no run has measured', () => {
    const drill = { name: 'pair slow', counts: COUNTS, predicted: null }
    const [, , row] = findingsTable([{ drill, results: [result(null)] }]).split('\n')
    assert.match(row ?? '', /\| – \| – \| 0, 1 \| – \|$/)
  })
})
