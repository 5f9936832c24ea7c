import assert from 'node:assert/strict'
import test from 'node:test'
import type { Destination } from '../../../src/transport/destination.ts'
import { long, method, readShortString, short, shortString } from '../../support/amqp-frames.ts'
import { message } from '../../support/client-parts.ts'
import { soon } from '../activemq/dialled.ts'
import { type Linked, linked } from './dialled.ts'

const closed = (channel: number, code: number, text: string): Buffer =>
  method(channel, 'channel.close', short(code), shortString(text), short(50), short(10))

const there = (channel: number, queue: string): Buffer =>
  method(channel, 'queue.declare-ok', shortString(queue), long(0), long(0))

/** A broker on which somebody else makes `name`, in another way, between the question for it and our own making. */
function racing(name: string): Promise<Linked> {
  const asked = new Map<string, number>()
  const answer = (channel: number, what: string, text: string, isPassive: boolean, yes: Buffer): Buffer => {
    const times = (asked.get(text) ?? 0) + 1
    asked.set(text, times)
    if (isPassive) return times === 1 ? closed(channel, 404, `NOT_FOUND - no ${what} '${text}' in vhost '/'`) : yes
    if (text !== name) return yes
    return closed(channel, 406, `PRECONDITION_FAILED - inequivalent arg 'type' for ${what} '${text}' in vhost '/'`)
  }
  return linked(async (peer) => {
    peer.answerQuestions({
      'queue.declare': ({ channel, payload }) => {
        const { text, end } = readShortString(payload, 2)
        return answer(channel, 'queue', text, ((payload[end] ?? 0) & 1) === 1, there(channel, text))
      },
      'exchange.declare': ({ channel, payload }) => {
        const { text, end } = readShortString(payload, 2)
        const flags = payload[readShortString(payload, end).end] ?? 0
        return answer(channel, 'exchange', text, (flags & 1) === 1, method(channel, 'exchange.declare-ok'))
      },
    })
    for (let tag = 1; ; tag++) peer.ack((await peer.nextPublish()).channel, tag)
  })
}

const JOBS: Destination = { kind: 'queue', name: 'jobs' }

for (const [what, name, destination] of [
  ['a queue', 'jobs', JOBS],
  ['the queue of its dead letters', 'DLQ.jobs', JOBS],
  ['an exchange', 'orders', { kind: 'exchange', name: 'orders', routingKey: 'new' }],
] as const) {
  test(`${what} that somebody else makes meanwhile, in another way, is used as it is`, async () => {
    await using on = await racing(name)
    await soon(on.link.send({ ...message('1'), destination }, 1), 'the confirm')
  })
}

test('a queue that differs from what was declared is refused, whoever was first', async () => {
  await using on = await racing('jobs')
  await assert.rejects(soon(on.link.declare('jobs', { type: 'quorum' }), 'the answer'), { code: 'rejected' })
})
