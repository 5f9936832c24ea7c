import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionOf, parts } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { type Codec, Codecs } from '../../src/transport/codec.ts'
import { Connection } from '../../src/connection.ts'
import type { Delivery } from '../../src/listener/delivery.ts'

const reversed: Codec = {
  contentType: 'text/x-reversed',
  encode: (value) => {
    if (typeof value !== 'string') throw new TypeError('only text')
    return Buffer.from(value.split('').toReversed().join(''))
  },
  decode: (bytes) => {
    if (bytes.length === 0) throw new Error('empty')
    return bytes.toString().split('').toReversed().join('')
  },
}

test('a codec writes what is sent as its content type and reads what is delivered as it', async () => {
  const of = parts()
  const { uri, transport, clock, random, logger } = of
  const connection = new Connection({ uri, transportOf: () => transport, clock, random, logger, codecs: [reversed] })
  const sending = connection.send('jobs', 'abc', { contentType: 'text/X-Reversed; v=1' })
  await settled()
  const [sent] = transport.last.sent
  assert.deepEqual([sent?.message.body.toString(), sent?.message.contentType], ['cba', 'text/X-Reversed; v=1'])
  sent?.confirm()
  await sending
  const values: unknown[] = []
  const listener = connection.listen('jobs', (delivery: Delivery) => {
    try {
      values.push(delivery.value())
    } catch (error) {
      values.push((error as { code?: string }).code)
    }
    return delivery.ack()
  })
  await listener.ready
  const [subscription] = transport.last.subscriptions
  const deliver = (contentType: string | undefined, body: string): void =>
    subscription?.deliver('x', { contentType, body: Buffer.from(body) })
  deliver('text/x-reversed', 'cba')
  deliver('text/x-reversed', '')
  deliver('application/json', '{"a":1}')
  deliver('application/cloudevents+json; charset=utf-8', '[1]')
  deliver('application/json', '{')
  deliver('text/plain', 'hello')
  deliver(undefined, 'raw')
  assert.deepEqual(values, ['abc', 'decode', { a: 1 }, [1], 'decode', 'hello', Buffer.from('raw')])
  await connection.close()
})

test('a value that its codec cannot write is refused before anything is sent', async () => {
  const of = parts()
  const { uri, transport, clock, random, logger } = of
  const connection = new Connection({ uri, transportOf: () => transport, clock, random, logger, codecs: [reversed] })
  await assert.rejects(connection.send('jobs', 7, { contentType: 'text/x-reversed' }), {
    code: 'invalid-option',
    message: /text\/x-reversed: only text/,
  })
  assert.equal(transport.links.length, 0)
  await connection.close()
})

test('a content type without a codec is told as it is', async () => {
  const of = parts()
  const connection = connectionOf(of)
  const sending = connection.send('jobs', 'x', { contentType: 'text/csv' })
  await settled()
  assert.equal(of.transport.last.sent[0]?.message.contentType, 'text/csv')
  of.transport.last.confirmAll()
  await sending
  await connection.close()
})

test('two codecs of one type, and one without a type, are refused', () => {
  assert.throws(() => new Codecs([reversed, { ...reversed, contentType: 'TEXT/X-REVERSED' }]), {
    code: 'invalid-option',
  })
  assert.throws(() => new Codecs([{ ...reversed, contentType: 'reversed' }]), { code: 'invalid-option' })
})
