import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seenInRuns } from '../../../src/drill/suite/suite-words.ts'
import { drillOf, judgedRun } from '../report/suite/written-suite.ts'

describe('what the runs of a drill showed', () => {
  it('says of how many runs the retry threshold is known, where the service of one never came back', () => {
    const never = judgedRun(0, { state: 'fail', outageMs: null, retryThresholdMs: null })
    const told = (runs: Parameters<typeof drillOf>[1]): string => seenInRuns(drillOf('a kill', runs)).join(' · ')
    assert.match(told([judgedRun(215), judgedRun(95), never]), /r\* up to 200 ms in 2 of 3/)
    assert.match(told([judgedRun(215), judgedRun(95)]), /r\* up to 200 ms(?! in)/)
  })
})
