// The declarations name Buffer and AsyncDisposable, whatever the user's own settings load.
/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />

// Connecting
export { connect, type ConnectOptions } from './connect.ts'
export type { Connection, DeclareOptions, SendOptions } from './connection.ts'

// Sending
export type { Payload } from './producer/payload.ts'
export type { AttemptEnd, ProducerObserver } from './producer/producer.ts'

// Listening
export type { Delivery } from './listener/delivery.ts'
export type { DeliveryHandler, Listener, ListenOptions } from './listener/listener.ts'

// Watching
export type { LinkRole, StatusEvent } from './failover/status.ts'
export type { Logger } from './logger.ts'

// What goes wrong
export {
  type ErrorCode,
  type FailedSendOutcome,
  SendError,
  StaleDeliveryError,
  UnderstudyError,
} from './errors.ts'

// Writing an adapter
export type { Clock, Random, Timer } from './clock.ts'
export type { Capabilities } from './transport/capabilities.ts'
export type { Destination } from './transport/destination.ts'
export type { Endpoint, RedactedEndpoint } from './transport/endpoint.ts'
export type {
  DeliverySink,
  Link,
  LinkClosed,
  LinkDelivery,
  Settlement,
  SubscribeOptions,
  Subscription,
} from './transport/link.ts'
export type { IncomingMessage, OutgoingMessage } from './transport/message.ts'
export type { TlsSettings } from './transport/tls-settings.ts'
export type { QueueSettings, Topology } from './transport/topology.ts'
export type { DialContext, Transport } from './transport/transport.ts'
