import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { holderAt, leaseMarkers } from '../../../../infra/labs/activemq/lease.ts'

const TIMES = { wall: 1000, toleranceMs: 12 }

function told(...given: Parameters<typeof leaseMarkers>): unknown[] {
  return leaseMarkers(...given).map(({ kind, node, wall, toleranceMs }) => [kind, node, wall, toleranceMs])
}

describe('a lease in the table', () => {
  it('is held until it runs out', () => {
    assert.equal(holderAt({ node: 'a', until: 1001 }, 1000), 'a')
    assert.equal(holderAt({ node: 'a', until: 1000 }, 1000), undefined)
    assert.equal(holderAt(undefined, 1000), undefined)
  })

  it('tells nothing while it is renewed', () => {
    assert.deepEqual(told({ node: 'a', until: 1500 }, 990, { view: { node: 'a', until: 6500 }, ...TIMES }), [])
  })

  it('was released when it ran out, however late that was seen', () => {
    assert.deepEqual(told({ node: 'a', until: 993 }, 990, { view: { node: 'a', until: 993 }, ...TIMES }), [
      ['lock-released', 'a', 993, 1],
    ])
  })

  it('was released between two looks when it was given up before its time', () => {
    assert.deepEqual(told({ node: 'a', until: 5000 }, 990, { view: undefined, ...TIMES }), [
      ['lock-released', 'a', 1000, 12],
    ])
  })

  it('passes from one broker to the other', () => {
    assert.deepEqual(told({ node: 'a', until: 995 }, 990, { view: { node: 'b', until: 11_000 }, ...TIMES }), [
      ['lock-released', 'a', 995, 1],
      ['lock-acquired', 'b', 1000, 12],
    ])
  })

  it('is held again by the broker that let it run out', () => {
    assert.deepEqual(told({ node: 'a', until: 900 }, 990, { view: { node: 'a', until: 11_000 }, ...TIMES }), [
      ['lock-acquired', 'a', 1000, 12],
    ])
  })
})
