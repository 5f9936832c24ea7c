import assert from 'node:assert/strict'
import type { Frame } from '../../../infra/embedded/stomp/frames.ts'
import type { StompPeer } from '../../support/stomp-peer.ts'

/** The client is owed one ERROR frame, nothing after it, and the end of the connection. */
export async function oneErrorAndClose(client: StompPeer, message: RegExp): Promise<Frame> {
  const error = await client.next('ERROR')
  assert.match(error.headers['message'] ?? '', message)
  await client.closed
  assert.deepEqual(client.pending('ERROR'), [])
  return error
}

/** The client is owed one ERROR frame, and the connection goes on. */
export async function oneError(client: StompPeer, message: RegExp): Promise<Frame> {
  const error = await client.next('ERROR')
  assert.match(error.headers['message'] ?? '', message)
  await client.roundTrip()
  assert.deepEqual(client.pending('ERROR'), [])
  return error
}
