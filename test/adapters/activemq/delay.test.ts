import assert from 'node:assert/strict'
import test from 'node:test'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import type { Frame } from '../../../infra/embedded/stomp/frames.ts'
import { systemClock } from '../../../src/clock.ts'
import { SendError } from '../../../src/errors.ts'
import type { Link } from '../../../src/transport/link.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import { message, watch } from '../../support/client-parts.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { scriptedBroker, type StompPeer } from '../../support/stomp-peer.ts'
import { endpointAt, failure, Inbox, never, soon, until } from './dialled.ts'

const TARGET = '/queue/work'

interface Scripted {
  /** Whether its scheduler is on; `mute` keeps the answer back. */
  readonly scheduler: boolean | 'mute'
}

/** A broker that confirms everything, with or without a scheduler, and a link to it. */
async function linkTo({ scheduler }: Scripted, clock = systemClock) {
  const frames: Frame[] = []
  const broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    let probe = ''
    for (;;) {
      const frame = await peer.next((one) => one.headers['receipt'] !== undefined, 60_000)
      frames.push(frame)
      peer.confirm(frame)
      const { destination = '', id = '' } = frame.headers
      if (!destination.startsWith('/temp-queue/')) continue
      if (frame.command === 'SUBSCRIBE') probe = id
      else if (scheduler !== 'mute') peer.send(echo(probe, destination, scheduler))
    }
  })
  const link = await activemqTransport(undefined, clock).dial(endpointAt(broker.port), never)
  return {
    link,
    frames,
    sent: (): Frame[] =>
      frames.filter(({ command, headers }) => command === 'SEND' && headers['destination'] === TARGET),
    asked: (): number => frames.filter(({ command }) => command === 'SUBSCRIBE').length,
    async [Symbol.asyncDispose]() {
      await link.close(AbortSignal.abort())
      await broker.close()
    },
  }
}

function echo(subscription: string, destination: string, scheduled: boolean) {
  const mark: Record<string, string> = scheduled ? { scheduledJobId: 'ID:1' } : { AMQ_SCHEDULED_DELAY: '1' }
  return { command: 'MESSAGE', headers: { subscription, destination, 'message-id': 'ID:1', ...mark } }
}

const later = (id: string, deliverAtMs: number, given: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  ...message(id),
  destination: { kind: 'queue', name: 'work' },
  deliverAtMs,
  ...given,
})

async function sendFailure(link: Link, given: OutgoingMessage): Promise<SendError> {
  const error = await failure(link.send(given, 1))
  assert.ok(error instanceof SendError)
  return error
}

test('the broker is asked once whether it delays, and then given the delay', async () => {
  const clock = new FakeClock()
  await using on = await linkTo({ scheduler: true }, clock)
  const at = clock.wallTime() + 5000
  await soon(Promise.all([on.link.send(later('1', at), 1), on.link.send(later('2', at + 0.5), 1)]), 'the confirms')
  await soon(on.link.send(later('3', at), 1), 'a later one')
  assert.equal(on.asked(), 1)
  assert.deepEqual(
    on.sent().map(({ headers }) => [headers['understudy-id'], headers['AMQ_SCHEDULED_DELAY']]),
    [
      ['1', '5000'],
      ['2', '5001'],
      ['3', '5000'],
    ],
  )
  await until(() => on.frames.some(({ command }) => command === 'UNSUBSCRIBE'), 'the end of the question')
  assert.equal(clock.pending, 0)
})

test('a broker whose scheduler is off gets no message with a delay, and the error says what turns it on', async () => {
  await using on = await linkTo({ scheduler: false })
  for (const id of ['1', '2']) {
    const error = await sendFailure(on.link, later(id, Date.now() + 60_000))
    assert.deepEqual([error.code, error.outcome, error.retriable], ['unsupported', 'not-sent', false])
    assert.match(error.message, new RegExp(`^message ${id} was not sent: .*schedulerSupport="true"`))
  }
  assert.deepEqual([on.sent(), on.asked()], [[], 1])
  await soon(
    on.link.send(later('now', 0), 1).catch(() => {}),
    'another',
  )
})

test('a message whose time has come is sent without a delay', async () => {
  const clock = new FakeClock()
  await using on = await linkTo({ scheduler: true }, clock)
  await soon(on.link.send(later('1', clock.wallTime()), 1), 'the confirm')
  await soon(on.link.send(later('2', clock.wallTime() - 1000), 1), 'the confirm')
  assert.deepEqual(
    on.sent().map(({ headers }) => headers['AMQ_SCHEDULED_DELAY']),
    [undefined, undefined],
  )
  assert.equal(on.asked(), 0)
})

test('a resend has what is left of the delay', async () => {
  const clock = new FakeClock()
  const job = later('1', clock.wallTime() + 5000)
  await using first = await linkTo({ scheduler: true }, clock)
  await soon(first.link.send(job, 1), 'the first confirm')
  await clock.advance(3000)
  await using second = await linkTo({ scheduler: true }, clock)
  await soon(second.link.send(job, 2), 'the second confirm')
  const [headers] = second.sent().map((frame) => frame.headers)
  assert.deepEqual([headers?.['AMQ_SCHEDULED_DELAY'], headers?.['understudy-attempt']], ['2000', '2'])
})

test('the expiry is told without the delay, since ActiveMQ adds it', async () => {
  const clock = new FakeClock()
  await using on = await linkTo({ scheduler: true }, clock)
  const now = clock.wallTime()
  await soon(on.link.send(later('1', now + 5000, { expiresAtMs: now + 7000 }), 1), 'the confirm')
  await soon(on.link.send(later('2', now + 5000, { expiresAtMs: now + 1000 }), 1), 'the confirm')
  assert.deepEqual(
    on.sent().map(({ headers }) => Number(headers['expires']) - now),
    [2000, -4000],
  )
})

test('a broker that does not answer the question in time is given nothing, and asked again the next time', async () => {
  const clock = new FakeClock()
  await using on = await linkTo({ scheduler: 'mute' }, clock)
  for (const round of [1, 2]) {
    const sending = sendFailure(on.link, later('1', clock.wallTime() + 60_000))
    await until(() => on.asked() === round && clock.pending === 1, 'the question')
    await clock.advance(10_000)
    const error = await sending
    assert.deepEqual([error.code, error.outcome, error.retriable], ['deadline', 'not-sent', true])
  }
  assert.deepEqual([on.sent(), clock.pending], [[], 0])
})

test('what needs no delay is not held up by the question', async () => {
  await using on = await linkTo({ scheduler: 'mute' })
  const waits = watch(on.link.send(later('1', Date.now() + 60_000), 1))
  await soon(on.link.send({ ...later('2', 0), deliverAtMs: undefined }, 1), 'the confirm')
  assert.equal(waits.ending().kind, 'pending')
})

test('a link that is lost meanwhile leaves the message unsent, for another broker', async () => {
  const at = Date.now() + 60_000
  const broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    peer.confirm(await peer.next('SUBSCRIBE'))
    await peer.next('SEND')
    await peer.destroy()
  })
  const link = await activemqTransport().dial(endpointAt(broker.port), never)
  const error = await sendFailure(link, later('1', at))
  assert.deepEqual([error.code, error.outcome, error.retriable], ['link-lost', 'not-sent', true])
  await broker.close()
})

test('a user who may have no temporary queue learns why the message was not sent', async () => {
  const broker = await scriptedBroker(async (peer: StompPeer) => {
    await peer.acceptConnect()
    const subscribe = await peer.next('SUBSCRIBE')
    const said = 'User u is not authorized to create: temp-queue://ID:1'
    peer.send({ command: 'ERROR', headers: { message: said, 'receipt-id': subscribe.headers['receipt'] ?? '' } })
    await peer.next('DISCONNECT', 60_000).catch(() => {})
  })
  const link = await activemqTransport().dial(endpointAt(broker.port), never)
  const error = await sendFailure(link, later('1', Date.now() + 60_000))
  assert.deepEqual([error.code, error.outcome, error.retriable], ['authentication', 'not-sent', false])
  assert.match(error.message, /gives no permission to create temp-queue:/)
  await link.close(AbortSignal.abort())
  await broker.close()
})

test('what cannot be delayed is refused before the broker is asked anything', async () => {
  await using on = await linkTo({ scheduler: true })
  const at = Date.now() + 60_000
  const topic = { kind: 'topic', name: 'news' } as const
  assert.equal((await sendFailure(on.link, later('1', at, { destination: topic }))).code, 'unsupported')
  assert.equal((await sendFailure(on.link, later('1', 1e15))).code, 'invalid-option')
  for (const name of ['AMQ_SCHEDULED_DELAY', 'AMQ_SCHEDULED_CRON', 'scheduledJobId']) {
    assert.equal((await sendFailure(on.link, { ...message('1'), headers: { [name]: '1' } })).code, 'invalid-option')
  }
  assert.deepEqual(on.frames, [])
})

test("the scheduler's mark is no header of the application's, and a requeue leaves it out", async () => {
  const requeued = Promise.withResolvers<Frame>()
  const broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    const subscribe = await peer.next('SUBSCRIBE')
    peer.confirm(subscribe)
    const { id = '' } = subscribe.headers
    const headers = { ...echo(id, TARGET, true).headers, ack: '1', trace: 'x', persistent: 'true' }
    peer.send({ command: 'MESSAGE', headers, body: 'x' })
    const copy = await peer.next('SEND')
    peer.confirm(copy)
    requeued.resolve(copy)
    peer.confirm(await peer.next('ACK'))
  })
  const link = await activemqTransport().dial(endpointAt(broker.port), never)
  const inbox = new Inbox()
  await link.subscribe({ kind: 'queue', name: 'work' }, { prefetch: 1 }, inbox)
  const delivery = await inbox.next()
  assert.deepEqual(delivery.message.headers, { trace: 'x' })
  await soon(delivery.settle('requeue'), 'the requeue')
  const { headers } = await requeued.promise
  assert.deepEqual([headers['trace'], headers['scheduledJobId']], ['x', undefined])
  await link.close(AbortSignal.abort())
  await broker.close()
})
