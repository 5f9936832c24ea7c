import { jdbcLab } from './jdbc-lab.ts'
import { PROMOTION_MS } from './broker.ts'
import { leaseConnections, leaseHolder, startLeaseBroker, watchLeases } from './lease.ts'
import { leasePredictions } from './predictions.ts'
import type { LabKind } from '../lab.ts'

// ActiveMQ's own defaults let a lease run out: it is renewed every 30 s and lasts 10 s.
const TIMES = { lockAcquireSleepIntervalMs: 10_000, lockKeepAlivePeriodMs: 5000 }
const LEASE_MS = TIMES.lockAcquireSleepIntervalMs

/** Two ActiveMQ brokers on one MariaDB or MySQL: whose name stands in `ACTIVEMQ_LOCK`, and how long, decides. */
export const activemqJdbcLease: LabKind = jdbcLab({
  lab: 'activemq-jdbc-lease',
  description: 'two ActiveMQ brokers on one MariaDB or MySQL, where a lease that is renewed decides who serves',
  configuration: {
    element: `<lease-database-locker lockAcquireSleepInterval="${TIMES.lockAcquireSleepIntervalMs}"/>`,
    lockKeepAlivePeriodMs: TIMES.lockKeepAlivePeriodMs,
    comment: 'The lease lasts lockAcquireSleepInterval. ActiveMQ would renew it every 30 s, which is too late.',
    verbose: 'org.apache.activemq.store.jdbc.LeaseDatabaseLocker',
  },
  settings: { locker: 'lease-database-locker', ...TIMES },
  slowestPeriodMs: TIMES.lockAcquireSleepIntervalMs,
  slowestTakeoverMs: LEASE_MS + TIMES.lockAcquireSleepIntervalMs + PROMOTION_MS,
  slowestSettlingMs: LEASE_MS + TIMES.lockAcquireSleepIntervalMs + PROMOTION_MS,
  predictions: leasePredictions(TIMES),
  holder: leaseHolder,
  holderConnections: leaseConnections,
  lockKillSummary: 'KILL in the database to every connection of the broker that holds the lease',
  startBroker: startLeaseBroker,
  watch: async (folder, _isGone, onMarker) => await watchLeases(folder, onMarker),
})
