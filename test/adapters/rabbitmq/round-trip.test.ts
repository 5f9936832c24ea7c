import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { Destination } from '../../../src/transport/destination.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import { method, shortString } from '../../support/amqp-frames.ts'
import { scriptedAmqpBroker } from '../../support/amqp-peer.ts'
import { message } from '../../support/client-parts.ts'
import { soon } from '../activemq/dialled.ts'
import { Box, dialAt } from './dialled.ts'

/** What AMQP can carry as a short string: any characters, in 255 bytes. */
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => value.isWellFormed())
const short = text.filter((value) => Buffer.byteLength(value) <= 255)
const name = fc
  .oneof(
    short,
    fc.constantFrom('a:b', 'a\\b', 'a\nb', 'a\r\nb', 'a\0b', 'constructor', 'hasOwnProperty', 'ü', 'x-death'),
  )
  .filter((value) => !['', '__proto__', 'CC', 'BCC'].includes(value))
const value = fc.oneof(
  text,
  fc.string({ unit: 'binary', maxLength: 2000 }).filter((long) => long.isWellFormed()),
)
const word = short.filter((one) => one !== '' && !/[\u0000-\u001f\u007f]/.test(one))
const destination: fc.Arbitrary<Destination> = fc.oneof(
  word.map((name) => ({ kind: 'queue', name }) as const),
  word.map((name) => ({ kind: 'topic', name }) as const),
  fc
    .tuple(
      word.filter((one) => !one.includes('/')),
      short.filter((one) => !/[\u0000-\u001f\u007f]/.test(one)),
    )
    .map(([name, routingKey]) => ({ kind: 'exchange', name, routingKey }) as const),
)

const outgoing: fc.Arbitrary<OutgoingMessage> = fc.record({
  id: short.filter((value) => value !== ''),
  destination: destination.filter(({ kind, name }) => kind !== 'exchange' || name !== 'amq.topic'),
  body: fc.uint8Array({ maxLength: 5000 }).map((bytes) => Buffer.from(bytes)),
  contentType: fc.option(fc.constantFrom('application/json', 'text/plain; charset=utf-8'), { nil: undefined }),
  headers: fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true }),
  persistent: fc.boolean(),
  priority: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  expiresAtMs: fc.option(fc.integer({ min: 0, max: 2e12 }), { nil: undefined }),
  deliverAtMs: fc.constant(undefined),
  correlationId: fc.option(short, { nil: undefined }),
  replyTo: fc.option(destination, { nil: undefined }),
})

test('whatever is sent is delivered as it was: id, attempt, headers, bytes, and where it went', async () => {
  await using broker = await scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    let consuming = 0
    peer.answerQuestions({
      'basic.consume': ({ channel }) => {
        consuming = channel
        return method(channel, 'basic.consume-ok', shortString('consumer'))
      },
    })
    for (let tag = 1; ; tag++) {
      const published = await peer.nextPublish(60_000)
      peer.ack(published.channel, tag)
      peer.deliver(consuming, 'consumer', tag, published)
    }
  })
  const link = await dialAt(broker.port)
  const box = new Box()
  await link.subscribe({ kind: 'queue', name: 'jobs' }, { prefetch: 1 }, box)
  let sent = 0
  await fc.assert(
    fc.asyncProperty(outgoing, fc.integer({ min: 1, max: 100 }), async (one, attempt) => {
      await soon(link.send(one, attempt), 'the confirm')
      sent++
      const { message } = await box.next(sent)
      const { id, destination, body, contentType, headers, correlationId, replyTo } = one
      assert.deepEqual(
        { ...message, headers: { ...message.headers } },
        { id, attempt, destination, body, contentType, headers, redelivered: false, correlationId, replyTo },
      )
    }),
    { numRuns: 300 },
  )
  const large = message('last', Buffer.alloc(2 ** 20, 'ü\0'))
  await soon(link.send(large, 1), 'the confirm')
  const last = await box.next(sent + 1)
  assert.ok(last.message.body.equals(large.body))
  await link.close(AbortSignal.abort())
})
