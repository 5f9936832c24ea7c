import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Frame } from '../../../infra/embedded/stomp/frames.ts'
import { RawStompClient, type StompPeer } from '../../support/stomp-peer.ts'
import { Pair } from './broker-process.ts'
import { oneError, oneErrorAndClose } from './one-error.ts'

const pair = new Pair()
let port = 0
let queues = 0

before(async () => {
  port = await pair.start('a').port()
})

after(() => pair[Symbol.asyncDispose]())

/** A queue that no other test uses. */
function freshQueue(): string {
  queues += 1
  return `/queue/fresh-${queues}`
}

function connect(headers?: Readonly<Record<string, string>>): Promise<StompPeer> {
  return RawStompClient.connect(port, headers)
}

function send(client: StompPeer, destination: string, body: string | Buffer, headers = {}): Promise<void> {
  return client.confirmed({ command: 'SEND', headers: { destination, persistent: 'true', ...headers }, body })
}

function bodyOf(frame: Frame): string {
  return frame.body.toString()
}

async function bodies(client: StompPeer, count: number): Promise<string[]> {
  const got: string[] = []
  while (got.length < count) got.push(bodyOf(await client.next('MESSAGE')))
  return got
}

test('the newest version that both speak is agreed on', async () => {
  for (const [offered, agreed] of [
    ['1.0,1.1,1.2', '1.2'],
    ['1.1', '1.1'],
    ['1.2', '1.2'],
  ] as const) {
    await using client = await RawStompClient.open(port)
    client.send({ command: 'STOMP', headers: { 'accept-version': offered, host: 'x' } })
    assert.equal((await client.next('CONNECTED')).headers['version'], agreed)
  }
})

test('a client that speaks neither is told which versions there are', async () => {
  await using client = await RawStompClient.open(port)
  client.send({ command: 'CONNECT' })
  const error = await oneErrorAndClose(client, /supported protocol versions are 1\.2 1\.1/)
  assert.equal(error.headers['version'], '1.1,1.2')
})

test('nothing is served before CONNECT, and CONNECT only once', async () => {
  await using early = await RawStompClient.open(port)
  early.send({ command: 'SEND', headers: { destination: '/queue/a', receipt: '7' }, body: 'x' })
  const error = await oneErrorAndClose(early, /first frame is "SEND" and not CONNECT/)
  assert.equal(error.headers['receipt-id'], '7')
  await using twice = await connect()
  twice.send({ command: 'CONNECT', headers: { 'accept-version': '1.2' } })
  await oneErrorAndClose(twice, /connected already/)
})

test('a message comes with the headers and the bytes it was sent with', async () => {
  await using client = await connect()
  const queue = freshQueue()
  const body = Buffer.from([0, 1, 0, 10, 13, 255, 0])
  const odd = { 'a:b\\c': 'line\nbreak\r:\\end', ключ: '漢字😀', constructor: 'x', 'content-type': 'a/b' }
  await send(client, queue, body, odd)
  await client.subscribe(queue, { id: 's:1' })
  const { headers, body: received } = await client.next('MESSAGE')
  assert.deepEqual(received, body)
  for (const [name, value] of Object.entries(odd)) assert.equal(headers[name], value)
  assert.equal(headers['subscription'], 's:1')
  assert.equal(headers['destination'], queue)
  assert.equal(headers['content-length'], '7')
  assert.equal(headers['receipt'], undefined)
  assert.equal(headers['redelivered'], undefined)
  assert.ok(headers['message-id'])
})

test('a body of 1 MiB and one of 10 MiB pass; one byte more is refused', async () => {
  await using client = await connect()
  const queue = freshQueue()
  const body = Buffer.alloc(10 * 2 ** 20, 'understudy')
  await send(client, queue, body.subarray(0, 2 ** 20))
  await send(client, queue, body)
  await client.subscribe(queue)
  assert.ok((await client.next('MESSAGE')).body.equals(body.subarray(0, 2 ** 20)))
  assert.ok((await client.next('MESSAGE')).body.equals(body))
  client.send({ command: 'SEND', headers: { destination: queue }, body: Buffer.concat([body, Buffer.from('!')]) })
  await oneErrorAndClose(client, /longer than 10485760 bytes/)
})

test('frames may come one byte at a time', async () => {
  await using client = await connect()
  const queue = freshQueue()
  for (const octet of client.encode({ command: 'SEND', headers: { destination: queue, ü: '漢' }, body: '😀' })) {
    client.write(Buffer.from([octet]))
    await new Promise(setImmediate)
  }
  await client.subscribe(queue)
  const message = await client.next('MESSAGE')
  assert.equal(message.headers['ü'], '漢')
  assert.equal(bodyOf(message), '😀')
})

test('a sender cannot speak for the broker', async () => {
  await using client = await connect()
  const queue = freshQueue()
  await send(client, queue, 'x', { redelivered: 'true', 'message-id': 'mine', ack: 'mine', subscription: 'mine' })
  await client.subscribe(queue, { id: 'real' })
  const { headers } = await client.next('MESSAGE')
  assert.equal(headers['redelivered'], undefined)
  assert.equal(headers['subscription'], 'real')
  assert.notEqual(headers['message-id'], 'mine')
  assert.notEqual(headers['ack'], 'mine')
})

test('the receipt of a SUBSCRIBE comes before its first message', async () => {
  await using client = await connect()
  const queue = freshQueue()
  await send(client, queue, 'x')
  client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: queue, receipt: 'r' } })
  const order = [await client.next(() => true), await client.next(() => true)]
  assert.deepEqual(
    order.map((frame) => frame.command),
    ['RECEIPT', 'MESSAGE'],
  )
})

test('a thousand sends in flight are confirmed in order and delivered in order', async () => {
  await using client = await connect()
  const queue = freshQueue()
  const names = Array.from({ length: 1_000 }, (_, index) => String(index))
  for (const name of names) {
    client.send({ command: 'SEND', headers: { destination: queue, persistent: 'true', receipt: name }, body: name })
  }
  for (const name of names) assert.equal((await client.next('RECEIPT')).headers['receipt-id'], name)
  await client.subscribe(queue, { prefetch: 1_000 })
  assert.deepEqual(await bodies(client, 1_000), names)
})

test('no more than prefetch messages are out, and individual acks may come in any order', async () => {
  await using client = await connect()
  const queue = freshQueue()
  for (const body of ['1', '2', '3', '4', '5']) await send(client, queue, body)
  await client.subscribe(queue, { prefetch: 2 })
  const first = await client.next('MESSAGE')
  const second = await client.next('MESSAGE')
  await client.roundTrip()
  assert.deepEqual(client.pending('MESSAGE'), [])
  await client.ack(second)
  assert.equal(bodyOf(await client.next('MESSAGE')), '3')
  await client.ack(first)
  assert.equal(bodyOf(await client.next('MESSAGE')), '4')
  await client.roundTrip()
  assert.deepEqual(client.pending('MESSAGE'), [])
})

test('in the mode client an ack covers everything delivered before it', async () => {
  await using client = await connect()
  const queue = freshQueue()
  for (const body of ['1', '2', '3']) await send(client, queue, body)
  await client.subscribe(queue, { ack: 'client' })
  await client.next('MESSAGE')
  await client.ack(await client.next('MESSAGE'))
  await client.next('MESSAGE')
  await client.close()
  await using next = await connect()
  await next.subscribe(queue)
  assert.deepEqual(await bodies(next, 1), ['3'])
})

test('in the mode auto a message is gone once it is sent, and no ack is due', async () => {
  await using client = await connect()
  const queue = freshQueue()
  await send(client, queue, '1')
  await client.subscribe(queue, { ack: 'auto' })
  const message = await client.next('MESSAGE')
  assert.equal(message.headers['ack'], undefined)
  await client.close()
  await using next = await connect()
  await next.subscribe(queue)
  await next.roundTrip()
  assert.deepEqual(next.pending('MESSAGE'), [])
})

test('1.1 acknowledges by message id and subscription', async () => {
  await using client = await connect({ 'accept-version': '1.1' })
  const queue = freshQueue()
  await send(client, queue, '1')
  await client.subscribe(queue, { prefetch: 1 })
  const message = await client.next('MESSAGE')
  assert.equal(message.headers['ack'], undefined)
  await client.ack(message)
  client.send({ command: 'ACK', headers: { 'message-id': message.headers['message-id'] ?? '', subscription: 'sub' } })
  await oneError(client, /is not unsettled here/)
})

test('a refused message goes straight to its dead letter queue, under its own id and with the reason', async () => {
  await using client = await connect()
  const queue = freshQueue()
  await send(client, queue, 'bad', { mark: '1' })
  await client.subscribe(queue)
  const message = await client.next('MESSAGE')
  await client.nack(message)
  await client.subscribe(`/queue/DLQ.${queue.slice('/queue/'.length)}`, { id: 'dead' })
  const dead = await client.next('MESSAGE')
  assert.equal(bodyOf(dead), 'bad')
  assert.equal(dead.headers['message-id'], message.headers['message-id'])
  assert.equal(dead.headers['mark'], '1')
  assert.equal(dead.headers['originalDestination'], queue)
  assert.equal(dead.headers['dlqDeliveryFailureCause'], 'rejected')
  assert.equal(dead.headers['redelivered'], undefined)
})

test('an expired message is not delivered and is kept as a dead letter', async () => {
  await using client = await connect()
  const queue = freshQueue()
  await send(client, queue, 'late', { expires: String(Date.now() - 1) })
  await send(client, queue, 'timely', { expires: String(Date.now() + 3_600_000) })
  await client.subscribe(queue)
  assert.deepEqual(await bodies(client, 1), ['timely'])
  await client.subscribe(`/queue/DLQ.${queue.slice('/queue/'.length)}`, { id: 'dead' })
  const dead = await client.next('MESSAGE')
  assert.equal(dead.headers['dlqDeliveryFailureCause'], 'expired')
  assert.equal(dead.headers['expires'], undefined)
})

test('what is not unsettled cannot be settled: an ERROR, and nothing else changes', async () => {
  const queue = freshQueue()
  await using holder = await connect()
  await send(holder, queue, '1')
  await holder.subscribe(queue)
  const message = await holder.next('MESSAGE')
  for (const id of [message.headers['ack'] ?? '', 'nonsense', '1-', '1-999999', '__proto__']) {
    await using other = await connect()
    await other.subscribe(freshQueue())
    other.send({ command: 'ACK', headers: { id, receipt: 'r' } })
    const error = await other.next('ERROR')
    assert.match(error.headers['message'] ?? '', /is not unsettled here/)
    assert.equal(error.headers['receipt-id'], 'r')
    assert.deepEqual(other.pending('RECEIPT'), [])
  }
  await holder.ack(message)
  holder.send({ command: 'ACK', headers: { id: message.headers['ack'] ?? '' } })
  assert.match((await holder.next('ERROR')).headers['message'] ?? '', /is not unsettled here/)
  await send(holder, queue, '2')
  await holder.ack(await holder.next('MESSAGE'))
})

test('wildcards of topics are those of ActiveMQ, and a message says where it was sent', async () => {
  for (const [pattern, heard] of [
    ['w.>', ['w', 'w.a', 'w.a.b']],
    ['w.*', ['w.a']],
    ['*.a', ['w.a', 'v.a']],
    ['w.*.>', ['w.a', 'w.a.b']],
    ['>', ['w', 'w.a', 'w.a.b', 'v.a']],
  ] as const) {
    await using client = await connect()
    await client.subscribe(`/topic/${pattern}`, { ack: 'auto' })
    for (const name of ['w', 'w.a', 'w.a.b', 'v.a']) await send(client, `/topic/${name}`, name)
    const told: string[] = []
    for (const name of heard) {
      const { headers } = await client.next('MESSAGE')
      assert.equal(headers['destination'], `/topic/${name}`)
      told.push(name)
    }
    await client.roundTrip()
    assert.deepEqual([told, client.pending('MESSAGE')], [[...heard], []])
  }
})

test('UNSUBSCRIBE gives back what is unsettled, in order and marked; a late ack cannot touch it', async () => {
  await using client = await connect()
  const queue = freshQueue()
  for (const body of ['1', '2', '3']) await send(client, queue, body)
  await client.subscribe(queue)
  const first = await client.next('MESSAGE')
  await bodies(client, 2)
  await client.confirmed({ command: 'UNSUBSCRIBE', headers: { id: 'sub' } })
  await client.subscribe(queue)
  for (const body of ['1', '2', '3']) {
    const again = await client.next('MESSAGE')
    assert.equal(bodyOf(again), body)
    assert.equal(again.headers['redelivered'], 'true')
  }
  client.send({ command: 'ACK', headers: { id: first.headers['ack'] ?? '' } })
  await oneError(client, /is not unsettled here/)
})

test('a connection that is lost or says goodbye gives back what it held, to whoever else is there', async () => {
  for (const way of ['reset', 'end', 'DISCONNECT', 'error'] as const) {
    const queue = freshQueue()
    await using leaving = await connect()
    await leaving.subscribe(queue)
    await send(leaving, queue, '1')
    await leaving.next('MESSAGE')
    await using staying = await connect()
    await staying.subscribe(queue)
    if (way === 'reset') await leaving.destroy()
    if (way === 'end') await leaving.close()
    if (way === 'DISCONNECT') await leaving.confirmed({ command: 'DISCONNECT' })
    if (way === 'error') leaving.write('nonsense\n\n\0')
    const message = await staying.next('MESSAGE')
    assert.equal(message.headers['redelivered'], 'true', way)
    await staying.ack(message)
  }
})

test('DISCONNECT is confirmed, and then the broker closes', async () => {
  await using client = await connect()
  await client.confirmed({ command: 'DISCONNECT' })
  await client.closed
})

test('a client that closes its own side after a frame is still sent the receipt', async () => {
  await using client = await connect()
  const queue = freshQueue()
  client.socket.end(client.encode({ command: 'SEND', headers: { destination: queue, receipt: 'last' }, body: 'x' }))
  assert.equal((await client.next('RECEIPT')).headers['receipt-id'], 'last')
  await client.closed
})

test('a transaction does all or nothing, on its COMMIT', async () => {
  await using client = await connect()
  const queue = freshQueue()
  const other = freshQueue()
  await send(client, queue, 'old')
  await client.subscribe(queue)
  const old = await client.next('MESSAGE')
  const within = { transaction: 't' }
  await client.confirmed({ command: 'BEGIN', headers: within })
  await send(client, other, 'new', within)
  await client.confirmed({ command: 'ACK', headers: { ...within, id: old.headers['ack'] ?? '' } })
  await client.subscribe(other, { id: 'other' })
  await client.roundTrip()
  assert.deepEqual(client.pending('MESSAGE'), [])
  await client.confirmed({ command: 'COMMIT', headers: within })
  assert.equal(bodyOf(await client.next('MESSAGE')), 'new')
  client.send({ command: 'ACK', headers: { id: old.headers['ack'] ?? '' } })
  await oneError(client, /is not unsettled here/)
})

test('an aborted transaction leaves no trace', async () => {
  await using client = await connect()
  const queue = freshQueue()
  await client.subscribe(queue)
  await client.confirmed({ command: 'BEGIN', headers: { transaction: 't' } })
  await send(client, queue, 'x', { transaction: 't' })
  await client.confirmed({ command: 'ABORT', headers: { transaction: 't' } })
  await client.roundTrip()
  assert.deepEqual(client.pending('MESSAGE'), [])
  client.send({ command: 'COMMIT', headers: { transaction: 't' } })
  await oneError(client, /transaction "t" is not open/)
})

test('a COMMIT with an ack that is void by then does nothing at all', async () => {
  await using client = await connect()
  const queue = freshQueue()
  const other = freshQueue()
  await send(client, queue, 'old')
  await client.subscribe(queue)
  const old = await client.next('MESSAGE')
  const within = { transaction: 't' }
  client.send({ command: 'BEGIN', headers: within })
  await send(client, other, 'new', within)
  client.send({ command: 'ACK', headers: { ...within, id: old.headers['ack'] ?? '' } })
  await client.confirmed({ command: 'UNSUBSCRIBE', headers: { id: 'sub' } })
  client.send({ command: 'COMMIT', headers: within })
  await oneError(client, /is not unsettled here/)
  await using witness = await connect()
  await witness.subscribe(other)
  await witness.roundTrip()
  assert.deepEqual(witness.pending('MESSAGE'), [])
})

test('a COMMIT does all of it where one ack settles what another one names', async () => {
  await using client = await connect()
  const [queue, other] = [freshQueue(), freshQueue()]
  for (const body of ['1', '2']) await send(client, queue, body)
  await client.subscribe(queue, { ack: 'client' })
  const [first, second] = [await client.next('MESSAGE'), await client.next('MESSAGE')]
  const within = { transaction: 't' }
  await client.confirmed({ command: 'BEGIN', headers: within })
  for (const { headers } of [second, first, first])
    await client.confirmed({ command: 'ACK', headers: { ...within, id: headers['ack'] ?? '' } })
  await send(client, other, 'new', within)
  await client.confirmed({ command: 'COMMIT', headers: within })
  await client.confirmed({ command: 'UNSUBSCRIBE', headers: { id: 'sub' } })
  await client.subscribe(queue, { id: 'again' })
  await client.subscribe(other, { id: 'other' })
  assert.equal(bodyOf(await client.next('MESSAGE')), 'new')
  await client.roundTrip()
  assert.deepEqual([client.pending('MESSAGE'), client.pending('ERROR')], [[], []])
})

test('every subscriber of a topic gets its copy', async () => {
  await using one = await connect()
  await using two = await connect()
  await send(one, '/topic/news', 'too early')
  await one.subscribe('/topic/news')
  await two.subscribe('/topic/news', { ack: 'auto' })
  await send(two, '/topic/news', 'copy')
  assert.deepEqual([await bodies(one, 1), await bodies(two, 1)], [['copy'], ['copy']])
})
