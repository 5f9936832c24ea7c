import assert from 'node:assert/strict'
import test from 'node:test'
import type { Destination } from '../../../src/transport/destination.ts'
import { method, readShortString, shortString } from '../../support/amqp-frames.ts'
import { scriptedAmqpBroker } from '../../support/amqp-peer.ts'
import { soon } from '../activemq/dialled.ts'
import { Box, dialAt } from './dialled.ts'

const JOBS: Destination = { kind: 'queue', name: 'jobs' }

test('a consumer has the tag that its owner says', async () => {
  const tags: string[] = []
  await using broker = await scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    peer.answerQuestions({
      'basic.consume': ({ channel, payload }) => {
        // A reserved field comes before the queue, and the tag after it.
        const tag = readShortString(payload, readShortString(payload, 2).end).text
        tags.push(tag)
        return method(channel, 'basic.consume-ok', shortString(tag))
      },
    })
  })
  const link = await dialAt(broker.port)
  try {
    await soon(link.subscribe(JOBS, { prefetch: 7, name: 'worker-box-7' }, new Box()), 'the subscription')
    await soon(link.subscribe(JOBS, { prefetch: 7 }, new Box()), 'another subscription')
    assert.deepEqual(tags, ['worker-box-7', ''])
  } finally {
    await link.close(AbortSignal.abort())
  }
})
