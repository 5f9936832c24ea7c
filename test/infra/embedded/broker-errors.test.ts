import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { type FrameDraft, RawStompClient } from '../../support/stomp-peer.ts'
import { Pair } from './broker-process.ts'
import { oneErrorAndClose } from './one-error.ts'

const pair = new Pair()
let port = 0

before(async () => {
  port = await pair.start('a').port()
})

after(() => pair[Symbol.asyncDispose]())

const BAD_FRAMES: readonly [string, RegExp, FrameDraft][] = [
  [
    'a destination that is neither queue nor topic',
    /neither \/queue\//,
    { command: 'SEND', headers: { destination: 'a' } },
  ],
  [
    'a wildcard of queues',
    /without \*, > and \?/,
    { command: 'SUBSCRIBE', headers: { id: '1', destination: '/queue/a.>' } },
  ],
  ['a wildcard to send to', /without \*, > and \?/, { command: 'SEND', headers: { destination: '/topic/a.*' } }],
  [
    'a wildcard that is none',
    /without \*, > and \?/,
    { command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/>.a' } },
  ],
  ['no destination', /SEND has no destination/, { command: 'SEND' }],
  ['no subscription id', /no id header/, { command: 'SUBSCRIBE', headers: { destination: '/queue/a' } }],
  [
    'an unknown ack mode',
    /ack mode "maybe"/,
    { command: 'SUBSCRIBE', headers: { id: '1', destination: '/queue/a', ack: 'maybe' } },
  ],
  [
    'a prefetch of nothing',
    /prefetchSize is not/,
    { command: 'SUBSCRIBE', headers: { id: '1', destination: '/queue/a', 'activemq.prefetchSize': '0' } },
  ],
  [
    'a selector',
    /does not know the SUBSCRIBE header selector/,
    { command: 'SUBSCRIBE', headers: { id: '1', destination: '/queue/a', selector: 'a = 1' } },
  ],
  [
    'a message that repeats',
    /AMQ_SCHEDULED_PERIOD is not served/,
    { command: 'SEND', headers: { destination: '/queue/a', AMQ_SCHEDULED_PERIOD: '10' } },
  ],
  [
    'a delay that is none',
    /AMQ_SCHEDULED_DELAY is not a number/,
    { command: 'SEND', headers: { destination: '/queue/a', AMQ_SCHEDULED_DELAY: '-1' } },
  ],
  [
    'a delay for a topic',
    /only queues get messages with a delay/,
    { command: 'SEND', headers: { destination: '/topic/a', AMQ_SCHEDULED_DELAY: '10' } },
  ],
  [
    'a look at a topic',
    /nothing to browse/,
    { command: 'SUBSCRIBE', headers: { id: '1', destination: '/topic/a', browser: 'true' } },
  ],
  [
    'an expiry that is no time',
    /expires is not/,
    { command: 'SEND', headers: { destination: '/queue/a', expires: 'soon' } },
  ],
  ['an unknown subscription', /is no subscription/, { command: 'UNSUBSCRIBE', headers: { id: 'x' } }],
  ['no transaction', /no transaction header/, { command: 'BEGIN' }],
  ['an ack without an id', /ACK has no id header/, { command: 'ACK' }],
  ['a body where none belongs', /ACK frame has no body/, { command: 'ACK', headers: { id: '1-1' }, body: 'x' }],
]

for (const [what, message, draft] of BAD_FRAMES) {
  test(`${what} ends in one ERROR that names the receipt, and the connection goes on`, async () => {
    await using client = await RawStompClient.connect(port)
    client.send({ ...draft, headers: { ...draft.headers, receipt: 'r' } })
    client.send({ command: 'SEND', headers: { destination: '/queue/after', receipt: 'after' }, body: 'x' })
    const error = await client.next('ERROR')
    assert.match(error.headers['message'] ?? '', message)
    assert.equal(error.headers['receipt-id'], 'r')
    assert.equal((await client.next('RECEIPT')).headers['receipt-id'], 'after')
    assert.deepEqual(client.pending('ERROR'), [])
  })
}

for (const command of ['MESSAGE', 'HELLO', 'CONNECT']) {
  test(`${command} is no command of a session: one ERROR that names the receipt, and the end of the connection`, async () => {
    await using client = await RawStompClient.connect(port)
    client.send({ command, headers: { receipt: 'r' } })
    client.send({ command: 'SEND', headers: { destination: '/queue/after', receipt: 'never' }, body: 'x' })
    const error = await oneErrorAndClose(client, /not a command of STOMP clients|connected already/)
    assert.equal(error.headers['receipt-id'], 'r')
    assert.deepEqual(client.pending('RECEIPT'), [])
  })
}

test('garbage and an endless header end in one ERROR and the end of the connection', async () => {
  for (const [bytes, message] of [
    ['GET / HTTP/1.1\r\nhost: a\r\n\r\n', /not a STOMP frame/],
    [Buffer.alloc(100_000, 'x'), /not a STOMP frame/],
    [`CONNECT\na:${'x'.repeat(200_000)}`, /headers of a frame are longer/],
    [`CONNECT\n${'a:b\n'.repeat(1_000)}`, /more than 256 headers/],
    ['CONNECT\naccept-version:1.2\nheart-beat:often\n\n\0', /heart-beat is not/],
  ] as const) {
    await using client = await RawStompClient.open(port)
    client.write(bytes)
    await oneErrorAndClose(client, message)
  }
})

const COMMANDS = 'SEND SEND SUBSCRIBE SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT'.split(' ')

/** Frames that make sense now and then: the same few names everywhere, so that they meet each other. */
const anyFrame: fc.Arbitrary<FrameDraft> = fc.record(
  {
    command: fc.constantFrom(...COMMANDS),
    headers: fc.record(
      {
        destination: fc.constantFrom('/queue/chaos', '/queue/DLQ.chaos', '/topic/chaos', 'chaos'),
        id: fc.constantFrom('1', '2', '1-1', '1-2', '2-3'),
        ack: fc.constantFrom('auto', 'client', 'client-individual'),
        transaction: fc.constantFrom('t', 'u'),
        persistent: fc.constantFrom('true', 'false'),
        expires: fc.constantFrom('0', '1', '9999999999999'),
        'activemq.prefetchSize': fc.constantFrom('1', '2', '1000'),
        receipt: fc.constantFrom('r'),
      },
      { requiredKeys: ['destination'] },
    ),
    body: fc.constantFrom('', 'x'.repeat(1_000)),
  },
  { requiredKeys: ['command', 'headers'] },
)

test('no sequence of frames, from several clients at once, brings the broker down', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyFrame, { maxLength: 30, size: 'max' }), { maxLength: 4 }),
      async (scripts) => {
        const clients = await Promise.all(scripts.map(() => RawStompClient.connect(port)))
        for (const [index, script] of scripts.entries()) for (const draft of script) clients[index]?.send(draft)
        await using witness = await RawStompClient.connect(port)
        await witness.roundTrip()
        await Promise.all(clients.map((client, index) => (index % 2 === 0 ? client.close() : client.destroy())))
        await witness.roundTrip()
      },
    ),
    { numRuns: 100 },
  )
})
