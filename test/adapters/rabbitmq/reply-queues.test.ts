import assert from 'node:assert/strict'
import test from 'node:test'
import { long, method, readShortString, short, shortString } from '../../support/amqp-frames.ts'
import { message } from '../../support/client-parts.ts'
import { newReplyQueue } from '../../../src/transport/reply-queues.ts'
import { soon } from '../activemq/dialled.ts'
import { linked } from './dialled.ts'

/** How each queue is declared that a broker makes which knows none. */
async function declaredFor(queues: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const declared = new Map<string, string>()
  await using on = await linked(async (peer) => {
    peer.answerQuestions({
      'queue.declare': ({ channel, payload }) => {
        const { text, end } = readShortString(payload, 2)
        if (((payload[end] ?? 0) & 1) === 1)
          return method(channel, 'channel.close', short(404), shortString(`no queue '${text}'`), short(50), short(10))
        declared.set(text, payload.subarray(end + 1).toString('latin1'))
        return method(channel, 'queue.declare-ok', shortString(text), long(0), long(0))
      },
    })
    for (let tag = 1; ; tag++) peer.ack((await peer.nextPublish()).channel, tag)
  })
  for (const name of queues)
    await soon(on.link.send({ ...message(name), destination: { kind: 'queue', name } }, 1), name)
  return declared
}

test('a reply queue that is gone is made anew by who answers, and expires as the one before it', async () => {
  const gone = newReplyQueue()
  const declared = await declaredFor([gone, 'orders'])
  assert.deepEqual(
    [...declared.keys()].toSorted(),
    ['DLQ.orders', 'DLQ.understudy.reply', gone, 'orders'].toSorted(),
    'letters of reply queues have one queue for all',
  )
  assert.match(declared.get(gone) ?? '', /x-expires/)
  assert.match(declared.get(gone) ?? '', /DLQ\.understudy\.reply/)
  assert.doesNotMatch(declared.get('orders') ?? '', /x-expires/)
})
