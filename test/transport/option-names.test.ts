import assert from 'node:assert/strict'
import test from 'node:test'
import { nearestName } from '../../src/transport/option-names.ts'

const KNOWN = ['maxReconnectAttempts', 'maxReconnectDelay', 'randomize', 'timeout']

test('the nearest known name is the one with the fewest edits, whatever the case', () => {
  assert.equal(nearestName('maxReconectAttempts', KNOWN), 'maxReconnectAttempts')
  assert.equal(nearestName('MAXRECONNECTDELAY', KNOWN), 'maxReconnectDelay')
  assert.equal(nearestName('randomise', KNOWN), 'randomize')
})

test('a name of any length is compared without hurry or hang', () => {
  assert.ok(nearestName('x'.repeat(1_000_000), KNOWN))
})

test('nothing known, nothing near', () => {
  assert.equal(nearestName('x', []), undefined)
})
