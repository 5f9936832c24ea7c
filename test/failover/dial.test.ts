import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { dial } from '../../src/failover/dial.ts'
import { parseFailoverUri } from '../../src/failover/uri.ts'
import type { Endpoint } from '../../src/transport/endpoint.ts'
import type { Link } from '../../src/transport/link.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { watch } from '../support/client-parts.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { ScriptedLink, ScriptedTransport } from '../support/scripted-transport.ts'

const endpoint = parseFailoverUri('stomp://user:secret@a?connectTimeout=700').endpoints[0] as Endpoint
const never = new AbortController().signal

function transportThat(dials: (signal: AbortSignal) => Promise<Link>): Transport {
  const transport = new ScriptedTransport()
  transport.dial = (_, signal) => dials(signal)
  return transport
}

test('a peer that accepts and stays mute is given up at its own deadline, and no timer is left', async () => {
  const clock = new FakeClock()
  const dialling = watch(dial(new ScriptedTransport().answer('a', 'mute'), endpoint, clock, never))
  await clock.advance(699)
  assert.equal(dialling.ending().kind, 'pending')
  await clock.advance(1)
  const ending = dialling.ending()
  assert.ok(ending.kind === 'failed' && ending.error instanceof UnderstudyError)
  assert.equal(ending.error.code, 'dial-timeout')
  assert.equal(ending.error.retriable, true)
  assert.equal(ending.error.message, 'stomp://a:61613 did not answer within 700 ms')
  assert.equal(clock.pending, 0)
})

test('a transport that knows how far it came may say so at the deadline', async () => {
  const clock = new FakeClock()
  const mute = new UnderstudyError('handshake-timeout', 'mute', { retriable: true })
  const transport = transportThat(
    (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(mute))),
  )
  const dialling = watch(dial(transport, endpoint, clock, never))
  await clock.advance(700)
  const end = dialling.ending()
  assert.ok(end.kind === 'failed' && end.error === mute)
})

test('a transport that ignores its signal is left behind, and the link it brings too late is closed', async () => {
  const clock = new FakeClock()
  const late = Promise.withResolvers<Link>()
  const dialling = watch(
    dial(
      transportThat(() => late.promise),
      endpoint,
      clock,
      never,
    ),
  )
  await clock.advance(700)
  assert.equal(dialling.ending().kind, 'failed')
  const link = new ScriptedLink(endpoint)
  late.resolve(link)
  await settled()
  assert.ok(link.over)
})

test('a late link whose close fails brings no unhandled rejection', async () => {
  const clock = new FakeClock()
  const late = Promise.withResolvers<Link>()
  const dialling = watch(
    dial(
      transportThat(() => late.promise),
      endpoint,
      clock,
      never,
    ),
  )
  await clock.advance(700)
  const link = new ScriptedLink(endpoint)
  link.close = () => Promise.reject(new Error('cannot close'))
  late.resolve(link)
  await settled()
  assert.equal(dialling.ending().kind, 'failed')
})

test('abort ends a dial that is under way with the reason of the abort', async () => {
  const clock = new FakeClock()
  const transport = new ScriptedTransport().answer('a', 'mute')
  const caller = new AbortController()
  const dialling = watch(dial(transport, endpoint, clock, caller.signal))
  await settled()
  caller.abort(new UnderstudyError('closed', 'enough'))
  assert.equal(clock.pending, 0)
  await settled()
  const end = dialling.ending()
  assert.ok(end.kind === 'failed' && end.error.message === 'enough')
  assert.equal(transport.dialling, 0)
})

test('a signal that has fired already dials nothing', async () => {
  const transport = new ScriptedTransport()
  await assert.rejects(dial(transport, endpoint, new FakeClock(), AbortSignal.abort()), { code: 'aborted' })
  assert.deepEqual(transport.dialled, [])
})

for (const how of ['rejects', 'throws at once'] as const) {
  test(`a transport that ${how} with something that is not ours counts as unreachable and retriable`, async () => {
    const clock = new FakeClock()
    const transport = transportThat(() => {
      const error = new TypeError('x is\nnot a function')
      if (how === 'rejects') return Promise.reject(error)
      throw error
    })
    await assert.rejects(dial(transport, endpoint, clock, never), (error) => {
      assert.ok(error instanceof UnderstudyError)
      assert.deepEqual(
        [error.code, error.retriable, error.message],
        ['unreachable', true, 'stomp://a:61613: x is not a function'],
      )
      return true
    })
    assert.equal(clock.pending, 0)
  })
}
