import assert from 'node:assert/strict'
import test from 'node:test'
import type { SendError } from '../../src/errors.ts'
import type { AttemptEnd, SendObserver } from '../../src/producer/observer.ts'
import { Producer } from '../../src/producer/producer.ts'
import { message, type Parts, type PartsOptions, parts, sessionOf, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'

interface Ended {
  readonly id: string
  readonly outcome: AttemptEnd
  readonly durationMs: number
  readonly error: SendError | undefined
}

interface Watched extends Parts {
  readonly producer: Producer
  readonly ended: Ended[]
}

async function watched(options: PartsOptions = {}, ...more: readonly SendObserver[]): Promise<Watched> {
  const of = parts(options)
  const ended: Ended[] = []
  const observer: SendObserver = {
    sending: (given) => ({ ...given, headers: { ...given.headers, seen: 'yes' } }),
    attempt() {},
    attemptEnded() {},
    gaveUp() {},
    sendEnded: ({ id }, outcome, durationMs, error) => ended.push({ id, outcome, durationMs, error }),
  }
  const session = sessionOf(of)
  const { clock, uri } = of
  const producer = new Producer({ session, failover: uri.options, clock, telemetry: [...more, observer] })
  session.open()
  await settled()
  return { ...of, producer, ended }
}

const told = (ended: readonly Ended[]): unknown[] =>
  ended.map(({ id, outcome, durationMs, error }) => [id, outcome, durationMs, error?.code])

test('the end of a send is told once, with its duration over all attempts', async () => {
  const { producer, transport, clock, ended } = await watched()
  const first = producer.send(message('1'))
  await clock.advance(30)
  transport.last.die()
  await settled()
  await clock.advance(70)
  transport.last.confirmAll()
  await first
  assert.deepEqual(told(ended), [['1', 'confirmed', 100, undefined]])
})

test('what an observer makes of a message is what travels, and on every attempt', async () => {
  const { producer, transport } = await watched()
  const sent = producer.send(message('1'))
  transport.last.die()
  await settled()
  transport.last.confirmAll()
  await sent
  const headers = transport.links.flatMap((link) => link.sent.map(({ message }) => message.headers))
  assert.deepEqual(headers, [{ seen: 'yes' }, { seen: 'yes' }])
})

test('a send that was given up or refused for want of room is told as the error that it rejects with', async () => {
  const uri = 'failover:(stomp://a)?jitter=0&maxPending=1&whenFull=reject&retryThreshold=500'
  const { producer, clock, transport, ended } = await watched({ uri })
  const late = watch(producer.send(message('late')))
  const full = watch(producer.send(message('full')))
  await settled()
  await clock.advance(500)
  assert.deepEqual(told(ended), [
    ['full', 'not-sent', 0, 'pending-full'],
    ['late', 'unknown', 500, 'unconfirmed'],
  ])
  for (const [index, { ending }] of [full, late].entries()) {
    const end = ending()
    assert.equal(end.kind === 'failed' && end.error, ended[index]?.error)
  }
  transport.last.confirmAll()
  await settled()
  assert.equal(ended.length, 2, 'a confirm that comes too late is no second end')
})

test('a send that waited for room tells how long it waited', async () => {
  const uri = 'failover:(stomp://a)?jitter=0&maxPending=1&whenFull=wait&retryThreshold=500'
  const { producer, clock, ended, transport } = await watched({ uri })
  const first = producer.send(message('first'))
  const second = producer.send(message('second'))
  await clock.advance(40)
  transport.last.confirmAll()
  await first
  await clock.advance(60)
  transport.last.confirmAll()
  await second
  assert.deepEqual(told(ended), [
    ['first', 'confirmed', 40, undefined],
    ['second', 'confirmed', 100, undefined],
  ])
})

test('an observer that throws at everything disturbs neither the send nor those beside it', async () => {
  const fails = (): never => {
    throw new Error('an observer of the worst kind')
  }
  const bad = { sending: fails, attempt: fails, attemptEnded: fails, gaveUp: fails, sendEnded: fails }
  const { producer, transport, ended } = await watched({}, bad)
  transport.last.confirms = true
  await producer.send(message('1'))
  assert.deepEqual(told(ended), [['1', 'confirmed', 0, undefined]])
})
