import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'node:test'
import { method } from '../../support/amqp-frames.ts'
import { scriptedAmqpBroker } from '../../support/amqp-peer.ts'
import { message } from '../../support/client-parts.ts'
import { lossOf, never, soon, until } from '../activemq/dialled.ts'
import { Box, dialAt, linked } from './dialled.ts'

test('a peer that goes mute after the handshake is found by the heart-beat', async () => {
  await using broker = await scriptedAmqpBroker((peer) => peer.acceptConnection({ heartbeat: 1 }))
  const link = await dialAt(broker.port, 'heartbeat=1000')
  const error = await lossOf(link)
  assert.deepEqual([error.code, error.retriable], ['heartbeat-lost', true])
  await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
})

test('everything unfinished has been rejected when the link says that it is closed', async () => {
  for (const cut of ['destroy', 'force'] as const) {
    await using on = await linked((peer) => {
      const mute = { 'queue.declare': () => Buffer.alloc(0), 'basic.consume': () => Buffer.alloc(0) }
      peer.answerQuestions(mute)
    })
    const { link, peer } = on
    const unfinished = [
      link.send({ ...message('1'), destination: { kind: 'topic', name: 'written' } }, 1),
      link.send({ ...message('2'), destination: { kind: 'queue', name: 'waiting' } }, 1),
      link.send({ ...message('3'), destination: { kind: 'queue', name: 'waiting' } }, 1),
      link.declare('declared', {}),
      link.subscribe({ kind: 'queue', name: 'amq.consumed' }, { prefetch: 1 }, new Box()),
    ]
    let rejected = 0
    for (const one of unfinished) void one.catch(() => rejected++)
    await until(
      () => ['basic.publish', 'basic.consume', 'queue.declare'].every((name) => peer.methods.includes(name as never)),
      'all questions',
    )
    if (cut === 'destroy') await peer.destroy()
    else peer.closeConnection(320, 'CONNECTION_FORCED - bye')
    await lossOf(link)
    assert.equal(rejected, unfinished.length, cut)
  }
})

test('a thousand questions that wait, most of them in line, have all been rejected when the link says that it is lost', async () => {
  await using on = await linked((peer) => peer.answerQuestions({ 'queue.declare': () => Buffer.alloc(0) }))
  let rejected = 0
  for (let index = 0; index < 1000; index++) void on.link.declare(`q${index}`, {}).catch(() => rejected++)
  await until(() => on.peer.methods.includes('queue.declare'), 'the questions')
  await on.peer.destroy()
  await lossOf(on.link)
  assert.equal(rejected, 1000)
})

test('close may be called twice, during a close and after the link was lost', async () => {
  await using on = await linked(() => {})
  await soon(Promise.all([on.link.close(never), on.link.close(never)]), 'both')
  await soon(on.link.close(never), 'a third')
  assert.deepEqual(await on.link.closed, { kind: 'closed' })
  await using lost = await linked((peer) => void peer.destroy())
  await lossOf(lost.link)
  await soon(lost.link.close(never), 'the close of a lost link')
  assert.equal((await lost.link.closed).kind, 'lost')
})

test('close settles what is pending, and ends a link whose peer answers nothing at its signal', async () => {
  await using on = await linked((peer) => peer.answerQuestions({ 'connection.close': () => Buffer.alloc(0) }))
  const pending = on.link.send({ ...message('1'), destination: { kind: 'topic', name: 'x' } }, 1)
  const settled = pending.then(
    () => 'confirmed',
    () => 'failed',
  )
  await until(() => on.peer.methods.includes('basic.publish'), 'the message')
  const late = new AbortController()
  const closing = on.link.close(late.signal)
  await until(() => on.peer.methods.includes('connection.close'), 'the goodbye')
  late.abort()
  await soon(closing, 'the end of close')
  assert.equal(await soon(settled, 'the send'), 'failed')
})

for (const end of ['link.close(new AbortController().signal)', 'link.close(AbortSignal.abort())', 'lost']) {
  test(`a process has nothing left to wait for after ${end}`, async () => {
    await using broker = await scriptedAmqpBroker(async (peer) => {
      await peer.acceptConnection({ heartbeat: 5 })
      peer.answerQuestions()
      if (end !== 'lost') return
      await until(() => peer.methods.includes('basic.consume'), 'the subscription')
      peer.write(method(0, 'connection.unblocked'))
      await peer.destroy()
    })
    const script = `
      const { rabbitmqTransport } = await import('./adapters/rabbitmq/transport.ts')
      const { parseFailoverUri } = await import('./src/failover/uri.ts')
      const [endpoint] = parseFailoverUri('amqp://127.0.0.1:${broker.port}?heartbeat=5000').endpoints
      const link = await rabbitmqTransport().dial(endpoint, new AbortController().signal)
      const sink = { deliver() {}, cancelled() {} }
      await link.subscribe({ kind: 'queue', name: 'jobs' }, { prefetch: 1 }, sink).catch(() => {})
      await ${end === 'lost' ? 'link.closed' : end}
    `
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('../../..', import.meta.url),
      stdio: 'inherit',
    })
    try {
      const [code] = (await soon(once(child, 'exit'), 'the end of the process')) as [number]
      assert.equal(code, 0)
    } finally {
      child.kill('SIGKILL')
    }
  })
}
