import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { latencyScale, thin } from '../../../src/drill/report/latency-data.ts'
import { roundTicks, tickLabel } from '../../../src/drill/report/run-axis.ts'

describe('thinning', () => {
  const points = Array.from({ length: 50_000 }, (_, index) => ({ at: index, ms: 3 + (index % 7) * 0.1 }))
  points[31_007] = { at: 31_007, ms: 900 }
  points[31_008] = { at: 31_008, ms: 0.2 }

  it('keeps at most so many points, in their order, the slowest and the fastest among them', () => {
    const kept = thin(points, 20_000)
    assert.ok(kept.length <= 20_000 && kept.length > 5_000, String(kept.length))
    assert.ok(kept.every((point, index) => index === 0 || point.at > (kept[index - 1]?.at ?? 0)))
    assert.ok(kept.some((point) => point.ms === 900))
    assert.ok(kept.some((point) => point.ms === 0.2))
  })

  it('leaves alone what is few enough', () => {
    const few = points.slice(0, 20_000)
    assert.equal(thin(few, 20_000), few)
  })
})

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
