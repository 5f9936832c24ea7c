/** What a broker says in one packet, or at the worst moment: answers and their opposite, one behind the other. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { SendError, type UnderstudyError } from '../../../src/errors.ts'
import { body, header, longString, method, short, shortString } from '../../support/amqp-frames.ts'
import { message } from '../../support/client-parts.ts'
import { failure, lossOf, soon, until } from '../activemq/dialled.ts'
import { Box, linked } from './dialled.ts'

const GONE = [short(541), shortString('INTERNAL_ERROR'), short(0), short(0)]
const TOPIC = { kind: 'topic', name: 'news' } as const

test('a subscription that is accepted and ended in one packet is over, and somebody is told', async () => {
  await using on = await linked((peer) => {
    peer.answerQuestions({
      'basic.consume': ({ channel }) =>
        Buffer.concat([
          method(channel, 'basic.consume-ok', shortString('consumer')),
          method(channel, 'channel.close', ...GONE),
        ]),
    })
  })
  const box = new Box()
  let refused: UnderstudyError | undefined
  void on.link.subscribe({ kind: 'queue', name: 'jobs' }, { prefetch: 1 }, box).catch((error) => {
    refused = error as UnderstudyError
  })
  await until(() => (refused ?? box.cancels[0]) !== undefined, 'the end of the subscription')
  assert.equal((refused ?? box.cancels[0])?.retriable, true)
})

test('a channel for publishing that is opened and closed in one packet costs one attempt, not the link', async () => {
  let isFirst = true
  await using on = await linked(async (peer) => {
    peer.answerQuestions({
      'confirm.select': ({ channel }) => {
        const selected = method(channel, 'confirm.select-ok')
        if (!isFirst) return selected
        isFirst = false
        return Buffer.concat([selected, method(channel, 'channel.close', ...GONE)])
      },
    })
    peer.ack((await peer.nextPublish()).channel, 1)
  })
  const error = await failure(on.link.send({ ...message('job-1'), destination: TOPIC }, 1))
  assert.ok(error instanceof SendError)
  assert.deepEqual([error.outcome, error.retriable], ['not-sent', true])
  await soon(on.link.send({ ...message('job-1'), destination: TOPIC }, 2), 'the next attempt')
})

test('questions that wait end with a link that is lost over a frame nobody can read', async () => {
  await using on = await linked(async (peer) => {
    peer.answerQuestions({ 'basic.consume': () => Buffer.alloc(0), 'queue.declare': () => Buffer.alloc(0) })
    await until(() => peer.methods.includes('basic.consume') && peer.methods.includes('queue.declare'), 'the questions')
    peer.write(body(77, Buffer.from('x')))
  })
  const asked = [
    on.link.subscribe({ kind: 'queue', name: 'amq.jobs' }, { prefetch: 1 }, new Box()),
    on.link.declare('jobs', {}),
  ]
  let answered = 0
  for (const one of asked) void one.catch(() => answered++)
  await lossOf(on.link)
  assert.equal(answered, asked.length)
})

test('a channel that amqplib itself ends over nonsense is replaced for what comes next', async () => {
  await using on = await linked(async (peer) => {
    const { channel } = await peer.nextPublish()
    // No answer to the close of a channel ever comes.
    peer.answerQuestions({ 'channel.close': () => Buffer.alloc(0) })
    peer.write(header(channel, 5))
    await peer.next('channel.open')
    peer.write(method(channel + 1, 'channel.open-ok', longString('')))
    peer.ack((await peer.nextPublish()).channel, 1)
  })
  const first = on.link.send({ ...message('job-1'), destination: TOPIC }, 1)
  first.catch(() => {})
  await until(() => on.peer.methods.includes('channel.close'), 'the end of the channel')
  const error = await failure(on.link.send({ ...message('job-2'), destination: TOPIC }, 1))
  assert.equal(error.retriable, true)
  await soon(on.link.send({ ...message('job-2'), destination: TOPIC }, 2), 'the next attempt')
})

test('an acknowledge on a channel that amqplib is ending is an error of ours, like any other that comes too late', async () => {
  let consuming = 0
  const isDelivered = Promise.withResolvers<void>()
  await using on = await linked(async (peer) => {
    peer.answerQuestions({
      'basic.consume': ({ channel }) => {
        consuming = channel
        return method(channel, 'basic.consume-ok', shortString('consumer'))
      },
      'channel.close': () => Buffer.alloc(0),
    })
    await until(() => consuming > 0, 'the subscription')
    peer.deliver(consuming, 'consumer', 1, { body: Buffer.from('x') })
    peer.deliver(consuming, 'consumer', 2, { body: Buffer.from('x') })
    await isDelivered.promise
    peer.write(header(consuming, 5))
  })
  const box = new Box()
  await soon(on.link.subscribe({ kind: 'queue', name: 'jobs' }, { prefetch: 2 }, box), 'the subscription')
  const [first, second] = [await box.next(1), await box.next(2)]
  isDelivered.resolve()
  await until(() => on.peer.methods.includes('channel.close'), 'the end of the channel')
  for (const error of [await failure(first.settle('ack')), await failure(second.settle('reject'))]) {
    assert.deepEqual([error.code, error.retriable], ['link-lost', true])
  }
})
