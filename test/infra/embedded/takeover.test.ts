import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHolder } from '../../../infra/embedded/holder.ts'
import { RawStompClient, type StompPeer } from '../../support/stomp-peer.ts'
import { isOpen, Pair } from './broker-process.ts'

const QUEUE = '/queue/orders'

function send(client: StompPeer, body: string, headers = {}): Promise<void> {
  return client.confirmed({ command: 'SEND', headers: { destination: QUEUE, persistent: 'true', ...headers }, body })
}

async function take(client: StompPeer, count: number): Promise<{ body: string; redelivered: boolean }[]> {
  const taken: { body: string; redelivered: boolean }[] = []
  while (taken.length < count) {
    const message = await client.next('MESSAGE')
    taken.push({ body: message.body.toString(), redelivered: message.headers['redelivered'] === 'true' })
    await client.ack(message)
  }
  return taken
}

/** Takes everything that stands in the queue. */
async function drain(port: number): Promise<{ body: string; redelivered: boolean }[]> {
  await using client = await RawStompClient.connect(port)
  await client.subscribe(QUEUE, { prefetch: 10_000 })
  await client.roundTrip()
  return await take(client, client.pending('MESSAGE').length)
}

test('what was confirmed survives SIGKILL, in order, and is served by the standby', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  const client = await RawStompClient.connect(port)
  const confirmed: string[] = []
  // Killed in the middle of it: what is confirmed by then is what counts.
  const killed = (async () => {
    while (confirmed.length < 500) await new Promise(setImmediate)
    await a.end('SIGKILL')
  })()
  const sending: Promise<unknown>[] = []
  for (let index = 0; index < 5_000; index += 1) {
    sending.push(
      send(client, String(index)).then(
        () => confirmed.push(String(index)),
        () => {},
      ),
    )
    if (index % 100 === 0) await new Promise(setImmediate)
  }
  await Promise.all(sending)
  await killed
  const served = (await drain(await b.port())).map(({ body }) => body)
  assert.ok(confirmed.length >= 500)
  assert.deepEqual(
    confirmed.filter((body) => !served.includes(body)),
    [],
    'confirmed and lost',
  )
  assert.equal(new Set(served).size, served.length, 'nothing comes twice')
  assert.deepEqual(
    served,
    [...served].sort((one, other) => Number(one) - Number(other)),
  )
})

test('the standby refuses connections until it holds the lock, and takes over once the holder is killed', async () => {
  await using pair = new Pair()
  const a = pair.start('a')
  await a.event('serving')
  // A port that is known before it is open: one that was free a moment ago.
  const lender = new Pair()
  const free = await lender.start('lender').port()
  await lender[Symbol.asyncDispose]()
  const b = pair.start('b', ['--port', String(free)])
  assert.equal((await b.event('standby')).lockPollMs, 50)
  assert.equal(await isOpen(free), false)
  assert.equal(b.has('lock-acquired'), false)
  await a.end('SIGKILL')
  assert.equal((await b.event('serving')).port, free)
  assert.equal(await isOpen(free), true)
  const events = b.lines.map((line) => line.event)
  assert.deepEqual(events, ['starting', 'standby', 'lock-acquired', 'serving'])
})

test('the lock goes back and forth through many kills, and nothing is lost on the way', async () => {
  await using pair = new Pair()
  let holder = pair.start('a')
  const bodies: string[] = []
  for (let round = 0; round < 6; round += 1) {
    const port = await holder.port()
    const standby = pair.start(`${round}`)
    await standby.event('standby')
    const client = await RawStompClient.connect(port)
    await send(client, `round ${round}`)
    bodies.push(`round ${round}`)
    await holder.end('SIGKILL')
    await client.closed
    holder = standby
  }
  const line = await holder.event('serving')
  assert.equal(line.epoch, 7)
  assert.equal(line.messages, 6)
  assert.deepEqual(
    (await drain(line.port)).map(({ body }) => body),
    bodies,
  )
})

test('an acknowledge that was confirmed holds through SIGKILL; what was not is redelivered and says so', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  const client = await RawStompClient.connect(port)
  for (const body of ['acked', 'held', 'refused', 'unseen 1', 'unseen 2']) await send(client, body)
  await client.subscribe(QUEUE, { prefetch: 3 })
  const [acked, , refused] = [await client.next('MESSAGE'), await client.next('MESSAGE'), await client.next('MESSAGE')]
  await client.confirmed({ command: 'UNSUBSCRIBE', headers: { id: 'sub' } })
  await client.subscribe(QUEUE, { prefetch: 3, id: 'again' })
  const again = [await client.next('MESSAGE'), await client.next('MESSAGE'), await client.next('MESSAGE')]
  assert.equal(again[0]?.headers['message-id'], acked?.headers['message-id'])
  assert.equal(again[2]?.headers['message-id'], refused?.headers['message-id'])
  // Asked for in one write, so that the kill comes before the next deliveries can be counted on.
  const settled = [again[2], again[0]].map((message, index) => {
    assert.ok(message !== undefined)
    return index === 0 ? client.nack(message) : client.ack(message)
  })
  await Promise.all(settled)
  await client.roundTrip()
  const handedOut = client.pending('MESSAGE').map((frame) => frame.body.toString())
  assert.deepEqual(handedOut, ['unseen 1', 'unseen 2'])
  await a.end('SIGKILL')
  const left = await drain(await b.port())
  assert.deepEqual(left, [
    { body: 'held', redelivered: true },
    { body: 'unseen 1', redelivered: true },
    { body: 'unseen 2', redelivered: true },
  ])
  await using dead = await RawStompClient.connect(await b.port())
  await dead.subscribe('/queue/DLQ.orders')
  assert.deepEqual(await take(dead, 1), [{ body: 'refused', redelivered: false }])
})

test('what was never handed out is not called redelivered after a takeover', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  const client = await RawStompClient.connect(port)
  await send(client, 'seen')
  await client.subscribe(QUEUE, { prefetch: 1 })
  await client.next('MESSAGE')
  await send(client, 'unseen')
  await a.end('SIGKILL')
  assert.deepEqual(await drain(await b.port()), [
    { body: 'seen', redelivered: true },
    { body: 'unseen', redelivered: false },
  ])
})

test('messages that are not persistent end with their broker, and persistent ones do not', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  const client = await RawStompClient.connect(port)
  await client.confirmed({ command: 'SEND', headers: { destination: QUEUE }, body: 'passing' })
  await send(client, 'lasting')
  await a.end('SIGKILL')
  assert.deepEqual(
    (await drain(await b.port())).map(({ body }) => body),
    ['lasting'],
  )
})

test('SIGTERM hands over in order: exit code 0, connections ended, nothing lost', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  // It never closes its side by itself.
  const client = await RawStompClient.connect(port, {}, { allowHalfOpen: true })
  await send(client, 'one')
  assert.equal(await a.end('SIGTERM'), 0)
  assert.deepEqual(
    a.lines.map((line) => line.event),
    ['starting', 'lock-acquired', 'serving', 'stopping', 'lock-released', 'stopped'],
  )
  assert.deepEqual(
    (await drain(await b.port())).map(({ body }) => body),
    ['one'],
  )
  await client.destroy()
})

test('sends that were under way at SIGTERM are either confirmed and there, or not confirmed', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  const client = await RawStompClient.connect(port)
  const confirmed: string[] = []
  const sending = Array.from({ length: 2_000 }, async (_, index) => {
    await send(client, String(index))
    confirmed.push(String(index))
  })
  const ended = a.end('SIGTERM')
  await Promise.allSettled(sending)
  assert.equal(await ended, 0)
  const served = new Set((await drain(await b.port())).map(({ body }) => body))
  assert.deepEqual(
    confirmed.filter((body) => !served.has(body)),
    [],
  )
})

test('a standby that is told to stop leaves at once, and the holder serves on', async () => {
  await using pair = new Pair()
  const { b, port } = await pair.startBoth()
  assert.equal(await b.end('SIGTERM'), 0)
  assert.deepEqual(
    b.lines.map((line) => line.event),
    ['starting', 'standby', 'stopping', 'stopped'],
  )
  assert.equal(await isOpen(port), true)
})

test('a stopped process keeps the lock: nobody takes over, and it serves again when it is continued', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  // It is stopped for longer than the broker bears with silence, and that is more than we may be kept from beating.
  await using client = await RawStompClient.connect(port, { 'heart-beat': '400,0' })
  a.signal('SIGSTOP')
  let confirmed = false
  const pending = send(client, 'late').then(() => (confirmed = true))
  // Many of the standby's polls, and many of the client's heart-beats that the broker cannot read.
  const beating = setInterval(() => client.write('\n'), 50)
  const polls = pair.start('c')
  await polls.event('standby')
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  assert.equal(confirmed, false)
  assert.equal(b.has('lock-acquired'), false)
  a.signal('SIGCONT')
  await pending
  await client.roundTrip()
  clearInterval(beating)
  assert.equal(client.isClosed, false)
  assert.equal(b.has('lock-acquired'), false)
  assert.equal(polls.has('lock-acquired'), false)
})

test('a holder whose lock file is deleted confirms nothing more, says why, and ends with exit code 1', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  const client = await RawStompClient.connect(port)
  await send(client, 'before')
  pair.remove('lock.db')
  await assert.rejects(send(client, 'after'), /closed/)
  assert.equal(await a.exit(), 1)
  assert.match((await a.event('error')).message, /the lock is lost: .*lock\.db is gone or was replaced/)
  assert.deepEqual(
    (await drain(await b.port())).map(({ body }) => body),
    ['before'],
  )
})

test('a stopped holder whose lock file is deleted still keeps the messages to itself', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  const client = await RawStompClient.connect(port)
  await send(client, 'before')
  a.signal('SIGSTOP')
  pair.remove('lock.db')
  const c = pair.start('c')
  await c.event('standby')
  assert.equal(b.has('lock-acquired'), false)
  assert.equal(c.has('lock-acquired'), false)
  a.signal('SIGCONT')
  assert.equal(await a.exit(), 1)
  const next = await Promise.race([b.port(), c.port()])
  assert.deepEqual(
    (await drain(next)).map(({ body }) => body),
    ['before'],
  )
})

test('an idle holder notices by itself that its lock file is gone', async () => {
  await using pair = new Pair()
  const a = pair.start('a')
  await a.event('serving')
  pair.remove('lock.db')
  assert.equal(await a.exit(), 1)
})

test('who holds the lock can be read without asking for it', async () => {
  await using pair = new Pair()
  const { a, b, port } = await pair.startBoth()
  const first = readHolder(pair.dir)
  assert.equal(first?.name, 'a')
  assert.equal(first.pid, a.pid)
  assert.equal(first.port, port)
  assert.ok(first.at >= (await a.event('lock-acquired')).at)
  await a.end('SIGKILL')
  const served = await b.event('serving')
  assert.equal(readHolder(pair.dir)?.pid, b.pid)
  assert.equal(readHolder(pair.dir)?.port, served.port)
  await b.end('SIGTERM')
  assert.equal(readHolder(pair.dir), undefined)
})
