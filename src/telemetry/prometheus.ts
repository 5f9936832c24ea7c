import { Counter, Gauge, Histogram, register as defaultRegister } from 'prom-client'
import type { LinkRole, StatusEvent } from '../failover/status.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import type { ClientMetrics, ConnectionMetrics, SettlementEnd } from './metrics.ts'
import type { ObservedConnection } from './observed-connection.ts'
import { namesIn, type PrometheusRegister } from './prometheus-names.ts'

export type { JobSources, SeenWorker } from './job-sources.ts'
export { type PrometheusJobMetrics, prometheusJobMetrics, type PrometheusJobMetricsOptions } from './prometheus-jobs.ts'
export type { PrometheusRegister } from './prometheus-names.ts'
export { type MetricsText, metricsText } from './prometheus-text.ts'

/** How the metrics are named, and how finely durations are counted. */
export interface PrometheusMetricsOptions {
  /** What every name begins with. Defaults to `understudy_`. */
  readonly prefix?: string
  /** Upper bounds in seconds for the durations of sends and handlers. Defaults to 0.0005 to 60. */
  readonly durationBuckets?: readonly number[]
  /** Upper bounds in seconds for the duration of an outage. Defaults to 0.01 to 600. */
  readonly failoverBuckets?: readonly number[]
}

const OPTIONS: NamesOf<PrometheusMetricsOptions> = { prefix: true, durationBuckets: true, failoverBuckets: true }
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const FAILOVER_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const OUTCOMES = ['confirmed', 'rejected', 'returned', 'not-sent', 'unknown'] as const
const SETTLEMENTS: readonly SettlementEnd[] = ['ack', 'reject', 'requeue', 'stale', 'failed']

/**
 * Counters, gauges and histograms of prom-client for `connect(uri, { metrics })`. One such object serves
 * any number of connections, whose values are added up. No label holds an id, a text of an error or a
 * destination; `broker` is an endpoint of the URI's list.
 *
 * `register` defaults to prom-client's own.
 *
 * @throws UnderstudyError `invalid-option`, also when the register has metrics of these names already.
 */
export function prometheusMetrics(
  register: PrometheusRegister = defaultRegister,
  options: PrometheusMetricsOptions = {},
): ClientMetrics {
  checkNames('prometheusMetrics', options, OPTIONS)
  const open = new Set<ObservedConnection>()
  const metrics = createMetrics(register, options, open)
  for (const outcome of OUTCOMES) metrics.sent.inc({ outcome }, 0)
  for (const settlement of SETTLEMENTS) metrics.settled.inc({ settlement }, 0)
  for (const redelivered of ['false', 'true']) metrics.delivered.inc({ redelivered }, 0)
  for (const result of ['ok', 'error']) metrics.handlerDuration.zero({ result })
  return {
    open(connection) {
      open.add(connection)
      return connectionMetrics(metrics, connection, () => open.delete(connection))
    },
  }
}

type Metrics = ReturnType<typeof createMetrics>

function createMetrics(
  register: PrometheusRegister,
  options: PrometheusMetricsOptions,
  open: ReadonlySet<ObservedConnection>,
): {
  readonly connected: Gauge<'broker' | 'role'>
  readonly blocked: Gauge<'broker' | 'role'>
  readonly failovers: Counter<'role'>
  readonly outage: Histogram<'role'>
  readonly dialFailures: Counter<'broker' | 'code'>
  readonly retries: Counter
  readonly sent: Counter<'outcome'>
  readonly sendDuration: Histogram
  readonly delivered: Counter<'redelivered'>
  readonly handlerDuration: Histogram<'result'>
  readonly settled: Counter<'settlement'>
  readonly duplicates: Counter
  readonly cancelled: Counter
  /** What appears with its first value has not grown in the eyes of Prometheus: it is there with 0 before that. */
  readonly begin: (role: LinkRole) => void
} {
  const { prefix = 'understudy_', durationBuckets = DURATION_BUCKETS, failoverBuckets = FAILOVER_BUCKETS } = options
  const own = namesIn(register, prefix, 'give one prometheusMetrics() to every connection')
  const sum = (read: (connection: ObservedConnection) => number): number =>
    [...open].reduce((total, connection) => total + read(connection), 0)
  const gaugeOf = (name: string, help: string, read: (connection: ObservedConnection) => number): void => {
    const gauge: Gauge = new Gauge({ ...own(name, help), collect: () => gauge.set(sum(read)) })
  }
  gaugeOf('pending_sends', 'Sends that no broker has confirmed yet.', ({ pendingSends }) => pendingSends())
  gaugeOf('unsettled_deliveries', 'Deliveries in hand that are not settled.', ({ unsettledDeliveries }) =>
    unsettledDeliveries(),
  )
  const failovers = new Counter(
    own('broker_failovers_total', 'Links that came up again after a loss or a switch.', 'role'),
  )
  const outage = new Histogram({
    ...own('failover_duration_seconds', 'From the loss of a link to the next one.', 'role'),
    buckets: [...failoverBuckets],
  })
  const begun = new Set<LinkRole>()
  return {
    failovers,
    outage,
    begin: (role) => {
      // To zero is to forget: what another connection counted stays.
      if (begun.has(role)) return
      begun.add(role)
      failovers.inc({ role }, 0)
      outage.zero({ role })
    },
    connected: new Gauge(own('broker_connected', 'Links that are up to a broker.', 'broker', 'role')),
    blocked: new Gauge(own('broker_blocked', 'Links from which a broker reads nothing for now.', 'broker', 'role')),
    dialFailures: new Counter(
      own('broker_dial_failures_total', 'Attempts to connect that failed, by error code.', 'broker', 'code'),
    ),
    retries: new Counter(own('publish_retries_total', 'Attempts of messages after the first one.')),
    sent: new Counter(own('messages_sent_total', 'Sends that have ended, by what is known of them.', 'outcome')),
    sendDuration: new Histogram({
      ...own('send_duration_seconds', 'From the call of a send to the confirm of a broker.'),
      buckets: [...durationBuckets],
    }),
    delivered: new Counter(
      own('messages_delivered_total', 'Messages that came into the hands of a handler.', 'redelivered'),
    ),
    handlerDuration: new Histogram({
      ...own('handler_duration_seconds', 'From the call of a handler to its end.', 'result'),
      buckets: [...durationBuckets],
    }),
    settled: new Counter(own('messages_settled_total', 'Deliveries that have ended, by how.', 'settlement')),
    duplicates: new Counter(own('duplicates_skipped_total', 'Copies of finished messages kept from the handlers.')),
    cancelled: new Counter(own('subscriptions_cancelled_total', 'Subscriptions that a broker ended by itself.')),
  }
}

/** What of one connection must be remembered to keep the gauges right. */
interface LinkState {
  broker: RedactedEndpoint | undefined
  blocked: boolean
  interrupted: boolean
}

function connectionMetrics(metrics: Metrics, connection: ObservedConnection, forget: () => void): ConnectionMetrics {
  const links = new Map<LinkRole, LinkState>()
  const linkOf = (role: LinkRole): LinkState => {
    let state = links.get(role)
    if (!state) {
      state = { broker: undefined, blocked: false, interrupted: false }
      links.set(role, state)
      metrics.begin(role)
      for (const broker of connection.brokers) {
        metrics.connected.inc({ broker, role }, 0)
        metrics.blocked.inc({ broker, role }, 0)
      }
    }
    return state
  }
  const down = (role: LinkRole): void => {
    const state = linkOf(role)
    if (state.broker === undefined) return
    metrics.connected.dec({ broker: state.broker, role })
    if (state.blocked) metrics.blocked.dec({ broker: state.broker, role })
    state.broker = undefined
    state.blocked = false
  }
  const up = (role: LinkRole, broker: RedactedEndpoint): LinkState => {
    down(role)
    metrics.connected.inc({ broker, role })
    const state = linkOf(role)
    state.broker = broker
    return state
  }
  const status = (event: StatusEvent): void => {
    const { role } = event
    switch (event.type) {
      case 'connected':
        up(role, event.endpoint)
        return
      case 'resumed': {
        const state = up(role, event.endpoint)
        metrics.failovers.inc({ role })
        // A switch to a preferred broker is no outage.
        if (state.interrupted) metrics.outage.observe({ role }, event.outageMs / 1000)
        state.interrupted = false
        return
      }
      case 'interrupted':
        down(role)
        linkOf(role).interrupted = true
        return
      case 'attempt-failed':
        linkOf(role)
        metrics.dialFailures.inc({ broker: event.endpoint, code: event.error.code })
        return
      case 'blocked':
      case 'unblocked': {
        const state = linkOf(role)
        const blocked = event.type === 'blocked'
        if (state.broker === undefined || state.blocked === blocked) return
        state.blocked = blocked
        metrics.blocked.inc({ broker: state.broker, role }, blocked ? 1 : -1)
        return
      }
      case 'cancelled':
        metrics.cancelled.inc()
        return
      case 'closed':
        down(role)
        return
      // A listener of its own may fail while the link serves others; a lost link was told before.
      case 'failed':
      case 'reconnecting':
      case 'subscribed':
      case 'switching':
        return
    }
  }
  return {
    status,
    sendEnded(outcome, durationMs) {
      metrics.sent.inc({ outcome })
      if (outcome === 'confirmed') metrics.sendDuration.observe(durationMs / 1000)
    },
    sendRetried: () => metrics.retries.inc(),
    delivered: (redelivered) => metrics.delivered.inc({ redelivered: redelivered ? 'true' : 'false' }),
    handled: (threw, durationMs) =>
      metrics.handlerDuration.observe({ result: threw ? 'error' : 'ok' }, durationMs / 1000),
    settled: (settlement) => metrics.settled.inc({ settlement }),
    duplicate: () => metrics.duplicates.inc(),
    closed() {
      for (const role of links.keys()) down(role)
      forget()
    },
  }
}
