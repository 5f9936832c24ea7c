import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heightOn, latencyScale } from '../../../../src/drill/report/plots/latency-scale.ts'
import { roundTicks, tickLabel } from '../../../../src/drill/report/plots/run-axis.ts'

describe('the scale of latency', () => {
  it('is logarithmic when the slowest took many times the median', () => {
    const scale = latencyScale([2, 3, 3, 3, 240])
    assert.equal(scale.log, true)
    assert.deepEqual(scale.labels, ['1 ms', '10 ms', '100 ms'])
    assert.ok(scale.from <= 2 && scale.to >= 240)
  })

  it('is linear from zero when they are alike', () => {
    const scale = latencyScale([2, 3, 4])
    assert.equal(scale.log, false)
    assert.equal(scale.from, 0)
    assert.ok(scale.to >= 4)
  })

  it('puts its own ends at 0 and 1 and each tick between them', () => {
    for (const scale of [latencyScale([2, 3, 3, 3, 240]), latencyScale([2, 3, 4])]) {
      assert.equal(heightOn(scale, scale.from), 0)
      assert.ok(Math.abs(heightOn(scale, scale.to) - 1) < 1e-9)
      for (const tick of scale.ticks) assert.ok(heightOn(scale, tick) >= 0 && heightOn(scale, tick) <= 1)
    }
  })

  it('stands on something when no job was confirmed', () => {
    const scale = latencyScale([])
    assert.ok(Number.isFinite(scale.from) && scale.to > scale.from)
  })
})

describe('the ticks of an axis', () => {
  it('are round, within the axis, and hold zero where it lies in it', () => {
    assert.deepEqual(roundTicks(-1, 1.7, 6), [-1, -0.5, 0, 0.5, 1, 1.5])
    assert.deepEqual(roundTicks(-0.03, 0.03, 6), [-0.03, -0.02, -0.01, 0, 0.01, 0.02, 0.03])
  })

  it('carry their sign', () => {
    assert.deepEqual([-0.5, 0, 2].map(tickLabel), ['−0.5', '0', '+2'])
  })
})
