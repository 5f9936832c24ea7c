import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Lab } from '../../../../infra/labs/lab.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { answersStomp } from '../../../../infra/labs/stomp-greeting.ts'
import { newLabRoot } from '../../../support/lab-root.ts'
import { namespacedLabSkip } from '../../../support/namespaces.ts'
import { aimed, oneServes, proofOf } from '../aimed.ts'

const KIND = 'activemq-jdbc-netns'

describe('the activemq-jdbc-netns lab', { skip: namespacedLabSkip(KIND) }, () => {
  let root = ''
  let lab: Lab

  before(async () => {
    root = newLabRoot('netns')
    lab = await createLabs({ root }).up(KIND)
  })
  after(async () => {
    await lab.down()
  })

  const answers = async (name: string): Promise<boolean> => {
    const node = lab.nodes.find((one) => one.name === name)
    return await answersStomp(node?.port ?? 0, lab.credentials, node?.host)
  }

  it('has the faults that its kind names, in their order', () => {
    const names = lab.faults.map(({ name }) => name)
    assert.deepEqual(names, createLabs({ root }).faultNames(KIND))
    assert.deepEqual(names.slice(-2), ['db-cut', 'isolate'])
  })

  it('cuts the serving broker off from the database, which keeps its lock for it', async () => {
    const aim = await aimed(lab, 'db-cut')
    assert.equal(aim.target, await lab.active())
    await aim.inject()
    assert.match(await proofOf(aim), /^packets between [ab] and database go nowhere/)
    assert.equal(await lab.active(), aim.target)
    assert.match((await aim.heal()) ?? '', /arrive again$/)
    assert.equal(await oneServes(lab, answers), aim.target)
  })

  it('isolates the serving broker, whom nobody replaces', async () => {
    const aim = await aimed(lab, 'isolate')
    await aim.inject()
    await proofOf(aim)
    assert.deepEqual([await answers('a'), await answers('b')], [false, false])
    assert.equal(await lab.active(), aim.target)
    await aim.heal()
    assert.equal(await oneServes(lab, answers), aim.target)
  })

  it('hands over to the other when the one that serves is killed', async () => {
    const first = await lab.active()
    assert.ok(first !== undefined)
    await lab.kill(first)
    const second = await oneServes(lab, answers)
    assert.notEqual(second, first)
    await lab.start(first)
    assert.equal(lab.state(first), 'running')
  })
})
