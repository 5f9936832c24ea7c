import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { QueueEngine } from '../../../../adapters/memory/queue-engine/queue-engine.ts'
import { CommitGroup } from '../../../../infra/embedded/commit-group.ts'
import { DEFAULT_FRAME_LIMITS } from '../../../../infra/embedded/stomp/frame-parser.ts'
import { StompServer } from '../../../../infra/embedded/stomp/stomp-server.ts'
import type { StoredFrame } from '../../../../infra/embedded/stored-frame.ts'
import { systemClock } from '../../../../src/clock.ts'
import { RawStompClient } from '../../../support/stomp-peer.ts'
import { until } from '../broker-process.ts'
import { oneError, oneErrorAndClose } from '../one-error.ts'

interface Setting {
  readonly maxConnections?: number
  readonly handshakeMs?: number
  readonly maxMessages?: number
}

/** A server in this process, over an engine without a store. */
async function start(context: TestContext, setting: Setting = {}) {
  const { maxConnections = 10, handshakeMs = 10_000, maxMessages = 100 } = setting
  const state = { commits: 0, failure: undefined as unknown, failing: false }
  const engine = new QueueEngine<StoredFrame>({ clock: systemClock, maxMessages })
  const group = new CommitGroup(
    () => {
      if (state.failing) throw new Error('the disk is full')
      state.commits += 1
    },
    (error) => {
      state.failure = error
      server.destroy()
    },
  )
  let ids = 0
  const errors: string[] = []
  const server = await StompServer.listen(
    { host: '127.0.0.1', port: 0, maxConnections },
    {
      engine,
      group,
      handshakeMs,
      clock: systemClock,
      credentials: undefined,
      limits: DEFAULT_FRAME_LIMITS,
      nextMessageId: () => String(++ids),
      onClientError: (_client, message) => errors.push(message),
    },
  )
  context.after(async () => {
    server.destroy()
    await server.close()
    group.close()
    engine.close()
  })
  return { server, state, errors, port: server.port }
}

test('one client too many is told so, and may come again once another has left', async (context) => {
  const { errors, port } = await start(context, { maxConnections: 2 })
  const first = await RawStompClient.connect(port)
  await using second = await RawStompClient.connect(port)
  const third = await RawStompClient.open(port)
  await oneErrorAndClose(third, /more than 2 clients are connected/)
  assert.equal(errors.length, 1)
  await second.roundTrip()
  await first.confirmed({ command: 'DISCONNECT' })
  await first.closed
  // The broker may learn of the end a little later than the client.
  await until(async () => {
    const fourth = await RawStompClient.connect(port).catch(() => undefined)
    await fourth?.close()
    return fourth !== undefined
  }, 'room for another client')
})

test('a client that does not say CONNECT in time is told so and cut off', async (context) => {
  const { port } = await start(context, { handshakeMs: 50 })
  await using mute = await RawStompClient.open(port)
  mute.write('CONN')
  await oneErrorAndClose(mute, /no CONNECT frame came within 50 ms/)
})

test('a full broker refuses a send by name, and a transaction as a whole', async (context) => {
  const { port } = await start(context, { maxMessages: 1 })
  const destination = '/queue/a'
  await using sender = await RawStompClient.connect(port)
  sender.send({ command: 'BEGIN', headers: { transaction: 't' } })
  for (const body of ['1', '2']) sender.send({ command: 'SEND', headers: { destination, transaction: 't' }, body })
  sender.send({ command: 'COMMIT', headers: { transaction: 't' } })
  await oneError(sender, /too full for this transaction/)
  await sender.confirmed({ command: 'SEND', headers: { destination }, body: '3' })
  sender.send({ command: 'SEND', headers: { destination, receipt: 'r' }, body: '4' })
  assert.equal((await oneError(sender, /the broker is full/)).headers['receipt-id'], 'r')
})

test('a transaction without room for every copy of a message to a topic does nothing at all', async (context) => {
  const { port } = await start(context, { maxMessages: 3 })
  await using sender = await RawStompClient.connect(port)
  for (const id of ['1', '2', '3']) await sender.subscribe('/topic/a', { id })
  sender.send({ command: 'BEGIN', headers: { transaction: 't' } })
  for (const destination of ['/queue/a', '/topic/a'])
    sender.send({ command: 'SEND', headers: { destination, transaction: 't' }, body: 'x' })
  sender.send({ command: 'COMMIT', headers: { transaction: 't' } })
  await oneError(sender, /too full for this transaction/)
  await sender.subscribe('/queue/a', { id: 'queue' })
  await sender.roundTrip()
  assert.deepEqual(sender.pending('MESSAGE'), [])
})

test('when a commit fails no receipt and no message leaves any more', async (context) => {
  const { port, state } = await start(context)
  const destination = '/queue/a'
  await using listener = await RawStompClient.connect(port)
  await listener.subscribe(destination)
  const sender = await RawStompClient.connect(port)
  await sender.confirmed({ command: 'SEND', headers: { destination }, body: 'safe' })
  await listener.next('MESSAGE')
  state.failing = true
  await assert.rejects(sender.confirmed({ command: 'SEND', headers: { destination }, body: 'unsafe' }), /closed/)
  await listener.closed
  assert.deepEqual(listener.pending('MESSAGE'), [])
  assert.match(String(state.failure), /the disk is full/)
})

test('what many clients sent in one turn is committed together', async (context) => {
  const { port, state } = await start(context)
  await using client = await RawStompClient.connect(port)
  const before = state.commits
  const frames = Array.from({ length: 50 }, (_, index) =>
    client.encode({ command: 'SEND', headers: { destination: '/queue/a', receipt: String(index) }, body: 'x' }),
  )
  client.write(Buffer.concat(frames))
  for (let index = 0; index < 50; index += 1) await client.next('RECEIPT')
  assert.ok(state.commits - before < 10, `${state.commits - before} commits for one write`)
})

test('closing ends every connection after what it is owed, also one that does not let go', async (context) => {
  const { port, server } = await start(context)
  const willing = await RawStompClient.connect(port)
  const stubborn = await RawStompClient.connect(port, {}, { allowHalfOpen: true })
  const receipt = willing.confirmed({ command: 'SEND', headers: { destination: '/queue/a' }, body: 'x' })
  await willing.roundTrip()
  await server.close()
  await receipt
  await willing.closed
  await stubborn.destroy()
})
