import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Aim, Fault } from '../../../src/drill/fault.ts'
import type { Lab } from '../../../infra/labs/lab.ts'
import { openLabFolder } from '../../../infra/labs/lab-folder.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { processState } from '../../../infra/labs/process-identity.ts'
import { answersStomp } from '../../../infra/labs/stomp-greeting.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { newLabRoot } from '../../support/lab-root.ts'

for (const kind of ['activemq-jdbc', 'activemq-jdbc-lease']) {
  // One pair for all: each test begins and ends with one broker serving and the other standing by.
  describe(`the faults of the ${kind} lab`, { skip: brokerSkip(kind) }, () => {
    let root = ''
    let lab: Lab

    before(async () => {
      root = newLabRoot('faults')
      lab = await createLabs({ root }).up(kind)
    })
    after(async () => {
      await lab.down()
    })

    const faultNamed = (name: string): Fault => {
      const fault = lab.faults.find((one) => one.name === name)
      assert(fault, `no fault ${name}`)
      return fault
    }
    const aimed = async (name: string, signal = new AbortController().signal): Promise<Aim> => {
      const fault = faultNamed(name)
      assert.equal(await fault.missing(), undefined)
      const aim = await fault.aim({ queue: 'q', clientNode: undefined, signal })
      assert(aim)
      return aim
    }
    const proofOf = async (aim: Aim): Promise<string> => {
      return await waitUntil(async () => await aim.proof(), { what: 'a proof', withinMs: 10_000 })
    }
    const answers = async (name: string): Promise<boolean> => {
      const port = lab.nodes.find((node) => node.name === name)?.port ?? 0
      return await answersStomp(port, lab.credentials)
    }
    const oneServes = async (): Promise<void> => {
      const look = async (): Promise<true | undefined> => {
        const holder = await lab.active()
        const serving = (await Promise.all(lab.nodes.map(async ({ name }) => ((await answers(name)) ? name : []))))
          .flat()
          .join()
        return (holder !== undefined && serving === holder) || undefined
      }
      await waitUntil(look, { what: 'one broker that holds the lock and serves', withinMs: 60_000 })
    }
    const databasePid = (): number | undefined => {
      return openLabFolder(root, lab.id).read().processes['database']?.identity?.pid
    }

    it('has the faults that its kind names, in their order', () => {
      assert.deepEqual(
        lab.faults.map(({ name }) => name),
        createLabs({ root }).faultNames(kind),
      )
    })

    it('kills the database connection that holds the lock, and sets the pair right when the drill is given up', async () => {
      const drill = new AbortController()
      const aim = await aimed('lock-kill', drill.signal)
      assert.equal(aim.target, await lab.active())
      assert.equal(await aim.proof(), undefined)
      assert.equal(await aim.heal(), undefined)
      await aim.inject()
      assert.match(await proofOf(aim), /^connection \d+.* of broker [ab]: gone from the database/)
      assert.equal(lab.state(aim.target), 'running')
      drill.abort()
      await aim.heal()
      await oneServes()
      assert.deepEqual([lab.state('a'), lab.state('b')], ['running', 'running'])
    })

    it('restarts the database: its process is gone, and another one answers on the same port', async () => {
      const drill = new AbortController()
      const before = databasePid()
      const aim = await aimed('db-restart', drill.signal)
      assert.deepEqual([aim.target, aim.endpoint], ['database', null])
      assert.equal(await aim.proof(), undefined)
      await aim.inject()
      assert.match(await proofOf(aim), new RegExp(`process ${before} is gone`))
      drill.abort()
      await aim.heal()
      assert.notEqual(databasePid(), before)
      await oneServes()
    })

    it('pauses the database and lets it go on, also when it is told twice', async () => {
      const identity = openLabFolder(root, lab.id).read().processes['database']?.identity
      assert(identity)
      const aim = await aimed('db-pause')
      assert.equal(await aim.heal(), undefined)
      await aim.inject()
      assert.match(await proofOf(aim), /paused/)
      assert.equal(processState(identity), 'paused')
      assert.match((await aim.heal()) ?? '', /^continued \(SIGCONT\)/)
      assert.equal(processState(identity), 'running')
      assert.equal(await aim.heal(), undefined)
      await oneServes()
    })
  })
}
