import assert from 'node:assert/strict'
import { rabbitmqTransport } from '../../../adapters/rabbitmq/transport.ts'
import type { UnderstudyError } from '../../../src/errors.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import type { Endpoint } from '../../../src/transport/endpoint.ts'
import type { Link } from '../../../src/transport/link.ts'
import type { DialContext } from '../../../src/transport/transport.ts'
import { type AmqpPeer, scriptedAmqpBroker } from '../../support/amqp-peer.ts'
import { Inbox, never, soon, until } from '../activemq/dialled.ts'

/** An endpoint on this machine; `query` as in an inner URI, `path` with its slash. */
export function endpointAt(port: number, query = 'heartbeat=0', credentials = '', path = ''): Endpoint {
  const [endpoint] = parseFailoverUri(`amqp://${credentials}127.0.0.1:${port}${path}?${query}`).endpoints
  assert.ok(endpoint)
  return endpoint
}

export function dialAt(port: number, query?: string, context?: DialContext): Promise<Link> {
  return soon(rabbitmqTransport().dial(endpointAt(port, query), never, context), 'the link')
}

/** Collects deliveries, and why the broker ended them. */
export class Box extends Inbox {
  readonly cancels: UnderstudyError[] = []

  override cancelled(reason?: UnderstudyError): void {
    if (reason) this.cancels.push(reason)
  }

  async cancel(): Promise<UnderstudyError> {
    await until(() => this.cancels.length > 0, 'the end of the subscription')
    const [reason] = this.cancels
    assert.ok(reason)
    return reason
  }
}

export interface Linked extends AsyncDisposable {
  readonly link: Link
  readonly peer: AmqpPeer
}

/** A link to a broker that answers questions, and whose only connection plays `script` from its handshake on. */
export async function linked(
  script: (peer: AmqpPeer) => Promise<void> | void,
  query?: string,
  context?: DialContext,
): Promise<Linked> {
  const broker = await scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    peer.answerQuestions()
    await script(peer)
  })
  const link = await dialAt(broker.port, query, context)
  const [peer] = broker.peers
  assert.ok(peer)
  return {
    link,
    peer,
    async [Symbol.asyncDispose]() {
      await link.close(AbortSignal.abort())
      await broker.close()
    },
  }
}
