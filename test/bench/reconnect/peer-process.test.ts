import assert from 'node:assert/strict'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { reconnectOf } from '../../../bench/reconnect/measure.ts'
import { type PeerName, type PeerProcess, startPeer } from '../../../bench/reconnect/peer-process.ts'
import { sleep, systemClock } from '../../../src/clock.ts'
import { freePorts } from '../../../infra/labs/free-ports.ts'
import { scriptedBroker, type StompPeer } from '../../support/stomp-peer.ts'

const DEADLINE_MS = 20_000

/** Confirms every job, and the goodbye. */
async function serve(peer: StompPeer): Promise<void> {
  await peer.acceptConnect()
  for (;;) peer.confirm(await peer.next((frame) => frame.headers['receipt'] !== undefined))
}

function start(name: PeerName, script: string, ports: readonly number[]): PeerProcess {
  return startPeer(name, {
    file: process.execPath,
    args: [fileURLToPath(new URL(`../../../bench/peers/${script}`, import.meta.url))],
    settings: {
      brokers: ports.map((port) => ({ host: '127.0.0.1', port })),
      username: 'user',
      password: 'secret',
      queue: 'jobs',
      periodMs: 1,
      bodyBytes: 10,
      options: 'randomize=false',
    },
  })
}

async function until(peer: PeerProcess, seen: () => boolean): Promise<void> {
  const deadline = systemClock.now() + DEADLINE_MS
  while (!seen()) {
    assert.ok(systemClock.now() < deadline, `not seen in time: ${JSON.stringify(peer.events.slice(-3))}`)
    await Promise.race([sleep(systemClock, 5), peer.failed])
  }
}

for (const [name, script] of [
  ['bare', 'bare-socket.ts'],
  ['ours', 'understudy-client.ts'],
] as const) {
  test(`the ${name} client tells its way from a lost broker to the other one, and leaves when told to`, async () => {
    const [first = 0, second = 0] = await freePorts(2)
    const broker = await scriptedBroker(serve, first)
    const peer = start(name, script, [first, second])
    try {
      await until(peer, () => peer.events.filter(({ event }) => event === 'confirm').length >= 3)
      const lostAt = peer.events.at(-1)?.at ?? 0
      await broker.close()
      await until(peer, () => peer.events.some(({ event }) => event === 'lost'))
      await using standby = await scriptedBroker(serve, second)
      await until(peer, () => reconnectOf(peer.events, lostAt) !== undefined)
      assert.equal(standby.peers.length, 1)
      const reconnect = reconnectOf(peer.events, lostAt)
      assert.ok(reconnect?.openMs !== undefined && reconnect.connectedMs !== undefined)
      assert.ok(reconnect.openMs <= reconnect.connectedMs && reconnect.connectedMs <= reconnect.firstConfirmMs)
      assert.ok((reconnect.dials ?? 0) >= 1)
      assert.equal(await peer.stop(), 'code 0')
    } finally {
      await peer.stop()
      await broker.close()
    }
  })
}

test('a client that ends unasked is told with its last words', async () => {
  const peer = startPeer('ours', {
    file: process.execPath,
    args: ['-e', 'process.stderr.write("no luck\\n"); process.exitCode = 3'],
    settings: { brokers: [], username: '', password: '', queue: '', periodMs: 1, bodyBytes: 1, options: '' },
  })
  await assert.rejects(peer.failed, /the ours client ended with code 3: no luck/)
  await peer.stop()
})
