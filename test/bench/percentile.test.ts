import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { median, middleMean, percentile } from '../../bench/percentile.ts'

describe('a median', () => {
  it('of an even number of values is the mean of the two in the middle', () => {
    assert.equal(median([]), undefined)
    assert.equal(median([3]), 3)
    assert.equal(median([9, 1, 5]), 5)
    assert.equal(median([9, 1, 5, 7]), 6)
  })
})

describe('a percentile', () => {
  it('is the smallest value that the share does not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    assert.equal(percentile(values, 0.95), 95)
    assert.equal(percentile(values, 1), 100)
    assert.equal(percentile([3], 0.5), 3)
    assert.equal(percentile([], 0.5), undefined)
  })

  it('is a value that occurred, and does not exceed the last', () => {
    const values = [5, 1, 4, 2, 3]
    assert.equal(percentile(values, 0.5), 3)
    assert.equal(percentile(values, 0.99), 5)
    assert.equal(percentile(values, 0), 1)
  })
})

describe('the mean of the middle', () => {
  it('leaves out as many at either end, and is that of all where there are too few to leave any out', () => {
    assert.equal(middleMean([1000, 3, 4, 5, 6, 7, 8, 9, 10, -500], 0.1), 6.5)
    assert.equal(middleMean([1, 2, 6], 0.1), 3)
    assert.equal(middleMean([], 0.1), undefined)
  })
})
