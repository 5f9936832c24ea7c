import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import { message } from '../../support/client-parts.ts'
import { scriptedBroker } from '../../support/stomp-peer.ts'
import { acceptSubscription, dialAt, Inbox, soon } from './dialled.ts'

/** What STOMP can carry in a header: any character but NUL. */
const text = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .filter((value) => !value.includes('\0') && value.isWellFormed())
const RESERVED_HERE = new Set(['', '__proto__', 'hasOwnProperty', 'id', 'ack', 'selector', 'priority', 'expires'])
const name = fc
  .oneof(text, fc.constantFrom('a:b', 'a\\b', 'a\nb', 'a\r\nb', 'JMSXGroupID', 'constructor', 'ü'))
  .filter((value) => !RESERVED_HERE.has(value))

const outgoing: fc.Arbitrary<OutgoingMessage> = fc.record({
  id: text.filter((value) => value !== ''),
  destination: fc.constant({ kind: 'queue', name: 'jobs' } as const),
  body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  contentType: fc.option(fc.constantFrom('application/json', 'text/plain; charset=utf-8'), { nil: undefined }),
  headers: fc.dictionary(name, text, { maxKeys: 5, noNullPrototype: true }),
  persistent: fc.boolean(),
  priority: fc.constant(undefined),
  expiresAtMs: fc.constant(undefined),
  deliverAtMs: fc.constant(undefined),
  correlationId: fc.option(text, { nil: undefined }),
  replyTo: fc.option(fc.constant({ kind: 'queue', name: 'answers' } as const), { nil: undefined }),
})

test('whatever is sent is delivered as it was: id, attempt, headers and bytes', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    const subscribe = await acceptSubscription(peer)
    for (let number = 1; ; number++) {
      const send = await peer.next('SEND', 60_000)
      const { receipt: _, ...headers } = send.headers
      const own = { subscription: subscribe.headers['id'] ?? '', 'message-id': String(number), ack: String(number) }
      peer.confirm(send)
      peer.send({ command: 'MESSAGE', headers: { ...headers, ...own }, body: send.body })
    }
  })
  const link = await dialAt(broker.port)
  const inbox = new Inbox()
  await link.subscribe({ kind: 'queue', name: 'jobs' }, { prefetch: 1 }, inbox)
  let sent = 0
  await fc.assert(
    fc.asyncProperty(outgoing, fc.integer({ min: 1, max: 100 }), async (one, attempt) => {
      await soon(link.send(one, attempt), 'the confirm')
      sent++
      const { message } = await inbox.next(sent)
      assert.deepEqual(
        [message.id, message.attempt, message.contentType, message.headers, message.body],
        [one.id, attempt, one.contentType, one.headers, one.body],
      )
    }),
    { numRuns: 300 },
  )
  await soon(link.send(message('last', Buffer.alloc(2 ** 20, 'ü\0')), 1), 'the confirm')
  assert.ok((await inbox.next(sent + 1)).message.body.equals(Buffer.alloc(2 ** 20, 'ü\0')))
  await link.close(AbortSignal.abort())
})
