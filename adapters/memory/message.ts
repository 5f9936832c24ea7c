import type { Destination } from '../../src/transport/destination.ts'
import type { IncomingMessage, OutgoingMessage } from '../../src/transport/message.ts'

/** What the broker keeps of a message. */
export interface StoredMessage {
  readonly message: OutgoingMessage
  readonly attempt: number
}

/** The message as it is now: what its sender changes later stays with the sender, as behind a socket. */
export function storeMessage(message: OutgoingMessage, attempt: number): StoredMessage {
  return { message: { ...message, body: Buffer.from(message.body), headers: { ...message.headers } }, attempt }
}

/** A copy for one receiver. A queue names itself as the destination, whatever was bound to it. */
export function readMessage(
  { message, attempt }: StoredMessage,
  consumed: Destination,
  redelivered: boolean,
): IncomingMessage {
  const { id, destination, body, contentType, headers, correlationId, replyTo } = message
  return {
    id,
    attempt,
    destination: consumed.kind === 'queue' ? consumed : destination,
    body: Buffer.from(body),
    contentType,
    headers: { ...headers },
    redelivered,
    correlationId,
    replyTo,
  }
}
