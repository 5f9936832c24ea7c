import { PROMOTION_MS } from './broker.ts'
import type { LockerConfiguration } from './jdbc-config.ts'
import { jdbcLab } from './jdbc-lab.ts'
import { lockConnection, lockHolder, startJdbcBroker, watchBrokers } from './jdbc-lock.ts'
import { rowLockPredictions } from './predictions.ts'
import type { LabKind } from '../lab.ts'

// ActiveMQ's and InnoDB's own defaults.
const TIMES = { lockAcquireSleepIntervalMs: 10_000, lockKeepAlivePeriodMs: 30_000, innodbLockWaitTimeoutMs: 50_000 }

/** The locker that ActiveMQ takes by itself, with its own times. */
export const rowLocker: LockerConfiguration = {
  element: `<database-locker lockAcquireSleepInterval="${TIMES.lockAcquireSleepIntervalMs}"/>`,
  lockKeepAlivePeriodMs: TIMES.lockKeepAlivePeriodMs,
  comment: "lockAcquireSleepInterval (10 s) and lockKeepAlivePeriod (30 s) are ActiveMQ's own defaults.",
}

/** Two ActiveMQ brokers on one MariaDB or MySQL: who holds the row lock of `ACTIVEMQ_LOCK` serves. */
export const activemqJdbc: LabKind = jdbcLab({
  lab: 'activemq-jdbc',
  description: 'two ActiveMQ brokers on one MariaDB or MySQL, whose row lock decides who serves',
  configuration: rowLocker,
  settings: { locker: 'database-locker', ...TIMES },
  // The standby waits in the database, then sleeps: a takeover is quick in the one and late in the other.
  slowestPeriodMs: TIMES.innodbLockWaitTimeoutMs + TIMES.lockAcquireSleepIntervalMs,
  slowestTakeoverMs: TIMES.lockAcquireSleepIntervalMs + PROMOTION_MS,
  slowestSettlingMs: TIMES.lockKeepAlivePeriodMs + TIMES.lockAcquireSleepIntervalMs + PROMOTION_MS,
  predictions: rowLockPredictions(TIMES),
  holder: lockHolder,
  holderConnections: lockConnection,
  lockKillSummary: 'KILL in the database to the connection that holds the lock',
  startBroker: startJdbcBroker,
  watch: watchBrokers,
})
