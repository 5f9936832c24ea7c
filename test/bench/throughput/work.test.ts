import assert from 'node:assert/strict'
import test from 'node:test'
import type { BenchClient, Ended, Received } from '../../../bench/peers/client.ts'
import { consume, publish, request, type Work } from '../../../bench/throughput/work.ts'

const NEVER = new Promise<never>(() => {})
const WORK: Work = {
  kind: 'publish',
  queue: 'q',
  replies: 'r',
  messages: 10,
  withinMs: 60_000,
  bodyBytes: 3,
  window: 4,
}

const UNUSED: BenchClient = {
  send: () => assert.fail('nothing should be sent'),
  consume: () => assert.fail('nothing should be consumed'),
  close: () => assert.fail('it is not the work that closes'),
}

test('publishing keeps as many sends in flight as the window, and counts the confirmed', async () => {
  const waiting: Ended[] = []
  let most = 0
  const client: BenchClient = {
    ...UNUSED,
    send: (_, body, done) => {
      assert.equal(body.length, 3)
      most = Math.max(most, waiting.push(done))
      if (waiting.length === 4 || waiting.length === 2) setImmediate(() => waiting.shift()?.())
      else setImmediate(() => waiting.splice(0).forEach((confirm) => confirm()))
    },
  }
  const { count } = await publish(client, WORK, NEVER)
  assert.equal(count, 10)
  assert.equal(most, 4)
})

test('publishing ends with the error of a send', async () => {
  const client: BenchClient = { ...UNUSED, send: (_, __, done) => setImmediate(done, new Error('nacked')) }
  await assert.rejects(publish(client, WORK, NEVER), /nacked/)
})

test('publishing begins nothing once its time is over, and waits for what is in flight', async () => {
  let sent = 0
  const client: BenchClient = {
    ...UNUSED,
    send: (_, __, done) => {
      sent++
      setTimeout(done, 5)
    },
  }
  const { count } = await publish(client, { ...WORK, messages: 1_000_000, withinMs: 20 }, NEVER)
  assert.equal(count, sent)
})

test('consuming acknowledges each, and takes no more than asked for', async () => {
  let acknowledged = 0
  const message: Received = {
    body: Buffer.alloc(0),
    correlationId: undefined,
    ack: (done) => {
      acknowledged++
      setImmediate(done)
    },
  }
  const client: BenchClient = {
    ...UNUSED,
    consume: async (_, prefetch, onMessage) => {
      assert.equal(prefetch, 4)
      for (let delivery = 0; delivery < 12; delivery++) onMessage(message)
    },
  }
  const { count } = await consume(client, { ...WORK, kind: 'consume' }, NEVER)
  assert.equal(count, 10)
  assert.equal(acknowledged, 10)
})

test('consuming ends in time although messages keep coming after it', async () => {
  const client: BenchClient = {
    ...UNUSED,
    consume: async (_, __, onMessage) => {
      for (let delivery = 0; delivery < 3; delivery++) {
        onMessage({ body: Buffer.alloc(0), correlationId: undefined, ack: (done) => done() })
        await new Promise((resolve) => setTimeout(resolve, 15))
      }
    },
  }
  const { count } = await consume(client, { ...WORK, kind: 'consume', messages: 1000, withinMs: 10 }, NEVER)
  assert(count >= 1 && count < 3, `${count} taken`)
})

test('a request counts when its own reply came', async () => {
  let onReply: (message: Received) => void = () => {}
  const client: BenchClient = {
    ...UNUSED,
    consume: async (queue, _, onMessage) => {
      assert.equal(queue, 'r')
      onReply = onMessage
    },
    send: (queue, body, done, correlation) => {
      assert.equal(queue, 'q')
      assert.equal(correlation?.replyTo, 'r')
      done()
      const { correlationId } = correlation
      setImmediate(() => onReply({ body, correlationId, ack: (acknowledged) => acknowledged() }))
    },
  }
  const { count, roundTripsMs } = await request(client, { ...WORK, kind: 'request' }, NEVER)
  assert.equal(count, 10)
  assert.equal(roundTripsMs.length, 10)
})

test('a reply that nobody waits for is an error', async () => {
  const client: BenchClient = {
    ...UNUSED,
    consume: async (_, __, onMessage) => {
      setImmediate(onMessage, { body: Buffer.alloc(0), correlationId: 'other', ack: () => {} })
    },
    send: () => {},
  }
  await assert.rejects(request(client, { ...WORK, kind: 'request' }, NEVER), /"other"/)
})

test('a lost connection ends the work', async () => {
  const client: BenchClient = { ...UNUSED, send: () => {} }
  await assert.rejects(publish(client, WORK, Promise.reject(new Error('lost'))), /lost/)
})
