import assert from 'node:assert/strict'
import test from 'node:test'
import { delayRoute } from '../../../adapters/rabbitmq/delay-route.ts'
import { SendError } from '../../../src/errors.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import { long, method, readShortString, short, shortString } from '../../support/amqp-frames.ts'
import type { Published } from '../../support/amqp-peer.ts'
import { message } from '../../support/client-parts.ts'
import { failure, soon } from '../activemq/dialled.ts'
import { type Linked, linked } from './dialled.ts'

const COMPLETE = 'understudy.delay.complete'
// In the flags of a message's properties.
const HAS_EXPIRATION = 1 << 8
const MINUTE_MS = 60_000

interface Scripted {
  readonly on: Linked
  /** What was made and bound, in order. */
  readonly steps: string[]
  readonly published: Published[]
}

interface Script {
  /** Whether the broker says that the levels are complete. */
  readonly complete: boolean
  /** Queues that are there and of another kind. */
  readonly differing?: RegExp
  /** How many of the first messages have nowhere to go. */
  readonly returns?: number
}

async function scripted({ complete, differing = /^$/, returns = 0 }: Script): Promise<Scripted> {
  const steps: string[] = []
  const published: Published[] = []
  const refuse = (channel: number, code: number, text: string): Buffer =>
    method(channel, 'channel.close', short(code), shortString(text), short(0), short(0))
  const on = await linked(async (peer) => {
    peer.answerQuestions({
      'exchange.declare': ({ channel, payload }) => {
        const exchange = readShortString(payload, 2)
        const type = readShortString(payload, exchange.end)
        const passive = ((payload[type.end] ?? 0) & 1) === 1
        if (passive && !complete) return refuse(channel, 404, `NOT_FOUND - no exchange '${exchange.text}' in vhost '/'`)
        steps.push(`${passive ? 'look for' : 'make'} exchange ${exchange.text}`)
        return method(channel, 'exchange.declare-ok')
      },
      'exchange.bind': ({ channel }) => {
        steps.push('bind exchange')
        return method(channel, 'exchange.bind-ok')
      },
      'queue.declare': ({ channel, payload }) => {
        const { text, end } = readShortString(payload, 2)
        const passive = ((payload[end] ?? 0) & 1) === 1
        if (!passive) steps.push(`make queue ${text}`)
        if (!passive && differing.test(text)) return refuse(channel, 406, `PRECONDITION_FAILED - inequivalent arg`)
        return method(channel, 'queue.declare-ok', shortString(text), long(0), long(0))
      },
      'queue.bind': ({ channel, payload }) => {
        const queue = readShortString(payload, 2)
        steps.push(`bind ${queue.text} to ${readShortString(payload, queue.end).text}`)
        return method(channel, 'queue.bind-ok')
      },
    })
    for (let tag = 1; ; tag++) {
      const one = await peer.nextPublish()
      published.push(one)
      if (tag <= returns) peer.sendBack(one)
      peer.ack(one.channel, tag)
    }
  })
  return { on, steps, published }
}

const later = (delayMs: number, given: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  ...message('job-1'),
  destination: { kind: 'queue', name: 'jobs' },
  deliverAtMs: Date.now() + delayMs,
  ...given,
})

test('where the levels are complete, one look tells so, and the queue is bound to where what is due comes out', async () => {
  const { on, steps, published } = await scripted({ complete: true })
  await using _ = on
  await soon(
    on.link.send(later(31 * MINUTE_MS, { expiresAtMs: Date.now() + MINUTE_MS, priority: 3 }), 1),
    'the confirm',
  )
  assert.deepEqual(steps, [`look for exchange ${COMPLETE}`, 'bind jobs to understudy.delay.deliver'])
  const [one] = published
  assert.ok(one)
  assert.deepEqual(
    [one.exchange, one.routingKey, one.mandatory],
    ['understudy.delay.14', delayRoute({ kind: 'queue', name: 'jobs' }, 31 * MINUTE_MS).routingKey, true],
  )
  assert.equal(one.properties.readUInt16BE(0) & HAS_EXPIRATION, 0, 'RabbitMQ is not told of the expiry')
})

test('levels that are not complete are all made, with the word that they are at the end, and once for a link', async () => {
  const { on, steps, published } = await scripted({ complete: false })
  await using _ = on
  await soon(Promise.all([on.link.send(later(1000), 1), on.link.send(later(2000), 1)]), 'the confirms')
  const of = (start: string): number => steps.filter((step) => step.startsWith(start)).length
  assert.deepEqual(
    [of('make queue understudy.delay.'), of('make exchange understudy.delay.'), of('bind exchange')],
    [29, 31, 28],
    '28 levels, and what is undelivered',
  )
  assert.equal(of('bind understudy.delay.'), 29)
  assert.deepEqual(steps.slice(-2), [`make exchange ${COMPLETE}`, 'bind jobs to understudy.delay.deliver'])
  const before = steps.length
  await soon(on.link.send(later(500, { destination: { kind: 'queue', name: 'others' } }), 1), 'another queue')
  assert.deepEqual(steps.slice(before), ['bind others to understudy.delay.deliver'])
  assert.equal(published.length, 3)
})

test('levels of another type than ours are used as they are', async () => {
  const { on, published } = await scripted({ complete: false, differing: /^understudy\.delay\.\d+$/ })
  await using _ = on
  await soon(on.link.send(later(1000), 1), 'the confirm')
  assert.equal(published.length, 1)
})

test('after a message came back every level is looked after, whatever the broker says is complete', async () => {
  const { on, steps } = await scripted({ complete: true, returns: 1 })
  await using _ = on
  const error = await failure(on.link.send(later(1000), 1))
  assert.ok(error instanceof SendError)
  assert.deepEqual([error.outcome, error.retriable], ['returned', true])
  await soon(on.link.send(later(1000), 2), 'the second attempt')
  assert.ok(steps.includes('make queue understudy.delay.27'))
})

test('what is due goes straight to its queue, and needs no levels', async () => {
  const { on, steps, published } = await scripted({ complete: false })
  await using _ = on
  await soon(on.link.send(later(-1), 2), 'the confirm')
  assert.deepEqual([published[0]?.exchange, published[0]?.routingKey, steps], ['', 'jobs', []])
})
