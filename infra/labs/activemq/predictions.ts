import type { Prediction } from '../../../src/drill/fault.ts'
import { PROMOTION_MS } from './broker.ts'
import { seconds, untilHealed } from '../../prediction.ts'

/** What decides how long a pair of ActiveMQ brokers takes to hand over, by their own settings in milliseconds. */
export interface LockTimes {
  /** Between two attempts of a standby to get the lock; the lease locker's lease is as long. */
  readonly lockAcquireSleepIntervalMs: number
  /** From one look of the master at its lock to the next; 0 is never. */
  readonly lockKeepAlivePeriodMs: number
}

const PROMOTION = `a promotion is given ${seconds(PROMOTION_MS)}`

/** Of a lock that is free in the moment that its holder's process is gone. */
function freedLockPredictions(times: LockTimes, standby: string): Readonly<Record<string, Prediction>> {
  const { lockAcquireSleepIntervalMs: sleepMs } = times
  const freed: Prediction = {
    lowerMs: 0,
    upperMs: sleepMs + PROMOTION_MS,
    because: `${standby} lockAcquireSleepInterval, ${seconds(sleepMs)}; ${PROMOTION}`,
  }
  return {
    kill: freed,
    stop: freed,
    pause: untilHealed('a stopped process keeps its lock, and no setting ends that'),
  }
}

/** Of the row lock in a database. */
export function rowLockPredictions(
  times: LockTimes & { readonly innodbLockWaitTimeoutMs: number },
): Readonly<Record<string, Prediction>> {
  const { lockAcquireSleepIntervalMs: sleepMs, lockKeepAlivePeriodMs: keepAliveMs, innodbLockWaitTimeoutMs } = times
  const waits = `the standby waits for the row lock, ${seconds(innodbLockWaitTimeoutMs)} at a time (innodb_lock_wait_timeout), and between two waits sleeps`
  const noticed = `a master whose lock is lost finds that out by its next look, lockKeepAlivePeriod, ${seconds(keepAliveMs)}`
  const sleeps = `the standby may just sleep lockAcquireSleepInterval, ${seconds(sleepMs)}`
  return {
    ...freedLockPredictions(times, waits),
    'lock-kill': {
      lowerMs: 0,
      upperMs: sleepMs + PROMOTION_MS,
      because: `${noticed}, and confirms jobs until then; ${sleeps}; ${PROMOTION}`,
    },
    'db-restart': {
      lowerMs: 0,
      upperMs: keepAliveMs + sleepMs + PROMOTION_MS,
      because: `${noticed}, and may confirm nothing until then; ${sleeps}; ${PROMOTION}`,
    },
    'db-pause': databasePaused(),
  }
}

/** Of the lock on a file in a directory that is shared. */
export function fileLockPredictions(times: LockTimes): Readonly<Record<string, Prediction>> {
  const { lockAcquireSleepIntervalMs: sleepMs, lockKeepAlivePeriodMs: keepAliveMs } = times
  const serves =
    keepAliveMs === 0
      ? 'the master never looks at its lock again (lockKeepAlivePeriod is 0) and confirms jobs until it is ended'
      : `the master looks at its lock every ${seconds(keepAliveMs)} (lockKeepAlivePeriod)`
  return {
    ...freedLockPredictions(times, 'the standby tries the lock every'),
    'lock-file-delete': {
      lowerMs: 0,
      upperMs: sleepMs + PROMOTION_MS,
      because: `${serves}; the standby locks a new file within lockAcquireSleepInterval, ${seconds(sleepMs)}; ${PROMOTION}`,
    },
  }
}

/** Of a lease in a database. */
export function leasePredictions(times: LockTimes): Readonly<Record<string, Prediction>> {
  const { lockAcquireSleepIntervalMs: sleepMs, lockKeepAlivePeriodMs: keepAliveMs } = times
  const polled = `the standby asks every ${seconds(sleepMs)} (lockAcquireSleepInterval)`
  const lease = `a lease of ${seconds(sleepMs)} (lockAcquireSleepInterval) that is renewed every ${seconds(keepAliveMs)} (lockKeepAlivePeriod) runs on for ${seconds(sleepMs - keepAliveMs)} to ${seconds(sleepMs)} without its holder`
  const expires = { lowerMs: sleepMs - keepAliveMs, upperMs: sleepMs + sleepMs + PROMOTION_MS }
  return {
    kill: { ...expires, because: `${lease}; ${polled}; ${PROMOTION}` },
    stop: {
      lowerMs: 0,
      upperMs: sleepMs + PROMOTION_MS,
      because: `a broker that is asked to stop gives its lease up, but ${polled}; ${PROMOTION}`,
    },
    pause: { ...expires, because: `${lease}; ${polled}; ${PROMOTION}; less when it goes on before` },
    'lock-kill': {
      lowerMs: 0,
      upperMs: sleepMs + sleepMs + PROMOTION_MS,
      because: `the lease outlives its holder's connections, and is renewed over new ones within ${seconds(keepAliveMs)} (lockKeepAlivePeriod); should that fail it runs out after ${seconds(sleepMs)}, and ${polled}; ${PROMOTION}`,
    },
    'db-restart': {
      lowerMs: 0,
      upperMs: sleepMs + sleepMs + PROMOTION_MS,
      because: `the lease is a row and outlives the restart; its holder renews it every ${seconds(keepAliveMs)} (lockKeepAlivePeriod); should that fail it runs out after ${seconds(sleepMs)}, and ${polled}; ${PROMOTION}`,
    },
    'db-pause': databasePaused(),
  }
}

function databasePaused(): Prediction {
  return untilHealed('every job is stored in the database before it is confirmed, and no setting bounds its silence')
}
