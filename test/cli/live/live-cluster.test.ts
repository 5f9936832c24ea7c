import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Marker, Topology } from '../../../src/drill/broker-control.ts'
import type { HistoryBody } from '../../../src/drill/history.ts'
import { advance, conditionOf, type LiveState, liveState, recoveryOf } from '../../../src/cli/live/live-state.ts'

const A = 'amqp://127.0.0.1:5672'
const B = 'amqp://127.0.0.1:5673'
const C = 'amqp://127.0.0.1:5674'
const BROKERS = [
  { name: 'a', endpoint: A },
  { name: 'b', endpoint: B },
  { name: 'c', endpoint: C },
]

/** Watches a drill on three nodes that all serve; events come at whole seconds. */
function watch(topology: Topology, bodies: readonly HistoryBody[]): { state: LiveState; told: readonly string[] } {
  const state = liveState(BROKERS)
  const run: HistoryBody = {
    type: 'run',
    schema: 1,
    runId: 'r',
    lab: 'rabbitmq',
    topology,
    fault: 'kill',
    seed: 1,
    everyMs: 50,
    phaseMs: 0,
  }
  const told = [run, ...BROKERS.map(({ name, endpoint }) => probe(name, endpoint, 'serving')), ...bodies]
    .flatMap((body, index) => advance(state, { t: index * 1e9, wall: index * 1000, ...body }))
    .map(({ text }) => text)
  return { state, told: told.slice(1) }
}

function probe(node: string, endpoint: string, finding: 'serving' | 'refused'): HistoryBody {
  return { type: 'probe', node, endpoint, finding }
}

function marker(kind: Marker['kind'], node: string): HistoryBody {
  return { type: 'marker', kind, node, source: 'log', toleranceMs: 1, detail: '', atNs: 0 }
}

function job(id: string, endpoint: string): readonly HistoryBody[] {
  return [
    { type: 'due', id, sequence: 1, dueNs: 0 },
    { type: 'att', id, k: 1, endpoint },
    { type: 'res', id, k: 1, outcome: 'ack' },
  ]
}

const KILLED: readonly HistoryBody[] = [
  { type: 'fault', name: 'kill', node: 'a', endpoint: A },
  { type: 'proof', node: 'a', effectiveNs: 4e9, proof: ['gone'] },
]

describe('watching a quorum', () => {
  it('knows a leader from the brokers alone, as all of them serve', () => {
    assert.equal(watch('quorum', []).state.master, null)
    assert.equal(watch('quorum', [marker('leader-elected', 'b')]).state.master, 'b')
  })

  it('names the new leader as the one that took over, whichever passed the confirm on', () => {
    const { state, told } = watch('quorum', [
      marker('leader-elected', 'a'),
      ...KILLED,
      marker('leader-lost', 'a'),
      marker('leader-elected', 'c'),
      ...job('j', B),
    ])
    assert.deepEqual(told, [
      'queue led by a (log)',
      'fault: kill a',
      'fault proven: gone',
      'queue led by c (log)',
      'c took over after 7.00 s (first confirm)',
    ])
    assert.equal(recoveryOf(state), 'c took over after 7.00 s')
    assert.equal(state.master, 'c')
  })

  it('names nobody as the one that took over while no new leader is known', () => {
    const { told } = watch('quorum', [
      marker('leader-elected', 'a'),
      ...KILLED,
      marker('leader-lost', 'a'),
      ...job('j', B),
      marker('leader-elected', 'c'),
    ])
    assert.deepEqual(told.slice(-2), ['b passes jobs on again after 6.00 s (first confirm)', 'queue led by c (log)'])
  })

  it('has nobody stand by', () => {
    const { state } = watch('quorum', [probe('b', B, 'refused')])
    const conditions = state.brokers.map((broker) => conditionOf(broker, state.topology))
    assert.deepEqual(conditions, ['serving', 'not serving', 'serving'])
  })
})

describe('watching a queue at home on one node', () => {
  it('has its home serve again, and nobody take over', () => {
    const { told } = watch('home-node', [
      marker('queue-up', 'a'),
      { type: 'fault', name: 'pause', node: 'a', endpoint: A },
      marker('queue-down', 'a'),
      { type: 'heal', node: 'a', how: 'continued' },
      marker('queue-up', 'a'),
      ...job('j', B),
    ])
    assert.deepEqual(told, [
      'queue at home on a (log)',
      'fault: pause a',
      'queue not to be reached (log)',
      'a healed: continued',
      'queue at home on a (log)',
      'a serves again after 6.00 s (first confirm)',
    ])
  })
})
