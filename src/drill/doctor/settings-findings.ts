import { sayMs } from '../checker/exact-durations.ts'
import { type Finding, fine } from './finding.ts'

/** Settings by the names that a lab's result has for them, in milliseconds where the name ends in `Ms`. */
export type Settings = Readonly<Record<string, string | number>>

/** ActiveMQ's own defaults for a locker. */
const SLEEP_DEFAULT_MS = 10_000
const JDBC_KEEPALIVE_DEFAULT_MS = 30_000
const GREETING_CHECK = 'option tcp-check, tcp-check send-binary 414d515000000901, tcp-check expect binary 010000'
/** From here on a wait is told as one. */
const LONG_WAIT_MS = 5_000

/** What the brokers' own settings, and those of what stands in front of them, say of a takeover. */
export function settingsFindings(settings: Settings): readonly Finding[] {
  return [...locker(settings), ...tables(settings), ...balancer(settings), ...partitions(settings)]
}

function locker(settings: Settings): readonly Finding[] {
  const kind = String(settings['locker'] ?? '')
  if (settings['notRead'] !== undefined) return [unread(String(settings['notRead']))]
  if (kind === 'none') return [NO_LOCK]
  if (kind.includes('lease')) return lease(settings)
  if (kind === 'database-locker') return databaseLock(settings)
  const pollMs = kind.includes('file')
    ? numberOf(settings, 'lockAcquireSleepIntervalMs', SLEEP_DEFAULT_MS)
    : numberOf(settings, 'lockPollMs', -1)
  if (pollMs < 0) return []
  if (pollMs < LONG_WAIT_MS) {
    return [fine('settings', 'lock-poll', `The standby tries for the lock every ${sayMs(pollMs)}.`)]
  }
  return [
    {
      severity: 'warning',
      area: 'settings',
      code: 'slow-lock-poll',
      is: `The standby tries for the lock every ${sayMs(pollMs)}.`,
      why: `A takeover takes anything up to ${sayMs(pollMs)}, half of that on average; on such a pair 4.0 to 9.9 s were measured.`,
      advice: 'Lower lockAcquireSleepInterval of the locker, such as to 1000.',
    },
  ]
}

const NO_LOCK: Finding = {
  severity: 'problem',
  area: 'settings',
  code: 'no-lock',
  is: 'The persistence adapter uses no lock.',
  why: 'Every broker that starts on this store is a master: jobs are delivered twice and lost.',
  advice: 'Remove useLock="false" (useDatabaseLock="false").',
}

function unread(names: string): Finding {
  return {
    severity: 'note',
    area: 'settings',
    code: 'setting-not-read',
    is: `${names}: the value is a placeholder that is filled in elsewhere.`,
    why: 'Whether the keepalive stays below a lease, and how long a standby sleeps, cannot be told.',
    advice: 'Give a copy of the file that has the numbers.',
  }
}

function lease(settings: Settings): readonly Finding[] {
  const leaseMs = numberOf(settings, 'lockAcquireSleepIntervalMs', SLEEP_DEFAULT_MS)
  const keepAliveMs = numberOf(settings, 'lockKeepAlivePeriodMs', JDBC_KEEPALIVE_DEFAULT_MS)
  const findings: Finding[] = []
  if (keepAliveMs <= 0) {
    findings.push({
      severity: 'problem',
      area: 'settings',
      code: 'keepalive-off',
      is: `The lease lasts ${sayMs(leaseMs)} and is never renewed (lockKeepAlivePeriod 0).`,
      why: `${sayMs(leaseMs)} after each takeover the standby may take over again while the master still serves: two masters.`,
      advice: `Set lockKeepAlivePeriod to half the lease, ${leaseMs / 2}.`,
    })
  } else if (keepAliveMs >= leaseMs) {
    findings.push({
      severity: 'problem',
      area: 'settings',
      code: 'keepalive-not-below-lease',
      is: `The lease lasts ${sayMs(leaseMs)} and is renewed every ${sayMs(keepAliveMs)}.`,
      why:
        keepAliveMs > leaseMs
          ? `It runs out before it is renewed: for up to ${sayMs(keepAliveMs - leaseMs)} of each period another broker may take it while the master still serves.`
          : 'It runs out in the moment in which it is renewed: a slow database makes two masters.',
      advice: `Set lockKeepAlivePeriod of the persistence adapter below lockAcquireSleepInterval of the locker, such as to half of it, ${leaseMs / 2}. The defaults of JDBC (30 s and 10 s) are wrong for a lease.`,
    })
  } else {
    const is = `The lease lasts ${sayMs(leaseMs)} and is renewed every ${sayMs(keepAliveMs)}, before it runs out.`
    findings.push(fine('settings', 'keepalive-below-lease', is))
  }
  if (leaseMs >= LONG_WAIT_MS) {
    findings.push({
      severity: 'warning',
      area: 'settings',
      code: 'long-lease',
      is: `Nobody takes over before the lease of ${sayMs(leaseMs)} has run out, and the standby looks every ${sayMs(leaseMs)}.`,
      why: `A kill costs up to ${sayMs(2 * leaseMs)}; with a keepalive of 5 s and a lease of 10 s, 7.2 to 13.7 s were measured, and 5.5 s for a broker that was asked to stop.`,
      advice:
        'A shorter lockAcquireSleepInterval shortens it; its keepalive has to stay below it, and the clocks of the hosts together.',
    })
  }
  return findings
}

function databaseLock(settings: Settings): readonly Finding[] {
  const sleepMs = numberOf(settings, 'lockAcquireSleepIntervalMs', SLEEP_DEFAULT_MS)
  const waitMs = numberOf(settings, 'innodbLockWaitTimeoutMs', 50_000)
  if (sleepMs < LONG_WAIT_MS) {
    const is = `The standby waits in the database, and sleeps ${sayMs(sleepMs)} at most between two tries for the lock.`
    return [fine('settings', 'lock-sleep', is)]
  }
  const share = Math.round((100 * sleepMs) / (sleepMs + waitMs))
  return [
    {
      severity: 'warning',
      area: 'settings',
      code: 'lock-sleep',
      is: `The standby waits in the database for ${sayMs(waitMs)} and then sleeps for ${sayMs(sleepMs)}, over and over.`,
      why: `A takeover takes 0.2 s when it finds the standby waiting, and up to ${sayMs(sleepMs)} in the ${share} % of the time that it sleeps: one quick drill proves nothing.`,
      advice: 'Set lockAcquireSleepInterval of the database locker to 1000 or less, and drill at a random phase.',
    },
  ]
}

function tables(settings: Settings): readonly Finding[] {
  if (String(settings['createTablesOnStartup'] ?? 'false') !== 'true') return []
  return [
    {
      severity: 'warning',
      area: 'settings',
      code: 'create-tables-on-startup',
      is: 'createTablesOnStartup is true, which is the default.',
      why: "A standby that starts sits in an INSERT behind the master's row lock before it waits for that lock itself.",
      advice: 'Set createTablesOnStartup="false" once the tables are there.',
    },
  ]
}

function balancer(settings: Settings): readonly Finding[] {
  const check = settings['haproxyCheck']
  if (check === undefined) return []
  const withinMs = numberOf(settings, 'haproxyInterMs', 2000) * numberOf(settings, 'haproxyFall', 3)
  if (check === 'amqp' && settings['haproxyOnMarkedDown'] === 'none') {
    return [
      {
        severity: 'warning',
        area: 'settings',
        code: 'sessions-kept',
        is: 'The load balancer keeps the connections to a node that it has marked down.',
        why: 'New connections go elsewhere, and those that hang on go on hanging until their own heart-beat ends them.',
        advice: 'Set on-marked-down shutdown-sessions on the servers.',
      },
    ]
  }
  if (check === 'amqp') {
    const is = `The load balancer asks each node for an AMQP greeting, and marks one that is silent down within about ${sayMs(withinMs)}.`
    return [fine('settings', 'amqp-check', is)]
  }
  if (check === 'none') {
    return [
      {
        severity: 'problem',
        area: 'settings',
        code: 'no-check',
        is: 'The load balancer does not check its servers.',
        why: 'Clients go on being sent to a node that is gone.',
        advice: `Add check to each server, and ${GREETING_CHECK}.`,
      },
    ]
  }
  return [
    {
      severity: 'problem',
      area: 'settings',
      code: 'plain-tcp-check',
      is: 'The load balancer checks the nodes by a plain TCP connection.',
      why: 'A node that is stopped or hangs goes on taking connections, so it is never marked down: clients are sent to it, and hang.',
      advice: `Ask for the greeting: ${GREETING_CHECK}, with on-marked-down shutdown-sessions.`,
    },
  ]
}

function partitions(settings: Settings): readonly Finding[] {
  if (settings['clusterPartitionHandling'] !== 'ignore' || settings['queueType'] === 'quorum') return []
  return [
    {
      severity: 'warning',
      area: 'settings',
      code: 'partition-ignored',
      is: 'cluster_partition_handling is ignore, which is the default.',
      why: 'Both halves of a cluster that was cut go on with classic queues of their own, and stay apart when the cut is over.',
      advice: 'Set cluster_partition_handling = pause_minority, and use quorum queues, which need no such setting.',
    },
  ]
}

function numberOf(settings: Settings, name: string, fallback: number): number {
  const value = Number(settings[name] ?? fallback)
  return Number.isFinite(value) ? value : fallback
}
