import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import type { Published } from '../../support/amqp-peer.ts'
import { message } from '../../support/client-parts.ts'
import { soon, until } from '../activemq/dialled.ts'
import { linked } from './dialled.ts'

const to = (name: string, given: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  ...message('job-1'),
  destination: { kind: 'queue', name },
  ...given,
})

test('after a nack the next message goes on another channel, and the old one is closed', async () => {
  const published: Published[] = []
  await using on = await linked(async (peer) => {
    published.push(await peer.nextPublish())
    peer.nack(published[0]?.channel ?? 0, 1)
    published.push(await peer.nextPublish())
    peer.ack(published[1]?.channel ?? 0, 1)
  })
  await assert.rejects(soon(on.link.send(to('jobs'), 1), 'the nack'), { outcome: 'rejected', retriable: true })
  await soon(on.link.send(to('jobs'), 2), 'the confirm')
  const [nacked, taken] = published
  assert(nacked && taken)
  assert.notEqual(nacked.channel, taken.channel)
  await until(() => on.peer.methods.includes('channel.close'), 'the goodbye to the nacked channel')
})

test('what waits on a channel as another message is nacked keeps its confirm', async () => {
  await using on = await linked(async (peer) => {
    const { channel } = await peer.nextPublish()
    await peer.nextPublish()
    peer.nack(channel, 2)
    const third = await peer.nextPublish()
    assert.notEqual(third.channel, channel)
    peer.ack(third.channel, 1)
    peer.ack(channel, 1)
  })
  const first = on.link.send(to('jobs', { id: '1' }), 1)
  const second = on.link.send(to('jobs', { id: '2' }), 1)
  await assert.rejects(soon(second, 'the nack'), { outcome: 'rejected' })
  await soon(on.link.send(to('jobs', { id: '3' }), 1), 'the confirm on the new channel')
  await soon(first, 'the confirm on the old channel')
})
