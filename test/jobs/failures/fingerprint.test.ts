import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { causeOf, fingerprint } from '../../../src/jobs/failures/fingerprint.ts'

const SAME: readonly (readonly [string, string])[] = [
  ['connect ECONNREFUSED 10.0.0.1:5672', 'connect ECONNREFUSED 192.168.100.27:61613'],
  ['user 17 not found', 'user 4711 not found'],
  ['no file "/tmp/a b.png"', 'no file "/var/c.png"'],
  ["no column 'name' here", "no column 'it' here"],
  ['job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 failed', 'job 00000000-0000-4000-8000-000000000000 failed'],
  ['commit 9fceb02d0ae598e95dc970b74767f19372d61af8', 'commit 1a410efbd13591db07496601ebc7a059dd55cfe9'],
  ['at 0xdeadbeef', 'at 0x1'],
  ['GET /users/1/files/22 gave 500', 'GET /users/999/files/1 gave 503'],
  ['late since 2026-01-02T03:04:05.678Z', 'late since 2025-12-31T00:00:00Z'],
  ['bad ids 1, 2, 3', 'bad ids 7'],
  ['token V1StGXR8Z5jdHi6BmyTe expired', 'token a9Bc8De7Fg6Hi5Jk4Lm3 expired'],
]

describe('a fingerprint', () => {
  it('does not see what differs from job to job', () => {
    for (const [one, other] of SAME) assert.equal(causeOf(one), causeOf(other), `${one} / ${other}`)
  })

  it('tells causes, classes and jobs apart', () => {
    const prints = [
      fingerprint('a', 'Error', 'disk full'),
      fingerprint('a', 'Error', 'disk gone'),
      fingerprint('a', 'TypeError', 'disk full'),
      fingerprint('b', 'Error', 'disk full'),
      fingerprint('a', 'Error', "can't read it, so it's over"),
      fingerprint('a', 'Error', "can't write it, so it's over"),
    ]
    assert.equal(new Set(prints).size, prints.length)
  })

  it('stays what it is from version to version', () => {
    assert.equal(fingerprint('image.resize', 'TypeError', 'user 17 not found'), '5c0d205c3f3b06f9')
  })

  it('takes no long time over a long message', () => {
    for (const piece of ['"', "'", '1.', 'a1', '* ', '-0'])
      assert.match(fingerprint('a', 'b', piece.repeat(1e6)), /^\w{16}$/)
  })
})
