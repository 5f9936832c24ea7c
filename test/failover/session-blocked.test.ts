import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parts, sessionOf } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { ScriptedTenant } from '../support/scripted-tenant.ts'

test('a broker that stops to read is told of once, to the tenants and in the status', async () => {
  const of = parts()
  const session = sessionOf(of)
  const tenant = new ScriptedTenant()
  session.attach(tenant)
  await session.connected()
  const { context } = of.transport.last
  context?.onBlocked('low on memory')
  context?.onBlocked('low on memory')
  context?.onBlocked(undefined)
  context?.onBlocked(undefined)
  const endpoint = 'stomp://a:61613'
  assert.deepEqual(tenant.heard, [`up ${endpoint}`, 'blocked', 'unblocked'])
  assert.deepEqual(of.events.slice(1), [
    { type: 'blocked', role: 'producer', endpoint, reason: 'low on memory' },
    { type: 'unblocked', role: 'producer', endpoint },
  ])
  await session.close(AbortSignal.abort())
})

test('a link that is blocked before it is up comes up blocked, and a later tenant hears of it', async () => {
  const of = parts()
  const session = sessionOf(of)
  const tenant = new ScriptedTenant()
  session.attach(tenant)
  of.transport.onLink = (link) => link.context?.onBlocked('low on disk')
  await session.connected()
  const late = new ScriptedTenant()
  session.attach(late)
  assert.deepEqual(tenant.heard, ['up stomp://a:61613', 'blocked'])
  assert.deepEqual(late.heard, ['up stomp://a:61613', 'blocked'])
  await session.close(AbortSignal.abort())
})

test('a word about a link that is gone concerns nobody', async () => {
  const of = parts()
  const session = sessionOf(of)
  const tenant = new ScriptedTenant()
  session.attach(tenant)
  await session.connected()
  const first = of.transport.last
  first.die()
  await settled()
  first.context?.onBlocked('low on memory')
  assert.ok(!tenant.heard.includes('blocked'))
  await session.close(AbortSignal.abort())
})
