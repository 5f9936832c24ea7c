import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { parts, type PartsOptions, type Parts, sessionOf, TWO, watch } from '../support/client-parts.ts'
import type { FailoverSession } from '../../src/failover/session.ts'
import { settled } from '../support/fake-clock.ts'
import { badCredentials, lost } from '../support/scripted-transport.ts'
import { ScriptedTenant } from '../support/scripted-tenant.ts'

interface Open extends Parts {
  readonly session: FailoverSession
  readonly tenant: ScriptedTenant
  readonly types: () => string[]
}

function open(options: PartsOptions = {}, before: (of: Parts) => void = () => {}): Open {
  const of = parts(options)
  before(of)
  const session = sessionOf(of)
  const tenant = new ScriptedTenant()
  session.attach(tenant)
  session.open()
  return { ...of, session, tenant, types: () => of.events.map(({ type }) => type) }
}

const never = new AbortController().signal

test('nothing is dialled before it is asked for, and then once for all who ask', async () => {
  const of = parts()
  const session = sessionOf(of)
  await of.clock.advance(1000)
  assert.deepEqual(of.transport.dialled, [])
  const links = await Promise.all([session.connected(), session.connected(), session.connected()])
  assert.deepEqual(of.transport.dialled, ['a'])
  assert.ok(links.every((link) => link === of.transport.last))
  assert.equal(await session.connected(), of.transport.last)
})

test('a broker that refuses is passed over at once', async () => {
  const { session, transport, clock, events, types } = open({}, ({ transport }) => transport.answer('a', 'refuse'))
  await settled()
  assert.deepEqual(transport.dialled, ['a', 'b'])
  assert.equal(session.link?.endpoint, 'stomp://b:61613')
  assert.deepEqual(types(), ['attempt-failed', 'connected'])
  assert.deepEqual(events[1], { type: 'connected', role: 'producer', endpoint: 'stomp://b:61613', afterMs: 0 })
  assert.equal(clock.pending, 0)
})

test('a broker that accepts and stays mute is passed over within its own deadline', async () => {
  const uri = 'failover:(stomp://a?connectTimeout=200,stomp://b)?randomize=false'
  const { session, clock, transport } = open({ uri }, ({ transport }) => transport.answer('a', 'mute'))
  await clock.advance(199)
  assert.ok(transport.links.length === 0)
  await clock.advance(1)
  assert.deepEqual(transport.dialled, ['a', 'b'])
  assert.equal(session.link?.endpoint, 'stomp://b:61613')
  assert.equal(transport.dialling, 0)
})

test('wrong credentials end it at once: no further broker, no further pass', async () => {
  const { session, transport, clock, types, tenant } = open({}, ({ transport }) =>
    transport.answer('a', badCredentials()),
  )
  await clock.advance(100_000)
  assert.deepEqual(transport.dialled, ['a'])
  assert.deepEqual(types(), ['attempt-failed', 'failed'])
  assert.deepEqual(tenant.heard, ['ended authentication'])
  await assert.rejects(session.connected(), { code: 'authentication' })
  assert.equal(session.endedBy?.code, 'authentication')
  assert.equal(clock.pending, 0)
})

test('wrong credentials end it while reconnecting, too', async () => {
  const { transport, clock, types } = open()
  await settled()
  transport.answer('b', badCredentials())
  transport.last.die()
  await clock.advance(100_000)
  assert.deepEqual(transport.dialled, ['a', 'b'])
  assert.deepEqual(types(), ['connected', 'interrupted', 'attempt-failed', 'failed'])
})

const ARTICLE =
  'failover:(stomp://a,stomp://b)?randomize=false&jitter=0&useExponentialBackOff=false' +
  '&maxReconnectAttempts=1&initialReconnectDelay=4000'

test("the source article's producer tries the list, waits, tries the list once more and gives up", async () => {
  const { session, transport, clock, events } = open({ uri: ARTICLE }, ({ transport }) =>
    transport.answer('a', 'refuse').answer('b', 'refuse'),
  )
  const waiting = watch(session.connected())
  await clock.advance(3999)
  assert.deepEqual(transport.dialled, ['a', 'b'])
  assert.equal(waiting.ending().kind, 'pending')
  await clock.advance(1)
  assert.deepEqual(transport.dialled, ['a', 'b', 'a', 'b'])
  const ending = waiting.ending()
  assert.ok(ending.kind === 'failed' && ending.error instanceof UnderstudyError)
  assert.equal(ending.error.code, 'attempts-exhausted')
  assert.equal(
    ending.error.message,
    'no broker of the list answered; it was tried 2 times; last: stomp://b:61613 refused the connection',
  )
  assert.deepEqual(
    events.map(({ type }) => type),
    ['attempt-failed', 'attempt-failed', 'reconnecting', 'attempt-failed', 'attempt-failed', 'failed'],
  )
  assert.equal(clock.pending, 0)
})

test('the second broker of the last pass still counts', async () => {
  const { session, transport, clock } = open({ uri: ARTICLE }, ({ transport }) =>
    transport.answer('a', 'refuse').answer('b', (nth) => (nth === 1 ? 'refuse' : 'accept')),
  )
  await clock.advance(4000)
  assert.deepEqual(transport.dialled, ['a', 'b', 'a', 'b'])
  assert.equal(session.link?.endpoint, 'stomp://b:61613')
})

test('no reconnect attempts means one pass over the whole list', async () => {
  const { transport, clock, session } = open({ uri: `${TWO}&maxReconnectAttempts=0` }, ({ transport }) =>
    transport.answer('a', 'refuse').answer('b', 'refuse'),
  )
  await clock.advance(100_000)
  assert.deepEqual(transport.dialled, ['a', 'b'])
  assert.equal(session.endedBy?.code, 'attempts-exhausted')
  assert.match(session.endedBy?.message ?? '', /it was tried once;/)
})

test('startup has a limit of its own', async () => {
  const uri = `${TWO}&maxReconnectAttempts=5&startupMaxReconnectAttempts=1`
  const { transport, clock, session } = open({ uri }, ({ transport }) =>
    transport.answer('a', 'refuse').answer('b', 'refuse'),
  )
  await clock.advance(100_000)
  assert.equal(transport.dialled.length, 4)
  assert.equal(session.endedBy?.code, 'attempts-exhausted')
})

test('the steady limit holds for each outage anew, and not for the startup', async () => {
  const uri = `${TWO}&maxReconnectAttempts=1&startupMaxReconnectAttempts=3&initialReconnectDelay=100`
  let up = true
  const { transport, clock, session, events } = open({ uri }, ({ transport }) =>
    transport.answer('a', () => (up ? 'accept' : 'refuse')).answer('b', 'refuse'),
  )
  await settled()
  for (let outage = 0; outage < 3; outage++) {
    await clock.advance(6000)
    up = false
    transport.last.die()
    await clock.advance(99)
    up = true
    await clock.advance(1)
    assert.ok(session.link, `outage ${outage}`)
  }
  const resumed = events.filter((event) => event.type === 'resumed')
  assert.deepEqual(
    resumed.map(({ outageMs, passes }) => [outageMs, passes]),
    [
      [100, 2],
      [100, 2],
      [100, 2],
    ],
  )
  up = false
  transport.last.die()
  await clock.advance(10_000)
  assert.equal(session.endedBy?.code, 'attempts-exhausted')
})

test('the broker that was just lost is tried last, for one pass', async () => {
  const { transport, clock } = open()
  await settled()
  transport.answer('a', 'refuse').answer('b', 'refuse')
  transport.last.die()
  await clock.advance(10)
  assert.deepEqual(transport.dialled, ['a', 'b', 'a', 'a', 'b'])
})

test('a lost link is told with its reason, and the tenants move to the next one', async () => {
  const { transport, events, tenant } = open()
  await settled()
  transport.last.die(new UnderstudyError('heartbeat-lost', 'silent', { retriable: true }))
  await settled()
  assert.deepEqual(tenant.heard, ['up stomp://a:61613', 'down heartbeat-lost', 'up stomp://b:61613'])
  const [, interrupted, resumed] = events
  assert.ok(interrupted?.type === 'interrupted' && interrupted.error.code === 'heartbeat-lost')
  assert.equal(interrupted.endpoint, 'stomp://a:61613')
  assert.deepEqual(resumed, {
    type: 'resumed',
    role: 'producer',
    endpoint: 'stomp://b:61613',
    outageMs: 0,
    passes: 1,
  })
})

test('a link that is dead when it arrives is lost like any other', async () => {
  const { transport, session, types } = open({}, ({ transport }) => {
    transport.onLink = (link) => {
      if (link.host === 'a') link.die()
    }
  })
  await settled()
  assert.deepEqual(types(), ['connected', 'interrupted', 'resumed'])
  assert.equal(session.link, transport.last)
})

test('a broker down for an hour is polled ever more slowly, but never past the longest delay', async () => {
  const { transport, clock } = open({ uri: 'stomp://a?jitter=0' }, ({ transport }) => transport.answer('a', 'refuse'))
  await clock.advance(3_600_000)
  const dials = transport.dialled.length
  assert.ok(dials > 3600 / 30 && dials < 1500, String(dials))
})

test('a broker that accepts and drops at once is not hammered', async () => {
  const { transport, clock } = open({ uri: 'stomp://a?jitter=0' }, ({ transport }) => {
    transport.onLink = (link) => link.die()
  })
  await clock.advance(600_000)
  const dials = transport.dialled.length
  assert.ok(dials > 10 && dials < 40, String(dials))
})

test('abort while dialling leaves no dial, no link and no timer', async () => {
  const { session, transport, clock, tenant } = open({}, ({ transport }) => transport.answer('a', 'mute'))
  const waiting = watch(session.connected())
  await settled()
  await session.close(never)
  await settled()
  assert.equal(transport.dialling, 0)
  assert.equal(clock.pending, 0)
  const end = waiting.ending()
  assert.ok(end.kind === 'failed' && end.error.message === 'the connection was closed')
  assert.deepEqual(tenant.heard, ['ended closed'])
  await clock.advance(100_000)
  assert.deepEqual(transport.dialled, ['a'])
})

test('abort while waiting between two passes leaves no timer', async () => {
  const { session, transport, clock, types } = open({}, ({ transport }) =>
    transport.answer('a', 'refuse').answer('b', 'refuse'),
  )
  await settled()
  assert.equal(clock.pending, 1)
  await session.close(never)
  await settled()
  assert.equal(clock.pending, 0)
  await clock.advance(100_000)
  assert.deepEqual(transport.dialled, ['a', 'b'])
  assert.equal(types().at(-1), 'closed')
})

test('close while a dial comes through closes that link, too', async () => {
  const { session, transport } = open()
  // The dial has been answered, and the promise chain that brings the link is still under way.
  const closing = session.close(never)
  await closing
  await settled()
  assert.ok(transport.links.every(({ over }) => over))
  assert.equal(session.link, undefined)
})

test('close says goodbye to the link once, however often it is called', async () => {
  const { session, transport, types, tenant } = open()
  await settled()
  await Promise.all([session.close(never), session.close(never)])
  await session.close(never)
  assert.equal(transport.last.closeCalls, 1)
  assert.deepEqual(types(), ['connected', 'closed'])
  assert.deepEqual(tenant.heard, ['up stomp://a:61613', 'ended closed'])
  assert.equal(session.endedBy?.code, 'closed')
})

test('a second close waits for the same goodbye as the first', async () => {
  const { session, transport } = open()
  await settled()
  transport.last.closesMute = true
  const late = new AbortController()
  const [one, two] = [watch(session.close(late.signal)), watch(session.close(late.signal))]
  await settled()
  assert.deepEqual([one.ending().kind, two.ending().kind], ['pending', 'pending'])
  late.abort()
  await settled()
  assert.deepEqual([one.ending().kind, two.ending().kind], ['done', 'done'])
})

test('a link whose close fails is closed all the same', async () => {
  const { session, transport } = open()
  await settled()
  transport.last.close = () => Promise.reject(new Error('cannot close'))
  await session.close(never)
  assert.equal(session.endedBy?.code, 'closed')
})

test('a final failure is reported once, and everything afterwards is refused at once with it', async () => {
  const { session, events, clock } = open({ uri: `${TWO}&maxReconnectAttempts=0` }, ({ transport }) =>
    transport.answer('a', 'refuse').answer('b', 'refuse'),
  )
  await clock.advance(1000)
  assert.equal(events.filter(({ type }) => type === 'failed').length, 1)
  const error = session.endedBy
  await assert.rejects(session.connected(), (thrown) => thrown === error)
  session.open()
  const latecomer = new ScriptedTenant()
  session.attach(latecomer)
  assert.deepEqual(latecomer.heard, ['ended attempts-exhausted'])
  await session.close(never)
  assert.equal(session.endedBy, error)
  assert.equal(events.filter(({ type }) => type === 'failed' || type === 'closed').length, 1)
})

test('a link that was given up is destroyed, and the next broker is dialled', async () => {
  const { session, transport, events, tenant } = open()
  await settled()
  const [link] = transport.links
  assert.ok(link)
  session.abandon(link, lost('no confirm came'))
  session.abandon(link, lost('again'))
  await settled()
  assert.ok(link.over)
  assert.deepEqual(tenant.heard, ['up stomp://a:61613', 'down link-lost', 'up stomp://b:61613'])
  assert.equal(events.filter(({ type }) => type === 'interrupted').length, 1)
})

test('a link that is given up while the tenants are being told of it is not told of as up any more', async () => {
  const of = parts()
  const session = sessionOf(of)
  const [hasty, patient] = [new ScriptedTenant(), new ScriptedTenant()]
  hasty.onWord = (word) => {
    if (word === 'up stomp://a:61613') session.abandon(of.transport.last, lost('no good'))
  }
  session.attach(hasty)
  session.attach(patient)
  session.open()
  await settled()
  assert.deepEqual(hasty.heard, ['up stomp://a:61613', 'down link-lost', 'up stomp://b:61613'])
  assert.deepEqual(patient.heard, ['down link-lost', 'up stomp://b:61613'])
})

for (const when of ['connected', 'interrupted', 'resumed', 'attempt-failed', 'reconnecting'] as const) {
  test(`close inside an observer of '${when}' ends everything, leaves no timer and no link`, async () => {
    const uri = 'failover:(stomp://a,stomp://b)?randomize=false&priorityBackup=true&priorityURIs=stomp://b'
    const { session, status, transport, clock, tenant } = open({ uri }, ({ transport }) =>
      transport.answer('b', (nth) => (nth === 3 ? 'accept' : 'refuse')),
    )
    status.observe(({ type }) => {
      if (type === when) void session.close(never)
    })
    await settled()
    if (transport.links.length > 0) {
      transport.answer('a', 'refuse')
      transport.last.die()
    }
    await clock.advance(60_000)
    assert.equal(session.endedBy?.code, 'closed')
    assert.equal(clock.pending, 0)
    assert.equal(transport.dialling, 0)
    assert.ok(transport.links.every(({ over }) => over))
    assert.equal(tenant.heard.filter((word) => word === 'ended closed').length, 1)
    assert.equal(tenant.heard.at(-1), 'ended closed')
  })
}

test('an observer that throws, or an async one that fails, harms nobody', async () => {
  const { session, status, transport, tenant } = open()
  status.observe(() => {
    throw new Error('its own trouble')
  })
  // oxlint-disable-next-line typescript/no-misused-promises -- what a careless user would write
  status.observe(async () => {
    await Promise.resolve()
    throw new Error('its own trouble, later')
  })
  const heard: string[] = []
  status.observe(({ type }) => heard.push(type))
  await settled()
  transport.last.die()
  await settled()
  assert.deepEqual(heard, ['connected', 'interrupted', 'resumed'])
  assert.deepEqual(tenant.heard.at(-1), 'up stomp://b:61613')
  await session.close(never)
})

test('a warning is logged after so many passes and then at every doubling', async () => {
  const warned: number[] = []
  const logger = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (fields: object) => {
      if ('passes' in fields) warned.push(Number(fields.passes))
    },
  }
  const uri = 'stomp://a?warnAfterReconnectAttempts=3&useExponentialBackOff=false&jitter=0'
  const { clock } = open({ uri, logger }, ({ transport }) => transport.answer('a', 'refuse'))
  await clock.advance(300)
  assert.deepEqual(warned, [3, 6, 12, 24])
})

test('a session that is closed at any step of a dial that succeeds keeps no link', async () => {
  for (let steps = 1; steps < 25; steps++) {
    const of = parts()
    const session = sessionOf(of)
    const closeAfter = async (): Promise<void> => {
      for (let step = 0; step < steps; step++) await Promise.resolve()
      await session.close(never)
    }
    of.transport.onLink = () => void closeAfter()
    session.open()
    await settled()
    assert.ok(of.transport.last.over, `closed after ${steps} steps`)
  }
})
