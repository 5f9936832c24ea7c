import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Marker } from '../../../../src/drill/broker-control.ts'
import { holdersOf } from '../../../../infra/labs/activemq/kahadb-lock.ts'
import { activemqKahadb } from '../../../../infra/labs/activemq/kahadb.ts'
import type { Lab } from '../../../../infra/labs/lab.ts'
import { openLabFolder } from '../../../../infra/labs/lab-folder.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { processState } from '../../../../infra/labs/processes/process-identity.ts'
import { findMarkedProcesses } from '../../../../infra/labs/processes/process-marks.ts'
import { answersStomp } from '../../../../infra/labs/stomp-greeting.ts'
import { waitUntil } from '../../../../infra/labs/wait-until.ts'
import { brokerSkip } from '../../../support/brokers.ts'
import { isPortOpen, newLabRoot } from '../../../support/lab-root.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

describe("the operating system's list of locks", () => {
  const locks = [
    '1: FLOCK  ADVISORY  WRITE 7857 fe:00:2155359 0 EOF',
    '2: POSIX  ADVISORY  WRITE 7836 fe:00:2238179 0 7',
    '2: -> POSIX  ADVISORY  WRITE 9999 fe:00:2238179 0 0',
    '3: POSIX  ADVISORY  READ 7001 fe:00:2238179 8 9',
    '4: POSIX  MANDATORY WRITE 7002 00:2b:22381 0 EOF',
    '',
  ].join('\n')

  it('names who has locked a file for writing, and nobody who waits, reads or has locked another', () => {
    assert.deepEqual(holdersOf(locks, 2_238_179), [7836])
    assert.deepEqual(holdersOf(locks, 22_381), [7002])
    assert.deepEqual(holdersOf(locks, 2_155_359), [])
  })
})

// One pair for all: each test begins and ends with both brokers up.
describe('the activemq-kahadb lab', { skip: brokerSkip('activemq-kahadb') }, () => {
  let root = ''
  let lab: Lab

  before(async () => {
    root = newLabRoot('with a space')
    lab = await createLabs({ root }).up('activemq-kahadb')
  })
  after(async () => {
    await lab.down()
  })

  const portOf = (name: string): number => lab.nodes.find((node) => node.name === name)?.port ?? 0
  const other = (name: string): string => (name === 'a' ? 'b' : 'a')
  const holder = async (): Promise<string> => {
    const look = async (): Promise<string | undefined> => await lab.active()
    return await waitUntil(look, { what: 'a holder of the lock', withinMs: 60_000 })
  }
  const serves = async (name: string): Promise<void> => {
    const look = async (): Promise<true | undefined> => (await answersStomp(portOf(name), lab.credentials)) || undefined
    await waitUntil(look, { what: `broker ${name}`, withinMs: 60_000 })
  }

  it('has the first broker serve and the second refuse connections', async () => {
    assert.equal(await lab.active(), 'a')
    assert.equal(await answersStomp(portOf('a'), lab.credentials), true)
    assert.equal(await isPortOpen(portOf('b')), false)
    assert.match(lab.nodes[0]?.product ?? '', /^ActiveMQ \d/)
  })

  it('tells the settings that the brokers run with', async () => {
    const xml = await readFile(join(lab.folder, 'b', 'activemq.xml'), 'utf8')
    const { lockAcquireSleepIntervalMs, lockKeepAlivePeriodMs } = lab.settings
    assert(xml.includes(`lockAcquireSleepInterval="${lockAcquireSleepIntervalMs}"`))
    assert(xml.includes(`lockKeepAlivePeriod="${lockKeepAlivePeriodMs}"`))
    assert.equal(lab.slowestPeriodMs, lockAcquireSleepIntervalMs)
    assert(lab.slowestTakeoverMs > lab.slowestPeriodMs)
  })

  it('lets nobody in without the password of this lab', async () => {
    const username = lab.credentials?.username ?? ''
    assert.equal(await answersStomp(portOf('a'), { username, password: 'wrong' }), false)
    assert.equal(await answersStomp(portOf('a')), false)
  })

  it('shows the lock changing hands when the master is killed, on the lock file and in the log', async () => {
    const master = await holder()
    const standby = other(master)
    const markers: Marker[] = []
    const watch = await lab.watch((marker) => markers.push(marker))
    const killed = Date.now()
    await lab.kill(master)
    assert.equal(lab.state(master), 'gone')
    await serves(standby)
    const acquired = (source: string): Marker | undefined =>
      markers.find((marker) => marker.kind === 'lock-acquired' && marker.node === standby && marker.source === source)
    const both = (): true | undefined =>
      (acquired('log') !== undefined && acquired('lock file') !== undefined) || undefined
    await waitUntil(both, { what: 'the lock in the log and on the file', withinMs: 20_000 })
    await watch.close()
    await watch.close()
    assert.equal(await lab.active(), standby)
    const released = markers.find(({ kind, node }) => kind === 'lock-released' && node === master)
    const [file, log] = [acquired('lock file'), acquired('log')]
    assert(released && file && log)
    assert(released.wall >= killed && released.wall <= file.wall && file.wall <= Date.now())
    // The store is opened under the lock; the log is the coarser of the two and says so.
    assert(log.wall + 1 >= file.wall - file.toleranceMs)
    assert(log.toleranceMs > file.toleranceMs)

    await lab.start(master)
    assert.equal(lab.state(master), 'running')
    assert.equal(await lab.active(), standby)
  })

  it('hands over when the master is asked to leave', async () => {
    const master = await holder()
    await lab.stop(master)
    await serves(other(master))
    assert.equal(await lab.active(), other(master))
    await lab.start(master)
  })

  it('leaves the lock with a paused master, which accepts and stays mute', async () => {
    const master = await holder()
    await lab.pause(master)
    assert.equal(lab.state(master), 'paused')
    assert.equal(await isPortOpen(portOf(master)), true)
    assert.equal(await answersStomp(portOf(master), lab.credentials), false)
    assert.equal(await lab.active(), master)
    assert.equal(await isPortOpen(portOf(other(master))), false)
    await lab.resume(master)
    await serves(master)
  })

  it('serves again at once when both were gone', async () => {
    const master = await holder()
    await lab.kill(other(master))
    await lab.kill(master)
    assert.equal(await lab.active(), undefined)
    await lab.start(other(master))
    assert.equal(await lab.active(), other(master))
    assert.equal(await answersStomp(portOf(other(master)), lab.credentials), true)
    await lab.start(master)
  })

  it('is used by another process through its folder', async () => {
    const attached = createLabs({ root }).attach(lab.id)
    assert.deepEqual(attached.nodes, lab.nodes)
    assert.deepEqual(attached.credentials, lab.credentials)
    assert.equal(await attached.active(), await lab.active())
  })

  it('hands out logs and configuration without a password', async (context) => {
    const directory = temporaryFolder('logs', context)
    const kept = await lab.collect(directory)
    assert.deepEqual(kept.sort(), ['a-activemq.xml', 'a.log', 'b-activemq.xml', 'b.log'])
    const password = lab.credentials?.password ?? ''
    assert.equal(password.length, 24)
    for (const name of kept) {
      assert(!(await readFile(join(directory, name), 'utf8')).includes(password), `${name} holds a password`)
    }
  })

  it('leaves no process, no open port and no folder', async () => {
    const second = await createLabs({ root }).up('activemq-kahadb')
    const { processes, ports } = openLabFolder(root, second.id).read()
    const identities = Object.values(processes).flatMap(({ identity }) => identity ?? [])
    assert.equal(identities.length, 2)
    await second.down()
    assert(identities.every((identity) => processState(identity) === 'gone'))
    assert(findMarkedProcesses(root).every((process) => process.lab !== second.id))
    assert.deepEqual(await Promise.all(Object.values(ports).map(isPortOpen)), [false, false])
    assert.deepEqual(
      createLabs({ root })
        .running()
        .map(({ id }) => id),
      [lab.id],
    )
  })

  it('quotes the broker when it cannot start', async () => {
    const standby = other(await holder())
    await lab.kill(standby)
    const file = join(lab.folder, standby, 'activemq.xml')
    const good = await readFile(file, 'utf8')
    await writeFile(file, good.replace('<broker ', '<broker nonsense="1" '))
    await assert.rejects(lab.start(standby), { code: 'unsupported', message: /did not start .*nonsense/ })
    await writeFile(file, good)
    await lab.start(standby)
  })
})

describe('where activemq-kahadb can run', () => {
  it('is not on a machine without ActiveMQ, and a database changes nothing about that', () => {
    const before = process.env['ACTIVEMQ_HOME']
    process.env['ACTIVEMQ_HOME'] = '/nowhere'
    try {
      const availability = activemqKahadb.availability('understudy')
      assert(!availability.available)
      assert.match(availability.reason, /ACTIVEMQ_HOME|file locks/)
      assert(!/MariaDB|MySQL|MYSQL/.test(availability.reason + availability.remedy))
    } finally {
      if (before === undefined) delete process.env['ACTIVEMQ_HOME']
      else process.env['ACTIVEMQ_HOME'] = before
    }
  })
})
