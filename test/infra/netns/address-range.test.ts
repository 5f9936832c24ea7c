import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freeRange } from '../../../infra/netns/address-range.ts'

describe('the range of a network', () => {
  it('is the first where nothing is in the way', () => {
    assert.equal(freeRange([], 7), '10.213.7')
    assert.equal(freeRange(['default', '0.0.0.0/0', '192.0.2.0/24', 'fd00::/64'], 255), '10.213.255')
  })

  it('goes round what is taken, whole or in part', () => {
    assert.equal(freeRange(['10.213.7.0/24'], 7), '10.213.8')
    assert.equal(freeRange(['10.213.7.9'], 7), '10.213.8')
    assert.equal(freeRange(['10.213.255.128/25', '10.213.0.0/23'], 255), '10.213.2')
  })

  it('leaves a range that a greater one contains', () => {
    assert.equal(freeRange(['10.0.0.0/8'], 7), '172.29.7')
    assert.equal(freeRange(['10.0.0.0/8', '172.16.0.0/12'], 7), '192.168.7')
  })

  it('is none where all is taken', () => {
    assert.throws(() => freeRange(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], 7), { code: 'unsupported' })
  })
})
