import assert from 'node:assert/strict'
import test from 'node:test'
import type { Destination } from '../../../src/transport/destination.ts'
import type { QueueSettings } from '../../../src/transport/topology.ts'
import { long, method, readShortString, short, shortString } from '../../support/amqp-frames.ts'
import { message } from '../../support/client-parts.ts'
import { soon } from '../activemq/dialled.ts'
import { type Linked, linked } from './dialled.ts'

const ORDERS = { kind: 'exchange', name: 'orders', routingKey: 'eu.new' } as const
const NEWS = { kind: 'topic', name: 'news.today' } as const

const DECLARED: Readonly<Record<string, QueueSettings>> = {
  audit: { bindings: [{ ...ORDERS, routingKey: '#' }], deadLetterTo: { kind: 'queue', name: 'amq.dead' } },
  log: { bindings: [{ kind: 'topic', name: 'news.#' }], deadLetterTo: { kind: 'queue', name: 'amq.dead' } },
  plain: {},
  work: { deadLetterTo: { kind: 'exchange', name: 'dead', routingKey: 'work' } },
  // Its own letters come back to it, which must end all the same.
  letters: {
    bindings: [{ kind: 'exchange', name: 'dead', routingKey: '#' }],
    deadLetterTo: { kind: 'exchange', name: 'dead', routingKey: 'again' },
  },
}

/** What is made on a broker that confirms every send, and answers a question for a queue as `passive` says. */
async function made(
  passive: (channel: number, queue: string) => Buffer,
): Promise<{ readonly on: Linked; readonly steps: string[] }> {
  const steps: string[] = []
  const topology = { settingsOf: (name: string) => DECLARED[name], declared: () => Object.entries(DECLARED) }
  const on = await linked(
    async (peer) => {
      peer.answerQuestions({
        'queue.declare': ({ channel, payload }) => {
          const { text, end } = readShortString(payload, 2)
          if (((payload[end] ?? 0) & 1) === 1) return passive(channel, text)
          steps.push(`declare ${text}`)
          return there(channel, text)
        },
        'queue.bind': ({ channel, payload }) => {
          const queue = readShortString(payload, 2)
          steps.push(`bind ${queue.text} to ${readShortString(payload, queue.end).text}`)
          return method(channel, 'queue.bind-ok')
        },
      })
      for (let tag = 1; ; tag++) {
        const { channel, exchange } = await peer.nextPublish()
        steps.push(`publish to ${exchange}`)
        peer.ack(channel, tag)
      }
    },
    undefined,
    { topology, onBlocked: () => {} },
  )
  return { on, steps }
}

const there = (channel: number, queue: string): Buffer =>
  method(channel, 'queue.declare-ok', shortString(queue), long(0), long(0))

const closed = (channel: number, text: string): Buffer =>
  method(channel, 'channel.close', short(404), shortString(text), short(50), short(10))

async function sendTwice({ link }: Linked, destination: Destination): Promise<void> {
  await soon(link.send({ ...message('1'), destination }, 1), 'the first')
  await soon(link.send({ ...message('2'), destination }, 1), 'the second')
}

test('on a broker that knows nothing yet, bound queues are made before the first message, and once', async () => {
  const { on, steps } = await made((channel, queue) => closed(channel, `NOT_FOUND - no queue '${queue}' in vhost '/'`))
  await using _ = on
  await sendTwice(on, ORDERS)
  assert.deepEqual(steps, ['declare audit', 'bind audit to orders', 'publish to orders', 'publish to orders'])
  steps.length = 0
  await sendTwice(on, NEWS)
  assert.deepEqual(steps, ['declare log', 'bind log to amq.topic', 'publish to amq.topic', 'publish to amq.topic'])
})

test('a queue whose letters go to an exchange is made with the queues that are bound there', async () => {
  const { on, steps } = await made((channel, queue) => closed(channel, `NOT_FOUND - no queue '${queue}' in vhost '/'`))
  await using _ = on
  await sendTwice(on, { kind: 'queue', name: 'work' })
  assert.deepEqual(steps, ['declare letters', 'bind letters to dead', 'declare work', 'publish to ', 'publish to '])
})

test('a bound queue that is there is bound once more and left as it is', async () => {
  const { on, steps } = await made(there)
  await using _ = on
  await sendTwice(on, NEWS)
  assert.deepEqual(steps, ['bind log to amq.topic', 'publish to amq.topic', 'publish to amq.topic'])
})

test('a bound queue whose node is down holds nobody up', async () => {
  const { on, steps } = await made((channel, queue) =>
    closed(
      channel,
      `NOT_FOUND - home node 'rabbit@a' of durable queue '${queue}' in vhost '/' is down or inaccessible`,
    ),
  )
  await using _ = on
  await sendTwice(on, ORDERS)
  assert.deepEqual(steps, ['publish to orders', 'publish to orders'])
})
