import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { answersStomp } from '../../../../infra/labs/stomp-greeting.ts'
import { brokerSkip } from '../../../support/brokers.ts'
import { labRootFor } from '../../../support/lab-root.ts'
import { aimed, oneServes, proofOf } from '../aimed.ts'

describe('the faults of the activemq-kahadb lab', { skip: brokerSkip('activemq-kahadb') }, () => {
  it('deletes the lock file under the master, which serves on, and leaves one master when healed', async (context) => {
    const root = labRootFor(context)
    const lab = await createLabs({ root }).up('activemq-kahadb')
    const answers = async (node: string): Promise<boolean> =>
      await answersStomp(lab.nodes.find(({ name }) => name === node)?.port ?? 0, lab.credentials)
    assert.deepEqual(
      lab.faults.map(({ name }) => name),
      createLabs({ root }).faultNames('activemq-kahadb'),
    )
    const drill = new AbortController()
    const aim = await aimed(lab, 'lock-file-delete', drill.signal)
    assert.equal(aim.target, 'a')
    assert.equal(await aim.proof(), undefined)
    assert.equal(await aim.heal(), undefined)
    await aim.inject()
    assert.match(await proofOf(aim), /the file that a has locked is gone/)
    assert.equal(await answers('a'), true)
    assert.notEqual(await lab.active(), 'a')
    // A drill that is given up does not wait for the standby's poll.
    drill.abort()
    assert.match((await aim.heal()) ?? '', /a, which served without the lock, was killed and started again/)
    await oneServes(lab, answers)
    assert.deepEqual([lab.state('a'), lab.state('b')], ['running', 'running'])
    assert.equal(await aim.heal(), undefined)
    await lab.down()
  })
})
