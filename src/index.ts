// The declarations name Buffer and AsyncDisposable, whatever the user's own settings load.
/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />

// Connecting
export { connect, type ConnectOptions } from './connect.ts'
export type { Connection, DeclareOptions } from './connection.ts'

// Sending
export type { SendOptions } from './producer/composer.ts'
export type { Payload } from './producer/payload.ts'
export type { Codec } from './transport/codec.ts'
export type { AttemptEnd, ProducerObserver } from './producer/producer.ts'

// Listening
export type { Delivery } from './listener/delivery.ts'
export { type DedupeStore, memoryDedupe, type MemoryDedupeOptions } from './listener/dedupe.ts'
export type { DeliveryStream } from './listener/delivery-stream.ts'
export type { DeliveryHandler, ErrorPolicy } from './listener/handler-pool.ts'
export type { Listener } from './listener/listener.ts'
export type { ListenOptions, StreamOptions } from './listener/options.ts'

// Requests and replies
export type { Gathering, ScatterSummary } from './request/gathering.ts'
export type { IncomingRequest, RequestHandler } from './request/incoming-request.ts'
export type { RequestCounts, RequestOptions, RespondingCounts, ScatterOptions } from './request/options.ts'
export type { Reply, ReplyKind } from './request/reply.ts'
export type { Responder, ResponderCounts, ResponderOptions } from './request/responder.ts'

// Jobs
export { type App, type AppOptions, createApp, type EnqueuedMany } from './jobs/app.ts'
export { defineJob } from './jobs/define-job.ts'
export type { EnqueueManyOptions, EnqueueOptions } from './jobs/enqueue-options.ts'
export { EnqueueManyError, type UnsentJob } from './jobs/enqueue-many.ts'
export type { Job, JobContext, JobOptions } from './jobs/job.ts'
export type { JobEvent, JobObserver } from './jobs/job-events.ts'
export { JobFailedError, type JobProgress } from './jobs/followed-job.ts'
export type { JobHandle, ResultOptions } from './jobs/job-handle.ts'
export type { Backoff, RetryOptions } from './jobs/retry-policy.ts'
export { bytesSerializer, jsonSerializer, type Serializer } from './jobs/serializer.ts'
export type { StandardSchema } from './jobs/standard-schema.ts'
export { replyResults, type ReplyResultsOptions } from './jobs/results/reply.ts'
export type { JobState, ResultAddress, Results, ResultsHost, ResultsSession } from './jobs/results/results.ts'
export type { ReplyHearer } from './request/requests.ts'

// Workers
export type { StopOptions, Worker, WorkerOptions } from './jobs/worker.ts'
export { tellWorkers, type WorkerCommand, type WorkersOptions, workersOf } from './jobs/worker/control.ts'
export type {
  SlotDescription,
  WorkerCounts,
  WorkerDescription,
  WorkerQueueDescription,
  WorkerState,
} from './jobs/worker/description.ts'
export { HeartbeatRegistry, type HeartbeatRegistryOptions, type HeardWorker } from './jobs/worker/heartbeat.ts'
export { memoryLedger, type MemoryLedgerOptions } from './jobs/ledger/memory.ts'

// Failed jobs: searched, sent back, collected
export type { ActorOption, ClearOptions, FailureDesk, LimitOption, SearchOptions } from './jobs/failures/desk.ts'
export type { CanaryOutcome } from './jobs/failures/requeue/canary.ts'
export type { CollectOptions, CollectOutcome } from './jobs/failures/collector.ts'
export type { FailureEdit } from './jobs/failures/edit.ts'
export type { ReconcileOptions, ReconcileOutcome } from './jobs/failures/requeue/reconciler.ts'
export type { OtherBroker, RequeueOptions, RequeueProgress } from './jobs/failures/requeue/options.ts'
export { RequeueError, type RequeueOutcome } from './jobs/failures/requeue/outcome.ts'

// Stores
export {
  type MysqlLedgerOptions,
  type MysqlOptions,
  type MysqlResultsOptions,
  mysqlFailures,
  mysqlLedger,
  mysqlResults,
  type SqliteFailuresOptions,
  type SqliteLedgerOptions,
  sqliteFailures,
  sqliteLedger,
  type SqliteResultsOptions,
  sqliteResults,
  type ValkeyResultsOptions,
  valkeyResults,
} from './stores.ts'
export { formatQuery } from './jobs/failures/query/format.ts'
export { parseQuery } from './jobs/failures/query/parser.ts'
export type { Comparison, ComparedField, FailureQuery, QueryField } from './jobs/failures/query/query.ts'
export type {
  AuditEntry,
  ClaimOptions,
  FailureGroup,
  FailureShare,
  FailureStore,
  FailureTally,
  FoundFailures,
  SearchPage,
  ReclaimOptions,
} from './jobs/failures/store.ts'
export type { AttemptRecord, Failure, FailureReason, FailureStatus, KeptFailure } from './jobs/failures/failure.ts'
export type { Ledger, LedgerEntry } from './jobs/ledger/ledger.ts'

// Watching
export type { LinkRole, StatusEvent } from './failover/status.ts'
export type { Logger } from './logger.ts'
export type { DeliveryObserver, DeliveryWatcher } from './listener/observer.ts'
export type { SendObserver } from './producer/observer.ts'
export type { ClientMetrics, ConnectionMetrics, SettlementEnd } from './telemetry/metrics.ts'
export type { ObservedConnection } from './telemetry/observed-connection.ts'
export type { ClientTracing, ConnectionTracing } from './telemetry/tracing.ts'

// What goes wrong
export {
  type ErrorCode,
  type FailedSendOutcome,
  RequestError,
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
export type { QueueState } from './transport/queue-state.ts'
export type { TlsSettings } from './transport/tls-settings.ts'
export type { QueueSettings, Topology } from './transport/topology.ts'
export type { DialContext, Transport } from './transport/transport.ts'
