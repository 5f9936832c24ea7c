import assert from 'node:assert/strict'
import test from 'node:test'
import type { PeerEvent } from '../../../bench/peers/peer.ts'
import { reconnectOf } from '../../../bench/reconnect/measure.ts'

function told(event: PeerEvent['event'], at: number, link: number, dials?: number): PeerEvent {
  return { event, at, link, ...(dials === undefined ? {} : { dials }) }
}

const KILLED_AT = 1000

test('the steps of a reconnect are milliseconds after the kill, and the gap lies between the confirms', () => {
  const events = [
    told('confirm', 980, 1),
    told('confirm', 990, 1),
    told('lost', 1005, 1),
    told('open', 1200, 2, 40),
    told('connected', 1230, 2),
    told('confirm', 1240, 2),
    told('confirm', 1250, 2),
  ]
  assert.deepEqual(reconnectOf(events, KILLED_AT), {
    lastConfirmMs: -10,
    lostMs: 5,
    openMs: 200,
    connectedMs: 230,
    firstConfirmMs: 240,
    gapMs: 250,
    dials: 40,
  })
})

test('a confirm that was on its way at the kill ends nothing', () => {
  const events = [told('confirm', 990, 1), told('confirm', 1001, 1), told('confirm', 1240, 2)]
  const reconnect = reconnectOf(events, KILLED_AT)
  assert.equal(reconnect?.lastConfirmMs, 1)
  assert.equal(reconnect?.firstConfirmMs, 240)
  assert.equal(reconnect?.gapMs, 239)
})

test('a connection that the dying broker took and reset is not the one to the standby', () => {
  const events = [
    told('confirm', 990, 1),
    told('open', 1004, 2, 2),
    told('open', 1200, 2, 40),
    told('connected', 1230, 2),
    told('confirm', 1240, 2),
    told('open', 1300, 2, 1),
  ]
  const reconnect = reconnectOf(events, KILLED_AT)
  assert.equal(reconnect?.openMs, 200)
  assert.equal(reconnect?.dials, 40)
})

test('without a confirm on another link there is nothing to measure yet', () => {
  assert.equal(reconnectOf([], KILLED_AT), undefined)
  assert.equal(reconnectOf([told('confirm', 990, 1), told('connected', 1200, 2)], KILLED_AT), undefined)
  assert.equal(reconnectOf([told('confirm', 1240, 2)], KILLED_AT), undefined)
})
