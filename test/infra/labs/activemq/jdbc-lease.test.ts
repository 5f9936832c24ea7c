import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Marker } from '../../../../src/drill/broker-control.ts'
import type { Lab } from '../../../../infra/labs/lab.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { answersStomp } from '../../../../infra/labs/stomp-greeting.ts'
import { waitUntil } from '../../../../infra/labs/wait-until.ts'
import { brokerSkip } from '../../../support/brokers.ts'
import { isPortOpen, newLabRoot } from '../../../support/lab-root.ts'
import { oneServes } from '../aimed.ts'

// One pair for all: each test begins and ends with both brokers up.
describe('the activemq-jdbc-lease lab', { skip: brokerSkip('activemq-jdbc-lease') }, () => {
  let lab: Lab

  before(async () => {
    lab = await createLabs({ root: newLabRoot('lease') }).up('activemq-jdbc-lease')
  })
  after(async () => {
    await lab.down()
  })

  const other = (name: string): string => (name === 'a' ? 'b' : 'a')
  const portOf = (name: string): number => lab.nodes.find((node) => node.name === name)?.port ?? 0
  const answers = async (name: string): Promise<boolean> => await answersStomp(portOf(name), lab.credentials)

  it('has the first broker hold the lease and the second refuse connections', async () => {
    assert.equal(await lab.active(), 'a')
    assert.equal(await answers('a'), true)
    assert.equal(await isPortOpen(portOf('b')), false)
  })

  it('renews a lease before it runs out, and says so in its settings and its configuration', async () => {
    const { lockAcquireSleepIntervalMs: leaseMs, lockKeepAlivePeriodMs: keepAliveMs } = lab.settings
    assert(Number(keepAliveMs) < Number(leaseMs))
    const xml = await readFile(join(lab.folder, 'a', 'activemq.xml'), 'utf8')
    assert.match(xml, new RegExp(`lockKeepAlivePeriod="${keepAliveMs}"`))
    assert.match(xml, new RegExp(`<lease-database-locker lockAcquireSleepInterval="${leaseMs}"/>`))
  })

  it('shows the lease of a killed holder run out, and the other one take it, in the database and in the log', async () => {
    const master = await oneServes(lab, answers)
    const standby = other(master)
    const markers: Marker[] = []
    const watch = await lab.watch((marker) => markers.push(marker))
    const killed = Date.now()
    await lab.kill(master)
    const seen = (kind: Marker['kind'], node: string, source: string): Marker | undefined =>
      markers.find((marker) => marker.kind === kind && marker.node === node && marker.source === source)
    const all = (): true | undefined =>
      (seen('lock-released', master, 'database') &&
        seen('lock-acquired', standby, 'database') &&
        seen('lock-acquired', standby, 'log') &&
        true) ||
      undefined
    await waitUntil(all, { what: 'the lease in the log and in the database', withinMs: 60_000 })
    await watch.close()
    assert.equal(await lab.active(), standby)
    const released = seen('lock-released', master, 'database')
    const acquired = seen('lock-acquired', standby, 'database')
    assert(released && acquired)
    // The kill freed nothing: the lease ran on.
    assert(released.wall > killed && released.wall <= acquired.wall)
    assert.match(released.detail, /has run out/)
    await lab.start(master)
    assert.equal(await oneServes(lab, answers), standby)
  })

  it('starts a broker that was killed as a standby, even while the table still names it', async () => {
    const master = await oneServes(lab, answers)
    await lab.kill(master)
    await lab.start(master)
    assert.equal(await isPortOpen(portOf(master)), false)
    await oneServes(lab, answers)
  })

  it('sees the lease given up by a broker that is asked to leave', async () => {
    const master = await oneServes(lab, answers)
    const markers: Marker[] = []
    const watch = await lab.watch((marker) => markers.push(marker))
    await lab.stop(master)
    const given = (): true | undefined =>
      ['database', 'log'].every((source) =>
        markers.some((one) => one.kind === 'lock-released' && one.node === master && one.source === source),
      ) || undefined
    await waitUntil(given, { what: 'the end of the lease', withinMs: 20_000 })
    await watch.close()
    await lab.start(master)
    await oneServes(lab, answers)
  })
})
