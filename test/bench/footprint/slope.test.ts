import assert from 'node:assert/strict'
import test from 'node:test'
import { bytesPerMessage, type MemorySample } from '../../../bench/footprint/slope.ts'

function samples(...bytes: readonly number[]): MemorySample[] {
  return bytes.map((heapBytes, index) => sample(index, heapBytes, 50))
}

function sample(index: number, heapBytes: number, externalBytes: number): MemorySample {
  return { messages: index * 100, heapBytes, externalBytes, rssBytes: 0 }
}

test('what grows by so many bytes with each message is told as that', () => {
  assert.equal(bytesPerMessage(samples(1000, 1200, 1400, 1600)), 2)
})

test('what goes up and down around a level does not grow', () => {
  assert.equal(bytesPerMessage(samples(1000, 1100, 1100, 1000)), 0)
})

test('what lies outside of the heap counts', () => {
  const growing = [0, 1, 2].map((index) => sample(index, 1000, index * 100))
  assert.equal(bytesPerMessage(growing), 1)
})

test('one look says nothing', () => {
  assert.equal(bytesPerMessage(samples(1000)), undefined)
  assert.equal(bytesPerMessage([]), undefined)
})
