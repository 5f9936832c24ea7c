import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { settingsFindings } from '../../../src/drill/doctor/settings-findings.ts'
import { findingOf, wrongsOf } from '../../support/findings.ts'

const LEASE = { locker: 'lease-database-locker' }

describe("the brokers' settings", () => {
  it("with a lease and JDBC's own defaults make two masters, and the advice names a keepalive that does not", () => {
    const found = findingOf(settingsFindings(LEASE), 'keepalive-not-below-lease')
    assert.equal(found.severity, 'problem')
    assert.equal(found.is, 'The lease lasts 10 s and is renewed every 30 s.')
    assert.match(found.why ?? '', /for up to 20 s/)
    assert.match(found.advice ?? '', /half of it, 5000/)
  })

  it('with a keepalive that equals the lease are no better', () => {
    const settings = { ...LEASE, lockAcquireSleepIntervalMs: 5000, lockKeepAlivePeriodMs: 5000 }
    assert.match(findingOf(settingsFindings(settings), 'keepalive-not-below-lease').why ?? '', /slow database/)
  })

  it('with a lease that is never renewed make two masters too', () => {
    const settings = { ...LEASE, lockKeepAlivePeriodMs: 0 }
    assert.deepEqual(wrongsOf(settingsFindings(settings)), ['problem keepalive-off', 'warning long-lease'])
  })

  it('with a keepalive below a long lease are safe and slow', () => {
    const settings = { ...LEASE, lockAcquireSleepIntervalMs: 10_000, lockKeepAlivePeriodMs: 5000 }
    assert.deepEqual(wrongsOf(settingsFindings(settings)), ['warning long-lease'])
    const quick = { ...settings, lockAcquireSleepIntervalMs: 2000, lockKeepAlivePeriodMs: 1000 }
    assert.deepEqual(wrongsOf(settingsFindings(quick)), [])
  })

  it("with ActiveMQ's database lock take over at once or late, and say in which share of the cases", () => {
    const found = findingOf(settingsFindings({ locker: 'database-locker' }), 'lock-sleep')
    assert.match(found.why ?? '', /0\.2 s .* 10 s in the 17 %/)
    const quick = { locker: 'database-locker', lockAcquireSleepIntervalMs: 500 }
    assert.deepEqual(wrongsOf(settingsFindings(quick)), [])
  })

  it('with a shared file tell how often the standby looks', () => {
    const file = { locker: 'shared-file-locker', lockAcquireSleepIntervalMs: 10_000 }
    assert.deepEqual(wrongsOf(settingsFindings(file)), ['warning slow-lock-poll'])
    assert.deepEqual(wrongsOf(settingsFindings({ ...file, lockAcquireSleepIntervalMs: 1000 })), [])
    assert.deepEqual(wrongsOf(settingsFindings({ lockPollMs: 250 })), [])
  })

  it('that let a standby create tables are warned of', () => {
    assert.deepEqual(wrongsOf(settingsFindings({ createTablesOnStartup: 'true' })), [
      'warning create-tables-on-startup',
    ])
    assert.deepEqual(wrongsOf(settingsFindings({ createTablesOnStartup: 'false' })), [])
  })

  it('of a load balancer that only opens a connection are a problem, and those that ask for the greeting are fine', () => {
    assert.deepEqual(wrongsOf(settingsFindings({ haproxyCheck: 'plain' })), ['problem plain-tcp-check'])
    assert.deepEqual(wrongsOf(settingsFindings({ haproxyCheck: 'amqp' })), [])
  })

  it('that ignore a cut matter to classic queues alone', () => {
    const ignore = { clusterPartitionHandling: 'ignore' }
    assert.deepEqual(wrongsOf(settingsFindings({ ...ignore, queueType: 'classic' })), ['warning partition-ignored'])
    assert.deepEqual(wrongsOf(settingsFindings({ ...ignore, queueType: 'quorum' })), [])
  })

  it('that are not known say nothing', () => {
    assert.deepEqual(settingsFindings({}), [])
  })
})
