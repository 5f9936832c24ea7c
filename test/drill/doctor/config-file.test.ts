import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readConfiguration, settingsOf } from '../../../src/drill/doctor/config-file.ts'
import { settingsFindings } from '../../../src/drill/doctor/settings-findings.ts'
import { wrongsOf } from '../../support/findings.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function wrongs(text: string): readonly string[] {
  const settings = settingsOf(text)
  assert(settings, 'not recognised')
  return wrongsOf(settingsFindings(settings))
}

const broker = (adapter: string): string =>
  `<beans><broker xmlns="http://activemq.apache.org/schema/core">\n<persistenceAdapter>${adapter}</persistenceAdapter></broker></beans>`

describe('an activemq.xml', () => {
  it("with a lease and no keepalive of its own has JDBC's 30 s", () => {
    const adapter = `<jdbcPersistenceAdapter dataSource="#db" createTablesOnStartup='false'>
      <locker><lease-database-locker lockAcquireSleepInterval="10000"/></locker></jdbcPersistenceAdapter>`
    assert.deepEqual(wrongs(broker(adapter)), ['problem keepalive-not-below-lease', 'warning long-lease'])
    const short = adapter.replace('"#db"', '"#db" lockKeepAlivePeriod="1000"').replace('"10000"', '"2000"')
    assert.deepEqual(wrongs(broker(short)), [])
  })

  it('without a locker has the database lock, and creates its tables', () => {
    assert.deepEqual(wrongs(broker('<jdbcPersistenceAdapter dataSource="#db"/>')), [
      'warning lock-sleep',
      'warning create-tables-on-startup',
    ])
  })

  it('on KahaDB has the file lock, with its own poll', () => {
    assert.deepEqual(wrongs(broker('<kahaDB directory="/shared"/>')), ['warning slow-lock-poll'])
    const quick =
      '<kahaDB directory="x>y"><locker><shared-file-locker lockAcquireSleepInterval="500"/></locker></kahaDB>'
    assert.deepEqual(wrongs(broker(quick)), [])
  })

  it('that switches the lock off is a problem, and one that does so in a comment is not', () => {
    assert.deepEqual(wrongs(broker('<jdbcPersistenceAdapter useLock="false"/>')), ['problem no-lock'])
    const comment = '<!-- <jdbcPersistenceAdapter useLock="false"/> --><kahaDB directory="d"/>'
    assert.deepEqual(wrongs(broker(comment)), ['warning slow-lock-poll'])
  })

  it('whose times are filled in elsewhere is not judged by the defaults', () => {
    const adapter =
      '<jdbcPersistenceAdapter lockKeepAlivePeriod="${keepalive}"><lease-database-locker/></jdbcPersistenceAdapter>'
    assert.deepEqual(wrongs(broker(adapter)), ['note setting-not-read'])
  })
})

describe('an haproxy.cfg', () => {
  const greeting = ['option tcp-check', 'tcp-check send-binary 414d515000000901', 'tcp-check expect binary 010000']
  const backend = (...lines: readonly string[]): ReturnType<typeof settingsOf> =>
    settingsOf(`backend rabbit\n  mode tcp\n${lines.map((line) => `  ${line}\n`).join('')}`)

  it("has its servers' own words over those for all, and every line for all", () => {
    const settings = backend(
      ...greeting,
      'default-server check inter 1s',
      'default-server on-marked-down shutdown-sessions',
      'server a 10.0.0.1:5672',
      'server check 10.0.0.2:5672 inter 30s fall 10',
    )
    assert.deepEqual(settings, {
      haproxyCheck: 'amqp',
      haproxyInterMs: 30_000,
      haproxyFall: 10,
      haproxyOnMarkedDown: 'shutdown-sessions',
    })
  })

  it('is what its worst server is: one without a check, one whose sessions stay', () => {
    const both = 'default-server check on-marked-down shutdown-sessions'
    assert.equal(
      backend(...greeting, both, 'server a 10.0.0.1:5672', 'server b 10.0.0.2:5672 no-check')?.['haproxyCheck'],
      'none',
    )
    assert.equal(backend(...greeting, 'server check 10.0.0.1:5672 check-ssl')?.['haproxyCheck'], 'none')
    const kept = backend(
      ...greeting,
      'server a 10.0.0.1:5672 check',
      'server b x:1 check on-marked-down shutdown-sessions',
    )
    assert.equal(kept?.['haproxyOnMarkedDown'], 'none')
  })

  it('asks for no greeting where its rules are not switched on', () => {
    assert.equal(backend(...greeting.slice(1), 'server a 10.0.0.1:5672 check')?.['haproxyCheck'], 'plain')
  })

  const SERVERS = 'server r1 10.0.0.1:5672 check inter 1s fall 2\n server r2 10.0.0.2:5672 check'
  const GREETING = 'option tcp-check\n tcp-check send-binary 414d515000000901\n tcp-check expect binary 010000'

  it('that only connects is a problem, one without a check a greater one', () => {
    assert.deepEqual(wrongs(`listen amqp\n mode tcp\n ${SERVERS}\n`), ['problem plain-tcp-check'])
    assert.deepEqual(wrongs('backend amqp\n mode tcp\n server r1 10.0.0.1:5672\n'), ['problem no-check'])
  })

  it('that asks for the greeting is fine where it also ends the sessions', () => {
    const kept = `listen amqp\n ${GREETING}\n ${SERVERS}\n`
    assert.deepEqual(wrongs(kept), ['warning sessions-kept'])
    const ended = kept.replace('listen amqp', 'defaults\n default-server on-marked-down shutdown-sessions\nlisten amqp')
    assert.deepEqual(wrongs(ended), [])
    assert.equal(settingsOf(ended)?.['haproxyInterMs'], 2000, 'of the server that takes longer')
  })

  it('is not judged by what it does for web servers', () => {
    const web = 'defaults\n mode http\nbackend web\n option httpchk\n server w 10.0.0.9:80\n'
    assert.deepEqual(wrongs(web), [])
    assert.deepEqual(wrongs(`${web}listen amqp\n mode tcp # not http\n ${SERVERS}\n`), ['problem plain-tcp-check'])
  })
})

describe('a rabbitmq.conf', () => {
  it('says what the API does not', () => {
    const text = '# a comment\nconsumer_timeout = 7200000 # 2 h\ncluster_partition_handling = pause_minority\n'
    const settings = { clusterPartitionHandling: 'pause_minority', consumerTimeoutMs: 7_200_000 }
    assert.deepEqual(settingsOf(text), settings)
    assert.deepEqual(wrongs('listeners.tcp.default = 5672\n'), ['warning partition-ignored'])
  })
})

describe('a configuration', () => {
  it('that is none of the three, or is not there, is refused by its path alone', async (context) => {
    const path = join(temporaryFolder('config', context), 'secrets')
    writeFileSync(path, 'geheim\n')
    await assert.rejects(readConfiguration(path), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'invalid-option')
      assert.match(error.message, /secrets is no activemq\.xml/)
      assert.doesNotMatch(error.message, /geheim/)
      return true
    })
    await assert.rejects(readConfiguration(`${path}-not`), /secrets-not cannot be read: there is no such file/)
  })
})
