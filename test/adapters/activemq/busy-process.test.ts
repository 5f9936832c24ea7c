import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as nextTimers } from 'node:timers/promises'
import { SILENT, type StompClient, stompitConnect } from '../../../adapters/activemq/driver.ts'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import type { Link } from '../../../src/transport/link.ts'
import { message } from '../../support/client-parts.ts'
import { scriptedBroker, type ScriptedBroker } from '../../support/stomp-peer.ts'
import { confirmAll, endpointAt, lossOf, never, soon } from './dialled.ts'

/** A link, and what its driver does when its timer finds that nothing was read. */
async function linkTo(broker: ScriptedBroker): Promise<{ readonly link: Link; readonly findSilent: () => void }> {
  const clients: StompClient[] = []
  const transport = activemqTransport((options, callback) => {
    const client = stompitConnect(options, callback)
    clients.push(client)
    return client
  })
  const link = await soon(transport.dial(endpointAt(broker.port), never), 'the link')
  return { link, findSilent: () => clients[0]?.destroy(new Error(SILENT)) }
}

test('a heart-beat that came while the process was busy counts, although it is not read yet', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    await confirmAll(peer)
  })
  const { link, findSilent } = await linkTo(broker)
  // In a timer, as the driver looks: what it finds there has not been read.
  setTimeout(() => {
    broker.peers[0]?.write('\n')
    findSilent()
  }, 0)
  await nextTimers()
  await soon(link.send(message('1'), 1), 'the confirm')
  await link.close(never)
})

test('a peer that has sent nothing by then is silent', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
  })
  const { link, findSilent } = await linkTo(broker)
  findSilent()
  assert.equal((await lossOf(link)).code, 'heartbeat-lost')
})
