import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Marker } from '../../../../src/drill/broker-control.ts'
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

// One pair for all: each test begins and ends with both brokers up.
describe('the activemq-jdbc lab', { skip: brokerSkip('activemq-jdbc') }, () => {
  let root = ''
  let lab: Lab

  before(async () => {
    // The space is there because MariaDB's own script cannot take one.
    root = newLabRoot('with a space')
    lab = await createLabs({ root }).up('activemq-jdbc')
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
    assert.match(String(lab.settings['database']), /^(MariaDB|MySQL) \d/)
  })

  it('lets nobody in without the password of this lab', async () => {
    const username = lab.credentials?.username ?? ''
    assert.equal(await answersStomp(portOf('a'), { username, password: 'wrong' }), false)
    assert.equal(await answersStomp(portOf('a')), false)
  })

  it('shows the lock changing hands when the master is killed, in the database and in the log', async () => {
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
      (acquired('log') !== undefined && acquired('database') !== undefined) || undefined
    await waitUntil(both, { what: 'the lock in the log and in the database', withinMs: 20_000 })
    await watch.close()
    assert.equal(await lab.active(), standby)
    assert(markers.some(({ kind, node }) => kind === 'lock-released' && node === master))
    const [database, log] = [acquired('database'), acquired('log')]
    assert(database && log)
    assert(database.wall + database.toleranceMs >= killed && database.wall <= Date.now())
    // The broker knows of its lock when the database has given it.
    assert(log.wall + log.toleranceMs >= database.wall - database.toleranceMs - 1)

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

  it('is used by another process through its folder', async () => {
    const attached = createLabs({ root }).attach(lab.id)
    assert.deepEqual(attached.nodes, lab.nodes)
    assert.deepEqual(attached.credentials, lab.credentials)
    assert.equal(await attached.active(), await lab.active())
  })

  it('hands out logs and configuration without a password', async (context) => {
    const directory = temporaryFolder('logs', context)
    const kept = await lab.collect(directory)
    assert.deepEqual(kept.sort(), ['a-activemq.xml', 'a.log', 'b-activemq.xml', 'b.log', 'database.log'])
    const secret = await readFile(join(lab.folder, 'secret.json'), 'utf8')
    const passwords = [...secret.matchAll(/"([\w-]{24})"/g)].map(([, password]) => password ?? '')
    assert.equal(passwords.length, 4)
    for (const name of kept) {
      const text = await readFile(join(directory, name), 'utf8')
      for (const password of passwords) assert(!text.includes(password), `${name} holds a password`)
    }
  })

  it('leaves no process, no open port and no folder', async () => {
    const second = await createLabs({ root }).up('activemq-jdbc')
    const { processes, ports } = openLabFolder(root, second.id).read()
    const identities = Object.values(processes).flatMap(({ identity }) => identity ?? [])
    assert.equal(identities.length, 4)
    await second.down()
    assert(identities.every((identity) => processState(identity) === 'gone'))
    assert.deepEqual(
      findMarkedProcesses(root).filter((process) => process.lab === second.id),
      [],
    )
    assert.deepEqual(await Promise.all(Object.values(ports).map(isPortOpen)), [false, false, false])
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
