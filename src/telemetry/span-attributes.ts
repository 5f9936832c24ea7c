import type { Destination } from '../transport/destination.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { IncomingMessage, OutgoingMessage } from '../transport/message.ts'
import { jobAttributes } from './job-attributes.ts'

type Attributes = Record<string, string | number | boolean>

/** What the conventions call the brokers behind a scheme. */
const SYSTEM_OF_SCHEME: Readonly<Record<string, string>> = {
  stomp: 'activemq',
  'stomp+ssl': 'activemq',
  amqp: 'rabbitmq',
  amqps: 'rabbitmq',
}

// Queues of one process, such as those for replies, are told apart by one.
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi

/** The span of an operation, such as `send orders`; the same for all destinations that differ in a UUID alone. */
export function spanName(operation: string, destination: Destination): string {
  return `${operation} ${templateOf(destinationName(destination))}`
}

/** The kind of an operation by the conventions, and the name that it has here. */
export function operationAttributes(type: 'send' | 'process' | 'settle', name: string): Attributes {
  return { 'messaging.operation.type': type, 'messaging.operation.name': name }
}

export function messageAttributes(
  message: Pick<OutgoingMessage | IncomingMessage, 'id' | 'body' | 'headers' | 'correlationId'>,
  destination: Destination,
): Attributes {
  const name = destinationName(destination)
  const template = templateOf(name)
  return {
    'messaging.destination.name': name,
    ...(template === name ? {} : { 'messaging.destination.template': template }),
    'messaging.message.id': message.id,
    'messaging.message.body.size': message.body.length,
    ...jobAttributes(message.headers),
    ...(message.correlationId === undefined ? {} : { 'messaging.message.conversation_id': message.correlationId }),
    ...(destination.kind === 'exchange'
      ? { 'messaging.rabbitmq.destination.routing_key': destination.routingKey }
      : {}),
  }
}

/** The kind of broker and where it is, out of `scheme://host:port`; a scheme of its own names itself. */
export function brokerAttributes(endpoint: RedactedEndpoint | undefined): Attributes {
  const parts = /^([^:]+):\/\/(.*?)(?::(\d+))?$/.exec(endpoint ?? '')
  if (!parts) return {}
  const [, scheme = '', host = '', port = '0'] = parts
  const system = { 'messaging.system': SYSTEM_OF_SCHEME[scheme] ?? scheme }
  // What runs in this process has no port.
  if (port === '0') return system
  return {
    ...system,
    'server.address': host.replace(/^\[(.*)\]$/, '$1'),
    'server.port': Number(port),
  }
}

function templateOf(name: string): string {
  return name.replace(UUID, '{id}')
}

/** Exchange and routing key are joined by a colon, as the conventions for RabbitMQ say. */
function destinationName(destination: Destination): string {
  return destination.kind === 'exchange' ? `${destination.name}:${destination.routingKey}` : destination.name
}
