import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ProcessState } from '../../../../src/drill/broker-control.ts'
import type { Fault, FaultContext } from '../../../../src/drill/fault.ts'
import type { SignalControl } from '../../../../src/drill/process-faults.ts'
import { UnderstudyError } from '../../../../src/errors.ts'
import type { Alarms } from '../../../../infra/labs/rabbitmq/alarms.ts'
import {
  CLASSIC_FAULT_NAMES,
  QUORUM_FAULT_NAMES,
  classicFaults,
  quorumFaults,
} from '../../../../infra/labs/rabbitmq/faults.ts'

const NEVER = new AbortController().signal

function aimedBy(clientNode: string | undefined): FaultContext {
  return { queue: 'jobs', clientNode, signal: NEVER }
}

interface Scripted {
  readonly control: SignalControl
  /** What was done, such as `kill a`. */
  readonly done: string[]
}

/** Three nodes, of which that one serves the queue. */
function threeNodes(active: string | undefined, fails?: string): Scripted {
  const done: string[] = []
  const states = new Map<string, ProcessState>(['a', 'b', 'c'].map((name) => [name, 'running']))
  const signal = (word: string, state: ProcessState) => async (node: string) => {
    if (`${word} ${node}` === fails) throw new UnderstudyError('unsupported', `${word} ${node} fails`)
    done.push(`${word} ${node}`)
    states.set(node, state)
  }
  const control: SignalControl = {
    topology: 'quorum',
    nodes: ['a', 'b', 'c'].map((name) => ({
      name,
      product: 'RabbitMQ',
      host: '127.0.0.1',
      port: 1,
      endpoint: `amqp://${name}:1`,
    })),
    active: async () => active,
    state: (node) => states.get(node) ?? 'gone',
    kill: signal('kill', 'gone'),
    stop: signal('stop', 'gone'),
    pause: signal('pause', 'paused'),
    resume: signal('resume', 'running'),
    start: signal('start', 'running'),
  }
  return { control, done }
}

const NO_ALARMS: Alarms = {
  missing: () => undefined,
  raise: async () => {},
  clear: async () => {},
  inEffect: async () => [],
}

function faultOf(control: SignalControl, name: string, clientNode?: string, alarms = NO_ALARMS): Fault {
  const faults = quorumFaults({ processes: control, clientNode: async () => clientNode, alarms })
  const fault = faults.find((one) => one.name === name)
  assert(fault)
  return fault
}

describe('the faults of RabbitMQ nodes', () => {
  it('are named as the labs list them, and each says what the settings predict', () => {
    const { control } = threeNodes('a')
    const cluster = { processes: control, clientNode: async () => undefined, alarms: NO_ALARMS }
    for (const [faults, names] of [
      [quorumFaults(cluster), QUORUM_FAULT_NAMES],
      [classicFaults(cluster), CLASSIC_FAULT_NAMES],
    ] as const) {
      assert.deepEqual(
        faults.map(({ name }) => name),
        names,
      )
      for (const { name, predicted } of faults) {
        assert(predicted, name)
        assert(predicted.upperMs === null || predicted.lowerMs <= predicted.upperMs, name)
        assert.match(predicted.because, /[^.\s]$/, name)
      }
    }
  })

  it('kill-follower spares the leader, and the node that the client is on where it can', async () => {
    const target = async (active: string | undefined, client?: string): Promise<string | undefined> =>
      (await faultOf(threeNodes(active).control, 'kill-follower').aim(aimedBy(client)))?.target
    assert.equal(await target('a', 'a'), 'b')
    assert.equal(await target('a', 'b'), 'c')
    assert.equal(await target('c', undefined), 'a')
    assert.equal(await target(undefined), undefined)
  })

  it('kill-two ends the leader and one more, and starts both again', async () => {
    const { control, done } = threeNodes('b')
    const aim = await faultOf(control, 'kill-two').aim(aimedBy('a'))
    assert(aim)
    assert.deepEqual(
      [aim.target, aim.endpoint, aim.done, aim.finding],
      ['majority', null, 'killed (b and a)', undefined],
    )
    assert.equal(await aim.proof(), undefined)
    await aim.inject()
    assert.deepEqual(done.splice(0), ['kill b', 'kill a'])
    assert.match((await aim.proof()) ?? '', /process of b is gone .* process of a is gone/)
    assert.equal(await aim.heal(), 'started again')
    assert.deepEqual(done.splice(0), ['start b', 'start a'])
    assert.equal(await aim.heal(), undefined)
  })

  it('kill-two that got half-way is healed as far as it got', async () => {
    const { control, done } = threeNodes('a', 'kill b')
    const aim = await faultOf(control, 'kill-two').aim(aimedBy('a'))
    await assert.rejects(aim?.inject() ?? Promise.resolve(), /kill b fails/)
    assert.equal(await aim?.proof(), undefined)
    assert.equal(await aim?.heal(), 'started again')
    assert.deepEqual(done, ['kill a', 'start a'])
  })

  it("pause-client stops the producer's node, which the cluster names where the drill does not know it", async () => {
    const { control, done } = threeNodes('a')
    const known = await faultOf(control, 'pause-client', 'c').aim(aimedBy('b'))
    assert.equal(known?.target, 'b')
    const asked = await faultOf(control, 'pause-client', 'c').aim(aimedBy(undefined))
    assert.equal(asked?.target, 'c')
    await asked.inject()
    assert.equal(await asked.heal(), 'continued (SIGCONT)')
    assert.deepEqual(done, ['pause c', 'resume c'])
    assert.equal(await faultOf(control, 'pause-client').aim(aimedBy(undefined)), undefined)
  })

  it('an alarm is proven by the nodes, cleared once, and cleared too where it was raised half-way', async () => {
    const done: string[] = []
    const alarms: Alarms = {
      missing: () => 'there is no rabbitmqctl',
      raise: async (alarm) => {
        done.push(`raise ${alarm}`)
        if (alarm === 'disk') throw new UnderstudyError('unsupported', 'node b does not answer')
      },
      clear: async (alarm) => void done.push(`clear ${alarm}`),
      inEffect: async () => (done.includes('raise memory') ? ['b', 'a'] : []),
    }
    const { control } = threeNodes('a')
    assert.equal(await faultOf(control, 'memory-alarm', undefined, alarms).missing(), 'there is no rabbitmqctl')
    const memory = await faultOf(control, 'memory-alarm', undefined, alarms).aim(aimedBy('a'))
    assert.equal(await memory?.heal(), undefined)
    assert.equal(await memory?.proof(), undefined)
    await memory?.inject()
    assert.match((await memory?.proof()) ?? '', /memory alarm is in effect on a, b /)
    assert.match((await memory?.heal()) ?? '', /vm_memory_high_watermark/)
    assert.equal(await memory?.heal(), undefined)
    const disk = await faultOf(control, 'disk-alarm', undefined, alarms).aim(aimedBy('a'))
    await assert.rejects(disk?.inject() ?? Promise.resolve(), /does not answer/)
    assert.match((await disk?.heal()) ?? '', /disk_free_limit/)
    assert.deepEqual(done, ['raise memory', 'clear memory', 'raise disk', 'clear disk'])
  })
})
