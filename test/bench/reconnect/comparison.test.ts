import assert from 'node:assert/strict'
import test from 'node:test'
import { compare } from '../../../bench/reconnect/comparison.ts'
import type { KillTrial } from '../../../bench/reconnect/kill-trial.ts'
import type { Reconnect } from '../../../bench/reconnect/measure.ts'
import type { PeerName } from '../../../bench/reconnect/peer-process.ts'

function kill(listeningMs: number, firstConfirms: Partial<Record<PeerName, number>>): KillTrial {
  const peers = Object.entries(firstConfirms).map(([name, firstConfirmMs]): [string, Reconnect] => {
    const reconnect = { firstConfirmMs, lastConfirmMs: -1, gapMs: firstConfirmMs + 1 }
    return [name, { ...reconnect, lostMs: undefined, openMs: undefined, connectedMs: undefined, dials: undefined }]
  })
  return { trial: 1, node: 'a', standbyWaitedMs: 0, listeningMs, load: 0, peers: Object.fromEntries(peers) }
}

test('clients that shared a kill are compared within it', () => {
  const { claims, medians } = compare([
    kill(200, { bare: 240, ours: 250, java: 400 }),
    kill(7000, { bare: 7040, ours: 7080, java: 7060 }),
    kill(300, { bare: 340, ours: 345, java: 500 }),
  ])
  assert.deepEqual(
    claims.map(({ holds, medianMs, heldIn }) => ({ holds, medianMs, heldIn })),
    [
      { holds: true, medianMs: 10, heldIn: 2 },
      { holds: true, medianMs: 150, heldIn: 2 },
    ],
  )
  assert.equal(medians.bare?.firstConfirmMs, 340)
})

test('clients with kills of their own are compared from where the standby listened', () => {
  const { claims } = compare([
    kill(200, { bare: 240 }),
    kill(900, { ours: 971 }),
    kill(190, { java: 400 }),
    kill(500, { bare: 540 }),
    kill(180, { ours: 251 }),
    kill(200, { java: 410 }),
  ])
  assert.deepEqual(
    claims.map(({ holds, medianMs, heldIn }) => ({ holds, medianMs, heldIn })),
    [
      { holds: false, medianMs: 31, heldIn: undefined },
      { holds: true, medianMs: 139, heldIn: undefined },
    ],
  )
})

test('a claim about a client that was left out is not judged', () => {
  const { claims } = compare([kill(200, { bare: 240, ours: 250 })])
  assert.deepEqual(
    claims.map(({ holds }) => holds),
    [true, undefined],
  )
})
