import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBounds } from '../../../src/drill/report/figures.ts'
import { formatMs, formatOffset, formatSeconds, plural } from '../../../src/drill/report/durations.ts'

describe('durations for a person', () => {
  it('take the unit that fits, and go over to the next one without a step like 1000 ms', () => {
    const told = [0.04, 3.14, 9.949, 9.95, 241.4, 999.4, 999.6, 9_213, 31_460, 59_949, 60_000, 125_400]
    assert.deepEqual(told.map(formatMs), [
      '0 ms',
      '3.1 ms',
      '9.9 ms',
      '10 ms',
      '241 ms',
      '999 ms',
      '1.00 s',
      '9.21 s',
      '31.5 s',
      '59.9 s',
      '1 min',
      '2 min 5 s',
    ])
  })

  it('say so when nothing was observed', () => {
    assert.equal(formatMs(null), 'not observed')
    assert.equal(formatMs(Number.NaN), 'not observed')
  })

  it('can be told in seconds whatever their size', () => {
    assert.equal(formatSeconds(229), '0.23 s')
    assert.equal(formatSeconds(12_040), '12.0 s')
  })

  it('carry a sign on the axis of a drill', () => {
    assert.deepEqual([-1.5e6, 200, 2.29e8].map(formatOffset), ['−0.002 s', '0.000 s', '+0.229 s'])
  })

  it('name the unit of two bounds once where they share it', () => {
    assert.equal(formatBounds({ lower: 198, upper: 271 }), '198–271 ms')
    assert.equal(formatBounds({ lower: 950, upper: 1_050 }), '950 ms – 1.05 s')
  })
})

describe('counts for a person', () => {
  it('are grouped, and agree with what they count', () => {
    assert.deepEqual(
      [0, 1, 1_234_567].map((count) => plural(count, 'job')),
      ['0 jobs', '1 job', '1\u202f234\u202f567 jobs'],
    )
  })
})
