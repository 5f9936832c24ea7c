import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Frame } from '../../../infra/embedded/stomp/frames.ts'
import { RawStompClient, type StompPeer } from '../../support/stomp-peer.ts'
import { Pair } from './broker-process.ts'

const pair = new Pair()
let port = 0

before(async () => {
  port = await pair.start('a').port()
})

after(() => pair[Symbol.asyncDispose]())

function send(client: StompPeer, destination: string, body: string, headers = {}): Promise<void> {
  return client.confirmed({ command: 'SEND', headers: { destination, persistent: 'true', ...headers }, body })
}

const delayed = (ms: number): Record<string, string> => ({ AMQ_SCHEDULED_DELAY: String(ms) })

/** The messages of one look at a queue, its last word included. */
async function browse(client: StompPeer, id: string, destination: string, headers = {}): Promise<Frame[]> {
  await client.confirmed({ command: 'SUBSCRIBE', headers: { id, destination, browser: 'true', ...headers } })
  const frames: Frame[] = []
  for (;;) {
    const frame = await client.next((one) => one.headers['subscription'] === id)
    frames.push(frame)
    if (frame.headers['browser'] === 'end') return frames
  }
}

const bodies = (frames: readonly Frame[]): string[] => frames.map(({ body }) => body.toString())

test('a message with a delay comes when it is over, not before, and says that it was scheduled', async () => {
  await using client = await RawStompClient.connect(port)
  await client.subscribe('/queue/delayed')
  const from = Date.now()
  // Written together: a wait between the two could outlast the delay.
  await Promise.all([
    send(client, '/queue/delayed', 'later', { ...delayed(300), 'my-header': 'x' }),
    send(client, '/queue/delayed', 'at once'),
  ])
  assert.equal((await client.next('MESSAGE')).body.toString(), 'at once')
  const { headers, body } = await client.next('MESSAGE')
  assert.ok(Date.now() - from >= 300)
  assert.deepEqual([body.toString(), headers['my-header'], headers['redelivered']], ['later', 'x', undefined])
  assert.ok(headers['scheduledJobId'])
  assert.equal(headers['AMQ_SCHEDULED_DELAY'], undefined)
})

test('the lifetime of a delayed message begins when its delay is over, as with ActiveMQ', async () => {
  await using client = await RawStompClient.connect(port)
  await client.subscribe('/queue/lifetime')
  await send(client, '/queue/lifetime', 'x', { ...delayed(1600), expires: String(Date.now() + 1500) })
  assert.equal((await client.next('MESSAGE')).body.toString(), 'x')
})

test('a look shows what waits in its order, and neither takes it nor marks it', async () => {
  await using client = await RawStompClient.connect(port)
  for (const body of ['1', '2', '3']) await send(client, '/queue/seen', body)
  await send(client, '/queue/seen', 'later', delayed(600_000))
  for (const id of ['first', 'second']) {
    const frames = await browse(client, id, '/queue/seen')
    assert.deepEqual(bodies(frames), ['1', '2', '3', ''])
    assert.deepEqual(
      { ...frames.at(-1)?.headers },
      {
        subscription: id,
        destination: '/queue/seen',
        'message-id': '0',
        browser: 'end',
      },
    )
  }
  await client.subscribe('/queue/seen')
  for (const body of ['1', '2', '3']) {
    const message = await client.next('MESSAGE')
    assert.deepEqual([message.body.toString(), message.headers['redelivered']], [body, undefined])
  }
})

test('a look shows no more than its prefetch at a time, the last word included', async () => {
  await using client = await RawStompClient.connect(port)
  for (const body of ['1', '2', '3', '4']) await send(client, '/queue/window', body)
  const headers = { ack: 'client', 'activemq.prefetchSize': '2' }
  const subscribe = { id: 'w', destination: '/queue/window', browser: 'true', ...headers }
  await client.confirmed({ command: 'SUBSCRIBE', headers: subscribe })
  const shown: string[] = []
  for (let round = 0; round < 2; round += 1) {
    shown.push((await client.next('MESSAGE')).body.toString())
    const second = await client.next('MESSAGE')
    shown.push(second.body.toString())
    await client.roundTrip()
    assert.deepEqual(client.pending('MESSAGE'), [])
    await client.ack(second)
  }
  assert.deepEqual(shown, ['1', '2', '3', '4'])
  assert.equal((await client.next('MESSAGE')).headers['browser'], 'end')
})

test('a look at nothing ends at once, and what others hold is not shown', async () => {
  await using client = await RawStompClient.connect(port)
  assert.equal((await browse(client, 'none', '/queue/nothing')).length, 1)
  await send(client, '/queue/held', 'x')
  await client.subscribe('/queue/held')
  await client.next('MESSAGE')
  assert.equal((await browse(client, 'held', '/queue/held')).length, 1)
})

test('a temporary queue is one of its connection alone, and ends with it', async () => {
  await using other = await RawStompClient.connect(port)
  await other.subscribe('/temp-queue/mine')
  {
    await using client = await RawStompClient.connect(port)
    await send(client, '/temp-queue/mine', 'x')
    await send(client, '/temp-queue/mine', 'y', delayed(1))
    await client.subscribe('/temp-queue/mine')
    const first = await client.next('MESSAGE')
    assert.deepEqual([first.body.toString(), first.headers['destination']], ['x', '/temp-queue/mine'])
    assert.equal((await client.next('MESSAGE')).body.toString(), 'y')
  }
  await other.roundTrip()
  assert.deepEqual(other.pending('MESSAGE'), [])
})

test('a delayed message survives SIGKILL of its broker, and comes from the standby in its time', async () => {
  await using killed = new Pair()
  const { a, b, port: first } = await killed.startBoth()
  const client = await RawStompClient.connect(first)
  await send(client, '/queue/orders', 'taken')
  const dueAt = Date.now() + 1500
  await send(client, '/queue/orders', 'later', delayed(1500))
  await send(client, '/queue/orders', 'much later', delayed(600_000))
  await client.subscribe('/queue/orders')
  await client.next('MESSAGE')
  await send(client, '/queue/orders', 'behind it')
  await client.next('MESSAGE')
  await a.end('SIGKILL')
  await client.destroy()
  await using next = await RawStompClient.connect(await b.port())
  await next.subscribe('/queue/orders')
  const came: [string, boolean][] = []
  for (let index = 0; index < 3; index += 1) {
    const { body, headers } = await next.next('MESSAGE')
    came.push([body.toString(), headers['redelivered'] === 'true'])
  }
  assert.ok(Date.now() >= dueAt)
  assert.deepEqual(came, [
    ['taken', true],
    ['behind it', true],
    ['later', false],
  ])
})
