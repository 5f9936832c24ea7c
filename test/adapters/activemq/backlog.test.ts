import assert from 'node:assert/strict'
import test from 'node:test'
import { SendError } from '../../../src/errors.ts'
import { message } from '../../support/client-parts.ts'
import { scriptedBroker } from '../../support/stomp-peer.ts'
import { dialAt, lossOf, soon } from './dialled.ts'

// stompit fails the frames that it holds one inside the other, and so many of them overflow the stack.
const MANY = 20_000

for (const end of ['destroy', 'resetAndDestroy'] as const) {
  test(`a connection that ends under ${MANY} sends that were not written ends them one by one (${end})`, async () => {
    const ending = Promise.withResolvers<void>()
    await using broker = await scriptedBroker(async (peer) => {
      await peer.acceptConnect()
      // Nothing is read any more, so that what is sent piles up on the other side.
      peer.socket.pause()
      await ending.promise
      peer.socket[end]()
    })
    const link = await dialAt(broker.port)
    const body = Buffer.alloc(1024)
    const sends = Array.from({ length: MANY }, (_, index) => link.send(message(String(index), body), 1))
    const settled = Promise.allSettled(sends)
    ending.resolve()
    await lossOf(link)
    for (const result of await soon(settled, 'the end of every send')) {
      assert(result.status === 'rejected')
      assert(result.reason instanceof SendError)
      assert.equal(result.reason.retriable, true)
    }
  })
}
