import assert from 'node:assert/strict'
import test from 'node:test'
import { long, method, short, shortString } from '../../support/amqp-frames.ts'
import { failure, soon } from '../activemq/dialled.ts'
import { type Linked, linked } from './dialled.ts'

/** A link whose broker answers every question for a queue with this. */
function answering(answer: (channel: number) => Buffer): Promise<Linked> {
  return linked((peer) => {
    peer.answerQuestions({
      'queue.declare': ({ channel }) => answer(channel),
      'queue.purge': ({ channel }) => answer(channel),
    })
  })
}

const no = (code: number, text: string) => (channel: number) =>
  method(channel, 'channel.close', short(code), shortString(text), short(50), short(10))

test('inspect asks without making, and tells messages and consumers', async () => {
  const passive: boolean[] = []
  await using on = await linked((peer) => {
    peer.answerQuestions({
      'queue.declare': ({ channel, payload }) => {
        passive.push(((payload[3 + (payload[2] ?? 0)] ?? 0) & 1) === 1)
        return method(channel, 'queue.declare-ok', shortString('jobs'), long(7), long(2))
      },
    })
  })
  assert.deepEqual(await soon(on.link.inspect('jobs'), 'the answer'), { ready: 7, isExact: true, consumers: 2 })
  assert.deepEqual(passive, [true])
})

test('purge tells how many messages it removed', async () => {
  await using on = await answering((channel) => method(channel, 'queue.purge-ok', long(9)))
  assert.equal(await soon(on.link.purge('jobs'), 'the answer'), 9)
})

test('a queue that is not there is no state and nothing to purge, and costs no link', async () => {
  await using on = await answering(no(404, "NOT_FOUND - no queue 'jobs' in vhost '/'"))
  for (let times = 0; times < 3; times++) {
    assert.equal(await soon(on.link.inspect('jobs'), 'the answer'), undefined)
    assert.equal(await soon(on.link.purge('jobs'), 'the answer'), 0)
  }
})

test('a queue whose node is down is unreachable for now, and not said to be missing', async () => {
  const text = "NOT_FOUND - home node 'rabbit@a' of durable queue 'jobs' in vhost '/' is down or inaccessible"
  await using on = await answering(no(404, text))
  for (const asked of [on.link.inspect('jobs'), on.link.purge('jobs')]) {
    const error = await failure(asked)
    assert.deepEqual([error.code, error.retriable], ['unreachable', true])
  }
})

test('a question that the link did not outlive fails with it, and so does the next', async () => {
  await using on = await linked((peer) => {
    peer.answerQuestions({ 'queue.declare': () => Buffer.alloc(0) })
  })
  const asked = failure(on.link.inspect('jobs'))
  await on.peer.destroy()
  assert.equal((await asked).code, 'link-lost')
  assert.equal((await failure(on.link.inspect('jobs'))).code, 'link-lost')
  assert.equal((await failure(on.link.purge('jobs'))).retriable, true)
})
