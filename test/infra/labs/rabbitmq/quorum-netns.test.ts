import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { connect as connectAmqp } from 'amqplib'
import { answersAmqp } from '../../../../infra/labs/amqp-greeting.ts'
import type { Lab } from '../../../../infra/labs/lab.ts'
import { openLabFolder } from '../../../../infra/labs/lab-folder.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { settleParted } from '../../../../infra/labs/rabbitmq/settle-parted.ts'
import { newLabRoot } from '../../../support/lab-root.ts'
import { namespacedLabSkip } from '../../../support/namespaces.ts'
import { aimed, proofOf } from '../aimed.ts'

const KIND = 'rabbitmq-quorum-netns'

describe('the rabbitmq-quorum-netns lab', { skip: namespacedLabSkip(KIND) }, () => {
  let root = ''
  let lab: Lab

  before(async () => {
    root = newLabRoot('netns')
    lab = await createLabs({ root }).up(KIND)
    const { host, port } = lab.nodes[1] ?? { host: '', port: 0 }
    const connection = await connectAmqp({ hostname: host, port, ...lab.credentials })
    const channel = await connection.createChannel()
    await channel.assertQueue('q', { durable: true, arguments: { 'x-queue-type': 'quorum' } })
    await connection.close()
  })
  after(async () => {
    await lab.down()
  })

  const answers = async (name: string): Promise<boolean> => {
    const node = lab.nodes.find((one) => one.name === name)
    return await answersAmqp(node?.port ?? 0, node?.host)
  }

  it('has the faults that its kind names, in their order', () => {
    const names = lab.faults.map(({ name }) => name)
    assert.deepEqual(names, createLabs({ root }).faultNames(KIND))
    assert.deepEqual(names.slice(-2), ['partition', 'isolate'])
  })

  it('parts the leader from the others, while its clients reach it', async () => {
    const leader = await lab.active('q')
    const aim = await aimed(lab, 'partition')
    assert.equal(aim.target, leader)
    await aim.inject()
    assert.match(await proofOf(aim), /go nowhere/)
    assert.ok(await answers(aim.target))
    assert.match((await aim.heal()) ?? '', /arrive again$/)
  })

  it('isolates the leader from its clients too, while they reach the others', async () => {
    const aim = await aimed(lab, 'isolate')
    await aim.inject()
    await proofOf(aim)
    const found = await Promise.all(lab.nodes.map(async ({ name }) => [name, await answers(name)] as const))
    assert.deepEqual(
      found,
      lab.nodes.map(({ name }) => [name, name !== aim.target]),
    )
    await aim.heal()
    assert.ok(await answers(aim.target))
  })

  it('is asked to restart nobody while its nodes are one cluster', async () => {
    const folder = openLabFolder(root, lab.id)
    const refuse = async (): Promise<void> => assert.fail('nobody is to be restarted')
    assert.equal(await settleParted({ folder, control: { kill: refuse, start: refuse } }, { name: 'a' }), undefined)
  })

  it('can be told by rabbitmqctl within the namespaces that memory is short', async () => {
    const aim = await aimed(lab, 'memory-alarm')
    await aim.inject()
    await proofOf(aim)
    await aim.heal()
  })

  it('starts a node again that was killed', async () => {
    await lab.kill('c')
    await lab.start('c')
    assert.ok(await answers('c'))
  })
})
