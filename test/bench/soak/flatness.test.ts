import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { grownKinds, leastSquares, trendOf } from '../../../bench/soak/flatness.ts'

const points = (...ys: readonly number[]): { x: number; y: number }[] => ys.map((y, index) => ({ x: index * 10, y }))

describe('a line of least squares', () => {
  it('goes through points that lie on one', () => {
    assert.deepEqual(leastSquares(points(5, 25, 45)), { slope: 2, intercept: 5, slopeError: 0 })
  })

  it('lies between points that do not, and says how sure it is', () => {
    // By hand: means 10 and 2, slope 100/200, residuals 0.5, -1, 0.5... of 1, 0, 5 less the line's values.
    const line = leastSquares([
      { x: 0, y: 1 },
      { x: 10, y: 0 },
      { x: 20, y: 5 },
    ])
    assert.equal(line?.slope, 0.2)
    assert.equal(line?.intercept, 0)
    assert(Math.abs((line?.slopeError ?? 0) - Math.sqrt(6 / 200)) < 1e-12)
  })

  it('is none through one point or through points above each other', () => {
    assert.equal(leastSquares([]), undefined)
    assert.equal(leastSquares([{ x: 1, y: 1 }]), undefined)
    assert.equal(
      leastSquares([
        { x: 1, y: 1 },
        { x: 1, y: 2 },
      ]),
      undefined,
    )
    assert.equal(leastSquares(points(1, 2))?.slopeError, undefined)
  })
})

describe('a trend', () => {
  it('leaves the warm-up out', () => {
    const trend = trendOf(points(100, 900, 1000, 1000, 1000, 1000, 1000, 1000))
    assert.equal(trend?.slope, 0)
    assert.equal(trend?.growth, 0)
    assert.equal(trend?.points, 6)
  })

  it('tells what is added from its first point to its last', () => {
    const trend = trendOf(points(7, 8, 9, 10, 11, 12, 13, 14))
    assert(Math.abs((trend?.slope ?? 0) - 0.1) < 1e-12)
    assert(Math.abs((trend?.growth ?? 0) - 5) < 1e-9)
  })

  it('starts again where the value collapsed, which would hide what is added', () => {
    const trend = trendOf(points(200, 201, 202, 203, 150, 151, 152, 153))
    assert(Math.abs((trend?.slope ?? 0) - 0.1) < 1e-12)
    assert.equal(trend?.points, 4)
    assert.equal(trendOf(points(200, 201, 202, 203, 204, 150, 151, 152)), undefined)
  })

  it('is not told from a handful', () => {
    assert.equal(trendOf(points(1, 2, 3)), undefined)
    assert.notEqual(trendOf(points(1, 2, 3, 4, 5)), undefined)
  })
})

describe('kinds that grew', () => {
  it('are those with more throughout the last third than ever in the first', () => {
    const samples = [
      { sockets: 4, timers: 9, files: 20 },
      { sockets: 4, timers: 2, files: 21 },
      { sockets: 5, timers: 12, files: 30 },
      { sockets: 4, timers: 2, files: 31 },
      { sockets: 4, timers: 10, files: 40, pipes: 1 },
      { sockets: 5, timers: 3, files: 41, pipes: 1 },
    ]
    assert.deepEqual(grownKinds(samples), ['files', 'pipes'])
  })

  it('are not told from a handful of samples', () => {
    assert.equal(grownKinds([1, 2, 3, 4, 5].map((sockets) => ({ sockets }))), undefined)
    assert.deepEqual(grownKinds([1, 2, 3, 4, 5, 6].map((sockets) => ({ sockets }))), ['sockets'])
  })
})
