import assert from 'node:assert/strict'
import test from 'node:test'
import { checkNames, didYouMean, nearestName } from '../../src/transport/option-names.ts'

const KNOWN = ['maxReconnectAttempts', 'maxReconnectDelay', 'randomize', 'timeout']

test('the nearest known name is the one with the fewest edits, whatever the case', () => {
  assert.equal(nearestName('maxReconectAttempts', KNOWN), 'maxReconnectAttempts')
  assert.equal(nearestName('MAXRECONNECTDELAY', KNOWN), 'maxReconnectDelay')
  assert.equal(nearestName('randomise', KNOWN), 'randomize')
})

test('a name of any length is compared without hurry or hang', () => {
  assert.ok(nearestName('x'.repeat(1_000_000), KNOWN))
})

test('a hint names what is near, and says nothing of what is far off', () => {
  assert.equal(didYouMean('vhots', ['vhost', 'heartbeat']), '; did you mean vhost?')
  assert.equal(didYouMean('RANDOMISE', KNOWN), '; did you mean randomize?')
  for (const written of ['foo', 'x'.repeat(1_000_000), '']) assert.equal(didYouMean(written, ['vhost', 'to']), '')
  assert.equal(didYouMean('x', []), '')
  assert.throws(
    () => checkNames('test', { foo: 1 }, { vhost: true } as never),
    /^UnderstudyError: unknown test option "foo"$/,
  )
})

test('nothing known, nothing near', () => {
  assert.equal(nearestName('x', []), undefined)
})
