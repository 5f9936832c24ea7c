import assert from 'node:assert/strict'
import test from 'node:test'
import type { FailoverSession } from '../../src/failover/session.ts'
import { message, parts, type Parts, producerParts, sessionOf, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import type { ScriptedLink } from '../support/scripted-transport.ts'
import { ScriptedTenant } from '../support/scripted-tenant.ts'

const URI = 'failover:(stomp://a,stomp://b)?priorityBackup=true&randomize=false&jitter=0&drainTimeout=5000'
const never = new AbortController().signal

interface Second extends Parts {
  readonly session: FailoverSession
  readonly tenant: ScriptedTenant
  readonly link: ScriptedLink
}

/** Connected to the second choice, while the preferred broker refuses. */
async function onSecondChoice(): Promise<Second> {
  const of = parts({ uri: URI })
  of.transport.answer('a', 'refuse')
  const session = sessionOf(of)
  const tenant = new ScriptedTenant()
  session.attach(tenant)
  session.open()
  await settled()
  assert.equal(session.link?.endpoint, 'stomp://b:61613')
  tenant.heard.length = 0
  of.events.length = 0
  return { ...of, session, tenant, link: of.transport.last }
}

const brief = ({ events }: Parts): string[] =>
  events.map((event) => ('endpoint' in event ? `${event.type} ${event.endpoint.slice(8, 9)}` : event.type))

test('while the preferred broker is away it is tried once a second, quietly', async () => {
  const of = await onSecondChoice()
  await of.clock.advance(3500)
  assert.deepEqual(of.transport.dialled, ['a', 'b', 'a', 'a', 'a'])
  assert.deepEqual([of.events, of.tenant.heard], [[], []])
  await of.session.close(never)
  assert.equal(of.clock.pending, 0)
})

test('when the preferred broker answers again, the present link is drained, then left with a goodbye', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.tenant.busy = true
  await of.clock.advance(1000)
  assert.deepEqual(brief(of), ['switching a'])
  assert.deepEqual(of.tenant.heard, ['quiesce'])
  assert.equal(of.session.link, of.link, 'what is unfinished is finished on the present link')
  assert.ok(!of.link.over)
  of.tenant.finish()
  await settled()
  assert.deepEqual(of.tenant.heard, ['quiesce', 'down link-lost', 'up stomp://a:61613'])
  assert.deepEqual(brief(of), ['switching a', 'resumed a'])
  assert.ok(of.link.over)
  assert.equal(of.clock.pending, 0)
})

test('draining is bounded: a tenant that never finishes is moved all the same', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.tenant.busy = true
  await of.clock.advance(5999)
  assert.equal(of.session.link, of.link)
  await of.clock.advance(1)
  assert.equal(of.session.link?.endpoint, 'stomp://a:61613')
  assert.equal(of.clock.pending, 0)
})

test('a tenant whose quiesce fails does not stop the switch', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.tenant.quiesce = () => Promise.reject(new Error('its own trouble'))
  await of.clock.advance(1000)
  assert.equal(of.session.link?.endpoint, 'stomp://a:61613')
})

test('a present link that dies during the switch is followed by the preferred one without another dial', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.tenant.busy = true
  await of.clock.advance(1000)
  const dials = of.transport.dialled.length
  of.link.die()
  await settled()
  assert.deepEqual(brief(of), ['switching a', 'interrupted b', 'resumed a'])
  assert.deepEqual(of.tenant.heard, ['quiesce', 'down link-lost', 'up stomp://a:61613'])
  assert.equal(of.transport.dialled.length, dials)
  assert.equal(of.clock.pending, 0, 'the drain deadline of the switch has gone with it')
  of.tenant.finish()
  await settled()
  assert.equal(of.tenant.heard.length, 3)
})

test('a preferred link that dies during the switch leaves the present one in service', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', (nth) => (nth === 2 ? 'accept' : 'refuse'))
  of.tenant.busy = true
  await of.clock.advance(1000)
  of.transport.last.die()
  await settled()
  of.tenant.finish()
  await settled()
  assert.equal(of.session.link, of.link)
  assert.ok(!of.link.over)
  assert.deepEqual(of.tenant.heard, ['quiesce', 'up stomp://b:61613'])
  assert.deepEqual(brief(of), ['switching a', 'resumed b'])
  of.transport.answer('a', 'accept')
  of.tenant.busy = false
  await of.clock.advance(2000)
  assert.equal(of.session.link?.endpoint, 'stomp://a:61613', 'the preferred broker is still being tried')
})

test('when the preferred link died and draining takes too long, the present link is given up', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', (nth) => (nth === 2 ? 'accept' : 'refuse'))
  of.tenant.busy = true
  await of.clock.advance(1000)
  of.transport.last.die()
  await of.clock.advance(5000)
  assert.ok(of.link.over)
  assert.deepEqual(brief(of).slice(0, 2), ['switching a', 'interrupted b'])
  assert.equal(of.session.link?.endpoint, 'stomp://b:61613')
})

test('both links dying during the switch is an outage like any other', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', (nth) => (nth === 2 ? 'accept' : 'refuse')).answer('b', 'refuse')
  of.tenant.busy = true
  await of.clock.advance(1000)
  of.transport.last.die()
  await settled()
  of.link.die()
  await settled()
  assert.deepEqual(brief(of), ['switching a', 'interrupted b', 'attempt-failed a', 'attempt-failed b', 'reconnecting'])
  of.transport.answer('b', 'accept')
  await of.clock.advance(100)
  assert.equal(of.session.link?.endpoint, 'stomp://b:61613')
  await of.session.close(never)
  assert.equal(of.clock.pending, 0)
  assert.ok(of.transport.links.every(({ over }) => over))
})

test('close during the switch closes both links and leaves no timer', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.tenant.busy = true
  await of.clock.advance(1000)
  await of.session.close(never)
  await settled()
  assert.ok(of.transport.links.every(({ over }) => over))
  assert.equal(of.clock.pending, 0)
  of.tenant.finish()
  await settled()
  assert.deepEqual(of.tenant.heard, ['quiesce', 'ended closed'])
})

test('an old link that does not answer the goodbye does not outlive close', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.link.closesMute = true
  await of.clock.advance(1000)
  assert.equal(of.session.link?.endpoint, 'stomp://a:61613')
  assert.ok(!of.link.over)
  await of.session.close(never)
  await settled()
  assert.ok(of.link.over)
  assert.equal(of.clock.pending, 0)
})

test('an old link that does not answer the goodbye is dropped after the drain timeout', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.link.closesMute = true
  await of.clock.advance(6000)
  assert.ok(of.link.over)
  assert.equal(of.clock.pending, 0)
})

test('close while a preferred broker is being tried ends that dial', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'mute')
  await of.clock.advance(1000)
  assert.equal(of.transport.dialling, 1)
  await of.session.close(never)
  await settled()
  assert.equal(of.transport.dialling, 0)
  assert.equal(of.clock.pending, 0)
})

test('a preferred broker that keeps dying young is gone back to ever more rarely', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.transport.onLink = (link) => {
    if (link.host === 'a') of.clock.after(10, () => link.die())
  }
  await of.clock.advance(120_000)
  const switches = of.events.filter(({ type }) => type === 'switching').length
  assert.ok(switches > 2 && switches < 12, String(switches))
})

test('a listener that joins during the switch is given the present link, then the preferred one', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.tenant.busy = true
  await of.clock.advance(1000)
  const latecomer = new ScriptedTenant()
  of.session.attach(latecomer)
  of.tenant.finish()
  await settled()
  assert.deepEqual(latecomer.heard, ['up stomp://b:61613', 'down link-lost', 'up stomp://a:61613'])
})

test('a preferred broker that keeps dying during the switch is gone back to ever more rarely', async () => {
  const of = await onSecondChoice()
  of.transport.answer('a', 'accept')
  of.tenant.quiesce = async () => {
    of.transport.last.die()
    await Promise.resolve()
  }
  await of.clock.advance(120_000)
  const switches = of.events.filter(({ type }) => type === 'switching').length
  assert.ok(switches >= 3 && switches <= 10, `${switches} switches`)
  assert.equal(of.session.link, of.link)
})

test('a preferred broker that greets and confirms nothing is gone back to ever more rarely', async () => {
  const of = producerParts({ uri: URI })
  of.transport.onLink = (link) => {
    link.confirms = link.host === 'b'
  }
  of.session.open()
  await settled()
  for (let second = 0; second < 600; second++) {
    watch(of.producer.send(message(String(second))))
    await of.clock.advance(1000)
  }
  const switches = of.events.filter(({ type }) => type === 'switching').length
  assert.ok(switches > 3 && switches < 20, `${switches} switches`)
})
