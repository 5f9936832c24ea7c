import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../src/connection.ts'
import type { Delivery } from '../../src/listener/delivery.ts'
import { badCredentials, ScriptedTransport, type ScriptedSubscription } from '../support/scripted-transport.ts'
import { connectionOf, type Parts, parts, type PartsOptions, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'

interface Streamed extends Parts {
  readonly connection: Connection
  readonly stream: ReturnType<Connection['deliveries']>
  readonly subscription: () => ScriptedSubscription
}

async function streamed(options: PartsOptions = {}): Promise<Streamed> {
  const of = parts(options)
  const connection = connectionOf(of)
  const stream = connection.deliveries('jobs', { prefetch: 3 })
  await settled()
  const subscription = (): ScriptedSubscription => {
    const found = of.transport.links.findLast((link) => link.subscriptions.length > 0)?.subscriptions.at(-1)
    assert.ok(found)
    return found
  }
  return { ...of, connection, stream, subscription }
}

async function nextOf(stream: AsyncIterator<Delivery>): Promise<Delivery> {
  const { value, done } = await stream.next()
  assert.ok(done !== true)
  return value
}

test('a loop takes deliveries in order and settles each', async () => {
  const { connection, stream, subscription } = await streamed()
  for (const id of ['one', 'two', 'three']) subscription().deliver(id)
  const seen: string[] = []
  for await (const delivery of stream) {
    seen.push(delivery.id)
    await delivery.ack()
    if (seen.length === 3) break
  }
  assert.deepEqual(seen, ['one', 'two', 'three'])
  assert.deepEqual(
    subscription().settlements.map(({ id }) => id),
    ['one', 'two', 'three'],
  )
  assert.ok(subscription().cancelled, 'leaving the loop ends the subscription')
  await connection.close()
})

test('leaving the loop settles nothing that was not settled', async () => {
  const { connection, stream, subscription } = await streamed()
  for (const id of ['one', 'two']) subscription().deliver(id)
  for await (const delivery of stream) {
    assert.equal(delivery.id, 'one')
    break
  }
  assert.deepEqual(subscription().settlements, [])
  await connection.close()
})

test('what was delivered over a link that is gone is passed over', async () => {
  const { connection, stream, subscription, transport } = await streamed()
  for (const id of ['one', 'two']) subscription().deliver(id)
  const first = await nextOf(stream)
  transport.last.die()
  await settled()
  subscription().deliver('two', { redelivered: true })
  assert.ok(first.isStale)
  const second = await nextOf(stream)
  assert.deepEqual([second.id, second.redelivered], ['two', true])
  await second.ack()
  await stream.return()
  await connection.close()
})

test('a loop that waits ends when the connection closes', async () => {
  const { connection, stream } = await streamed()
  const waiting = stream.next()
  await connection.close()
  assert.deepEqual(await waiting, { done: true, value: undefined })
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
})

test('asking for several deliveries at once takes no place away from those that follow', async () => {
  const { connection, stream, subscription } = await streamed()
  for (let round = 0; round < 5; round++) {
    const asked = Promise.all([nextOf(stream), nextOf(stream)])
    for (const id of ['one', 'two']) subscription().deliver(`${round} ${id}`)
    await settled()
    const pair = watch(asked)
    await settled()
    assert.equal(pair.ending().kind, 'done', `round ${round}`)
    for (const delivery of await asked) await delivery.ack()
  }
  await stream.return()
  await connection.close()
})

test('a loop hears once that no broker will ever deliver', async () => {
  const of = parts()
  of.transport.answer('a', badCredentials())
  const connection = connectionOf(of)
  const stream = connection.deliveries('jobs')
  await assert.rejects(stream.next(), { code: 'authentication' })
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
  await connection.close()
})

test('close waits for the delivery that the loop has in hand', async () => {
  const { connection, stream, subscription } = await streamed()
  subscription().deliver('one')
  subscription().deliver('two')
  const first = await nextOf(stream)
  const closing = stream.close()
  await settled()
  assert.ok(!subscription().cancelled)
  await first.ack()
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
  await closing
  assert.deepEqual(subscription().settlements, [{ id: 'one', as: 'ack' }])
  await connection.close()
})

test('leaving the loop while it is being closed waits for nothing more', async () => {
  const { connection, stream, subscription, clock } = await streamed()
  subscription().deliver('one')
  for await (const delivery of stream) {
    assert.equal(delivery.id, 'one')
    void connection.close()
    break
  }
  assert.deepEqual(subscription().settlements, [])
  await connection.close()
  assert.equal(clock.pending, 0)
})

test('the end of the connection waits for what the loop has in hand; what it has not seen goes back', async () => {
  const { connection, stream, subscription } = await streamed()
  for (const id of ['one', 'two', 'three']) subscription().deliver(id)
  const first = await nextOf(stream)
  const closing = watch(connection.close())
  await settled()
  assert.equal(closing.ending().kind, 'pending')
  await first.ack()
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
  await settled()
  assert.equal(closing.ending().kind, 'done')
  assert.deepEqual(subscription().settlements, [{ id: 'one', as: 'ack' }])
})

test('a move to a preferred broker does not wait for what the loop has not seen', async () => {
  const { connection, stream, subscription, transport, clock } = await streamed({
    uri: 'failover:(stomp://a,stomp://b)?priorityBackup=true&randomize=false&jitter=0',
    transport: new ScriptedTransport().answer('a', 'refuse'),
  })
  const old = subscription()
  for (const id of ['one', 'two']) old.deliver(id)
  const first = await nextOf(stream)
  transport.answer('a', 'accept')
  await clock.advance(1000)
  assert.ok(!old.cancelled)
  await first.ack()
  const second = stream.next()
  await settled()
  assert.notEqual(subscription(), old)
  subscription().deliver('two')
  const { value } = await second
  assert.ok(value)
  assert.equal(value.endpoint, 'stomp://a:61613')
  await connection.close(AbortSignal.abort())
})
