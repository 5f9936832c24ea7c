import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionOf, parts, sessionOf } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'

test('a session that is told to hurry tries the list at once, and no dial is lost or doubled', async () => {
  const of = parts({
    uri: 'failover:(stomp://a)?jitter=0&initialReconnectDelay=60000&maxReconnectDelay=60000&reconnectDelayShare=1',
  })
  of.transport.answer('a', 'refuse')
  const session = sessionOf(of)
  session.open()
  await settled()
  assert.equal(of.transport.dialled.length, 1)
  session.hurry()
  await settled()
  assert.equal(of.transport.dialled.length, 2)
  await of.clock.advance(59_999)
  assert.equal(of.transport.dialled.length, 2)
  await of.clock.advance(1)
  assert.equal(of.transport.dialled.length, 3)
  await session.close(AbortSignal.abort())
  session.hurry()
  await settled()
  assert.equal(of.transport.dialled.length, 3)
  assert.equal(of.clock.pending, 0)
})

test('when one link of a connection is back after a long outage, the other does not wait its own delay', async () => {
  const of = parts({ uri: 'failover:(stomp://a)?jitter=0' })
  const connection = connectionOf(of)
  const listener = connection.listen('jobs', () => {})
  await listener.ready
  const [listening] = of.transport.links
  await connection.connected()
  const sending = of.transport.last
  of.transport.answer('a', 'refuse')
  listening?.die()
  await of.clock.advance(600_000)
  // The other link is lost ten minutes later, and looks around far more often.
  of.transport.answer('a', 'accept')
  sending.die()
  await settled()
  const resumed = of.transport.links.slice(2)
  assert.equal(resumed.length, 2, 'both are back without any time having passed')
  await connection.close()
})
