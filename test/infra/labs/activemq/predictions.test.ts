import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PROMOTION_MS } from '../../../../infra/labs/activemq/broker.ts'
import {
  fileLockPredictions,
  leasePredictions,
  rowLockPredictions,
} from '../../../../infra/labs/activemq/predictions.ts'

type Predictions = ReturnType<typeof leasePredictions>

function bounds(predictions: Predictions): Record<string, [number, number | null]> {
  return Object.fromEntries(
    Object.entries(predictions).map(([fault, { lowerMs, upperMs }]) => [fault, [lowerMs, upperMs]]),
  )
}

describe('what ActiveMQ’s settings say of a takeover', () => {
  it('is up to the standby’s sleep and the promotion, where a row lock is freed with its holder', () => {
    const predictions = rowLockPredictions({
      lockAcquireSleepIntervalMs: 4000,
      lockKeepAlivePeriodMs: 7000,
      innodbLockWaitTimeoutMs: 50_000,
    })
    assert.deepEqual(bounds(predictions), {
      kill: [0, 4000 + PROMOTION_MS],
      stop: [0, 4000 + PROMOTION_MS],
      pause: [0, null],
      'lock-kill': [0, 4000 + PROMOTION_MS],
      'db-restart': [0, 11_000 + PROMOTION_MS],
      'db-pause': [0, null],
    })
    assert.match(predictions['kill']?.because ?? '', /50 s.*lockAcquireSleepInterval, 4 s/)
    assert.match(predictions['db-restart']?.because ?? '', /lockKeepAlivePeriod, 7 s/)
  })

  it('begins with what is left of a lease, and ends a poll after its end', () => {
    const predictions = leasePredictions({ lockAcquireSleepIntervalMs: 10_000, lockKeepAlivePeriodMs: 4000 })
    assert.deepEqual(bounds(predictions), {
      kill: [6000, 20_000 + PROMOTION_MS],
      stop: [0, 10_000 + PROMOTION_MS],
      pause: [6000, 20_000 + PROMOTION_MS],
      'lock-kill': [0, 20_000 + PROMOTION_MS],
      'db-restart': [0, 20_000 + PROMOTION_MS],
      'db-pause': [0, null],
    })
    assert.match(predictions['kill']?.because ?? '', /runs on for 6 s to 10 s/)
  })

  it('is up to the standby’s poll where a file is locked, and tells a master that never looks from one that does', () => {
    const never = fileLockPredictions({ lockAcquireSleepIntervalMs: 3000, lockKeepAlivePeriodMs: 0 })
    assert.deepEqual(bounds(never)['lock-file-delete'], [0, 3000 + PROMOTION_MS])
    assert.match(never['lock-file-delete']?.because ?? '', /never looks at its lock again/)
    const looks = fileLockPredictions({ lockAcquireSleepIntervalMs: 3000, lockKeepAlivePeriodMs: 2000 })
    assert.match(looks['lock-file-delete']?.because ?? '', /looks at its lock every 2 s/)
  })
})
