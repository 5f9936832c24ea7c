import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Lab } from '../../../../infra/labs/lab.ts'
import { openLabFolder } from '../../../../infra/labs/lab-folder.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { processState } from '../../../../infra/labs/processes/process-identity.ts'
import { answersStomp } from '../../../../infra/labs/stomp-greeting.ts'
import { brokerSkip } from '../../../support/brokers.ts'
import { newLabRoot } from '../../../support/lab-root.ts'
import { aimed, oneServes, proofOf } from '../aimed.ts'

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

    const answers = async (name: string): Promise<boolean> => {
      return await answersStomp(lab.nodes.find((node) => node.name === name)?.port ?? 0, lab.credentials)
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
      const aim = await aimed(lab, 'lock-kill', drill.signal)
      assert.equal(aim.target, await lab.active())
      assert.equal(await aim.proof(), undefined)
      assert.equal(await aim.heal(), undefined)
      await aim.inject()
      assert.match(await proofOf(aim), /^connection \d+.* of broker [ab]: gone from the database/)
      assert.equal(lab.state(aim.target), 'running')
      drill.abort()
      await aim.heal()
      await oneServes(lab, answers)
      assert.deepEqual([lab.state('a'), lab.state('b')], ['running', 'running'])
    })

    it('restarts the database: its process is gone, and another one answers on the same port', async () => {
      const drill = new AbortController()
      const before = databasePid()
      const aim = await aimed(lab, 'db-restart', drill.signal)
      assert.deepEqual([aim.target, aim.endpoint], ['database', null])
      assert.equal(await aim.proof(), undefined)
      await aim.inject()
      assert.match(await proofOf(aim), new RegExp(`process ${before} is gone`))
      drill.abort()
      await aim.heal()
      assert.notEqual(databasePid(), before)
      await oneServes(lab, answers)
    })

    it('pauses the database and lets it go on, also when it is told twice', async () => {
      const identity = openLabFolder(root, lab.id).read().processes['database']?.identity
      assert(identity)
      const aim = await aimed(lab, 'db-pause')
      assert.equal(await aim.heal(), undefined)
      await aim.inject()
      assert.match(await proofOf(aim), /paused/)
      assert.equal(processState(identity), 'paused')
      assert.match((await aim.heal()) ?? '', /^continued \(SIGCONT\)/)
      assert.equal(processState(identity), 'running')
      assert.equal(await aim.heal(), undefined)
      await oneServes(lab, answers)
    })
  })
}
