import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect } from '../../src/connect.ts'

describe('what the responders of a connection have come to', () => {
  it('counts all of them together, those that are closed by now too', async () => {
    await using connection = await connect('memory://responding-counts')
    assert.deepEqual(connection.responders, { open: 0, answered: 0, failed: 0, unwanted: 0, undeliverable: 0 })
    const first = connection.respond('queue://doubled', (request) => 2 * request.json<number>())
    const second = connection.respond('queue://broken', () => {
      throw new Error('no')
    })
    await Promise.all([first.ready, second.ready])
    await connection.request('queue://doubled', 21)
    await assert.rejects(connection.request('queue://broken', 1))
    // Answered is counted once the answer's confirm is there, which may be after the answer itself.
    await first.close()
    await second.close()
    assert.deepEqual(connection.responders, { open: 0, answered: 2, failed: 1, unwanted: 0, undeliverable: 0 })
    const third = connection.respond('queue://doubled', () => 0)
    assert.deepEqual(connection.responders, { open: 1, answered: 2, failed: 1, unwanted: 0, undeliverable: 0 })
    await third.close()
  })
})
