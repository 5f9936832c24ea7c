import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import { after, before, test } from 'node:test'
import { type StompClient, stompitConnect } from '../../../adapters/activemq/driver.ts'
import { RawStompClient, type StompPeer } from '../../support/stomp-peer.ts'
import { Pair, until } from './broker-process.ts'

const pair = new Pair()
let port = 0

before(async () => {
  port = await pair.start('a').port()
})

after(() => pair[Symbol.asyncDispose]())

async function sendMany(client: StompPeer, destination: string, count: number, bytes: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    client.send({ command: 'SEND', headers: { destination, index: String(index) }, body: Buffer.alloc(bytes, 'x') })
  }
  await client.roundTrip()
}

test('a consumer that does not read is not flooded: the rest of the queue goes to one that does', async () => {
  const destination = '/queue/flood'
  await using sender = await RawStompClient.connect(port)
  await sendMany(sender, destination, 400, 100_000)
  const asleep = await RawStompClient.connect(port)
  asleep.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, ack: 'auto' } })
  asleep.socket.pause()
  await using awake = await RawStompClient.connect(port)
  await awake.subscribe(destination, { prefetch: 400, id: '2' })
  // The systems' own buffers take a share for the one that sleeps; the broker's memory must not.
  await until(() => awake.pending('MESSAGE').length >= 200, 'most of the queue')
  asleep.socket.resume()
  await until(() => awake.pending('MESSAGE').length + asleep.pending('MESSAGE').length >= 400, 'all of the queue')
  const indexes = [...awake.pending('MESSAGE'), ...asleep.pending('MESSAGE')].map((frame) => frame.headers['index'])
  assert.equal(new Set(indexes).size, 400)
  await asleep.close()
})

test('a client that takes no receipts is not read any more, and is served again once it takes them', async () => {
  const socket = dial({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.write('CONNECT\naccept-version:1.2\n\n\0')
  await once(socket, 'data')
  socket.pause()
  const frame = (index: number): string => `SEND\ndestination:/topic/none\nreceipt:${index}-${'r'.repeat(30_000)}\n\n\0`
  // Until the broker leaves bytes in our hands, which it does once it has receipts in its own.
  let sent = 0
  while (socket.writableLength < 2 ** 20 && sent < 10_000) {
    socket.write(frame(sent))
    sent += 1
    if (sent % 10 === 0) await new Promise(setImmediate)
  }
  assert.ok(sent < 10_000, 'the broker read on without end')
  let receipts = 0
  socket.on('data', (chunk: Buffer) => {
    for (const octet of chunk) if (octet === 0) receipts += 1
  })
  socket.resume()
  await until(() => receipts === sent, 'every receipt')
  socket.destroy()
  await once(socket, 'close')
})

test('heart-beats flow as agreed, and a client that keeps its promise stays connected', async () => {
  await using client = await RawStompClient.open(port)
  client.send({ command: 'CONNECT', headers: { 'accept-version': '1.2', 'heart-beat': '400,100' } })
  assert.equal((await client.next('CONNECTED')).headers['heart-beat'], '100,100')
  const before = client.bytesRead
  const beating = setInterval(() => client.write('\n'), 50)
  // One every 50 ms: for longer than the broker would bear with silence.
  await until(() => client.bytesRead >= before + 30, 'thirty heart-beats')
  clearInterval(beating)
  assert.equal(client.isClosed, false)
})

test('a client that promised heart-beats and falls silent is dropped with an ERROR, and its messages return', async () => {
  const destination = '/queue/silent'
  await using witness = await RawStompClient.connect(port)
  await using silent = await RawStompClient.connect(port, { 'heart-beat': '100,0' })
  silent.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, ack: 'client-individual' } })
  await witness.confirmed({ command: 'SEND', headers: { destination }, body: 'x' })
  await silent.next('MESSAGE')
  assert.match((await silent.next('ERROR')).headers['message'] ?? '', /has been silent for \d+ ms/)
  await silent.closed
  await witness.subscribe(destination)
  assert.equal((await witness.next('MESSAGE')).headers['redelivered'], 'true')
})

test('with credentials, the right ones are let in and wrong ones are told so by name', async () => {
  await using guarded = new Pair()
  const broker = guarded.start('a', ['--login', 'rehearsal', '--passcode-env', 'DRILL_PASSCODE'], {
    DRILL_PASSCODE: 's3cret:\\n',
  })
  const at = await broker.port()
  const right = await RawStompClient.connect(at, { login: 'rehearsal', passcode: 's3cret:\\n' })
  await right.close()
  for (const headers of [
    { login: 'rehearsal', passcode: 'wrong' },
    { login: 'other', passcode: 's3cret:\\n' },
    { login: 'rehearsal' },
  ]) {
    const client = await RawStompClient.open(at)
    client.send({ command: 'CONNECT', headers: { 'accept-version': '1.2', ...headers } })
    const error = await client.next('ERROR')
    assert.equal(error.headers['message'], `User name [${headers.login}] or password is invalid.`)
    await client.closed
  }
  const anonymous = await RawStompClient.open(at)
  anonymous.send({ command: 'CONNECT', headers: { 'accept-version': '1.2' } })
  assert.equal((await anonymous.next('ERROR')).headers['message'], 'User name [] or password is invalid.')
  await anonymous.closed
  assert.doesNotMatch(JSON.stringify(broker.lines), /s3cret|wrong/)
})

test('stompit, as the ActiveMQ adapter uses it, connects in 1.2, sends, receives and acknowledges', async () => {
  const connected = Promise.withResolvers<StompClient>()
  const client = stompitConnect(
    {
      host: '127.0.0.1',
      port,
      ssl: false,
      timeout: 5_000,
      noDelay: true,
      connectHeaders: { host: '/', 'heart-beat': '1000,1000' },
      maxLineLength: 65_536,
      maxHeaders: 256,
      heartbeatDelayMargin: 1_000,
      heartbeatOutputMargin: 100,
      probeAfterMs: 0,
    },
    (error, ready) => (error === null ? connected.resolve(ready) : connected.reject(error)),
  )
  client.on('error', (error) => connected.reject(error))
  const stomp = await connected.promise
  assert.equal(stomp.headers?.['version'], '1.2')
  const waiting = new Map<string, () => void>()
  const confirmed = (command: string, headers: Record<string, string>, body?: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const receipt = String(waiting.size + 1)
      waiting.set(receipt, resolve)
      stomp.sendFrame(command, { ...headers, receipt }).end(body)
    })
  const body = Buffer.from('a\0b😀')
  const message = Promise.withResolvers<{ headers: Readonly<Record<string, string | number>>; body: Buffer }>()
  stomp.setCommandHandlers({
    RECEIPT: (frame) => {
      frame.resume()
      waiting.get(String(frame.headers['receipt-id']))?.()
    },
    MESSAGE: (frame) => {
      const chunks: Buffer[] = []
      frame.on('data', (chunk) => chunks.push(chunk))
      frame.on('end', () => message.resolve({ headers: frame.headers, body: Buffer.concat(chunks) }))
    },
  })
  const destination = '/queue/stompit'
  await confirmed('SUBSCRIBE', { id: '1', destination, ack: 'client-individual' })
  await confirmed('SEND', { destination, 'content-length': String(body.length), odd: 'a:b\nc\\d\r' }, body)
  const received = await message.promise
  assert.deepEqual(received.body, body)
  assert.equal(received.headers['odd'], 'a:b\nc\\d\r')
  await confirmed('ACK', { id: String(received.headers['ack']) })
  const gone = new Promise<void>((resolve) => stomp.on('end', resolve))
  await confirmed('DISCONNECT', {})
  stomp.destroy()
  await gone
})
