import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { purgedText, purgeKeeps } from '../../src/dashboard/queues/purge-words.ts'

describe('what is told of a purge', () => {
  it('says how many went, and that what came in since is kept', () => {
    assert.equal(purgedText('q', 3, true, 0), '3 messages removed from q. Nothing has come in since.')
    assert.equal(purgedText('q', 1, true, 1), '1 message removed from q. 1 message has come in since, and is kept.')
    assert.equal(
      purgedText('q', 2000, true, 2),
      '2,000 messages removed from q. 2 messages have come in since, and are kept.',
    )
  })

  it('says that what came in meanwhile may have gone where messages are taken one by one', () => {
    assert.match(purgeKeeps({ isExact: false }), /what comes in meanwhile may go too/)
    assert.match(purgeKeeps({ isExact: true }), /after that is kept/)
    assert.match(
      purgedText('q', 3, false, 0),
      /^3 messages removed from q\. What came in while it was emptied is among/,
    )
    assert.match(purgedText('q', 3, false, 2), /About 2 messages are there now: what came in since, and what consumers/)
  })

  it('says no more than it knows where the broker cannot be asked any more', () => {
    assert.equal(purgedText('q', 3, true, undefined), '3 messages removed from q.')
  })
})
