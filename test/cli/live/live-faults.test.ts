import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { advance, conditionOf, type LiveState, liveState } from '../../../src/cli/live/live-state.ts'
import type { HistoryBody } from '../../../src/drill/history.ts'

const A = 'stomp://127.0.0.1:1'
const B = 'stomp://127.0.0.1:2'
const DOOR = 'stomp://127.0.0.1:9'

/** A drill that one writes as it goes, in milliseconds. */
function watched(): { state: LiveState; at: (ms: number, ...bodies: HistoryBody[]) => readonly string[] } {
  const state = liveState([
    { name: 'a', endpoint: A },
    { name: 'b', endpoint: B },
  ])
  const at = (ms: number, ...bodies: HistoryBody[]): readonly string[] =>
    bodies.flatMap((body) => advance(state, { t: ms * 1e6, wall: 0, ...body }).map(({ text }) => text))
  at(1, { type: 'probe', node: 'a', endpoint: A, finding: 'serving' })
  at(2, { type: 'probe', node: 'b', endpoint: B, finding: 'refused' })
  return { state, at }
}

function sent(id: string, endpoint: string): HistoryBody[] {
  return [
    { type: 'due', id, sequence: 1, dueNs: 0 },
    { type: 'att', id, k: 1, endpoint },
  ]
}

function acked(id: string): HistoryBody {
  return { type: 'res', id, k: 1, outcome: 'ack' }
}

function conditions({ brokers, topology, master }: LiveState): string {
  return brokers.map((broker) => `${broker.name} ${conditionOf(broker, topology, broker.name === master)}`).join(', ')
}

describe('watching a database being paused', () => {
  it('has it stand among the brokers while it is hurt, and none of them take over', () => {
    const { state, at } = watched()
    at(10, ...sent('i', A), acked('i'))
    at(20, { type: 'fault', name: 'db-pause', node: 'database', endpoint: null, done: 'paused' })
    at(21, { type: 'proof', node: 'database', effectiveNs: 21e6, proof: ['stopped'] })
    at(30, ...sent('j', A))
    assert.equal(conditions(state), 'a serving, b standing by, database paused')
    assert.equal(state.outage?.untilNs, null)
    at(900, { type: 'heal', node: 'database', how: 'continued (SIGCONT)' })
    assert.equal(conditions(state), 'a serving, b standing by')
    assert.deepEqual(at(1021, acked('j')), ['a serves again after 1.00 s (first confirm)'])
  })
})

describe('watching a connection being cut', () => {
  it('has the same broker go on without a heal, and no earlier job end the outage', () => {
    const { state, at } = watched()
    at(10, ...sent('i', A), acked('i'))
    at(19, ...sent('early', A))
    at(20, { type: 'fault', name: 'cut', node: 'a', endpoint: A, done: 'cut off from its clients for a moment' })
    assert.deepEqual(at(21, acked('early')), [])
    at(22, { type: 'proof', node: 'a', effectiveNs: 22e6, proof: ['reset'] })
    assert.equal(state.outage?.untilNs, null)
    at(80, ...sent('j', A))
    assert.deepEqual(at(122, acked('j')), ['a serves again after 0.10 s (first confirm)'])
  })
})

describe('watching brokers behind an entrance', () => {
  it('calls the entrance by its name, and does not take its confirms for a takeover', () => {
    const { at } = watched()
    const entrances = [{ name: 'haproxy', endpoint: DOOR }]
    const run = { schema: 1, runId: 'r', lab: 'x', fault: 'kill', seed: 1, everyMs: 50, phaseMs: 0 } as const
    at(3, { type: 'run', ...run, topology: 'quorum', entrances })
    const told = at(4, { type: 'conn', client: 'producer', state: 'connected', endpoint: DOOR, reason: null })
    assert.deepEqual(told, ['producer connected to haproxy'])
    at(10, ...sent('i', DOOR), acked('i'))
    at(20, { type: 'fault', name: 'kill', node: 'a', endpoint: A, done: 'killed' })
    at(21, ...sent('early', DOOR))
    assert.deepEqual(at(22, acked('early')), [])
    at(23, { type: 'proof', node: 'a', effectiveNs: 23e6, proof: ['gone'] })
    at(30, ...sent('j', DOOR))
    assert.deepEqual(at(123, acked('j')), ['haproxy passes jobs on again after 0.10 s (first confirm)'])
  })
})

describe('watching the leader of a queue', () => {
  const run = { schema: 1, runId: 'r', lab: 'x', fault: 'kill', seed: 1, everyMs: 50, phaseMs: 0 } as const
  const elected = {
    type: 'marker',
    kind: 'leader-elected',
    source: 'api',
    toleranceMs: 1,
    detail: '',
    atNs: 0,
  } as const

  it('does not have it serve again while it is paused and jobs go through an entrance', () => {
    const { at } = watched()
    at(3, { type: 'run', ...run, topology: 'quorum', entrances: [{ name: 'haproxy', endpoint: DOOR }] })
    at(4, { ...elected, node: 'a' })
    at(10, ...sent('i', DOOR), acked('i'))
    at(20, { type: 'fault', name: 'pause', node: 'a', endpoint: A, done: 'paused' })
    at(21, { type: 'proof', node: 'a', effectiveNs: 21e6, proof: ['stopped'] })
    at(30, ...sent('j', DOOR))
    assert.deepEqual(at(121, acked('j')), ['haproxy passes jobs on again after 0.10 s (first confirm)'])
  })

  it('does not have it take over when only the follower was lost that jobs went through', () => {
    const { at } = watched()
    at(3, { type: 'run', ...run, topology: 'quorum' })
    at(4, { ...elected, node: 'a' })
    at(10, ...sent('i', B), acked('i'))
    at(20, { type: 'fault', name: 'kill-follower', node: 'b', endpoint: B, done: 'killed' })
    at(21, { type: 'proof', node: 'b', effectiveNs: 21e6, proof: ['gone'] })
    at(30, ...sent('j', A))
    assert.deepEqual(at(121, acked('j')), ['a passes jobs on again after 0.10 s (first confirm)'])
  })

  it('has it serve again after the heal of a majority that it was one of, and another take over when that was elected', () => {
    for (const [node, words] of [
      ['a', 'a serves again after 1.00 s (first confirm)'],
      ['b', 'b took over after 1.00 s (first confirm)'],
    ] as const) {
      const { at } = watched()
      at(3, { type: 'run', ...run, topology: 'quorum' })
      at(4, { ...elected, node: 'a' })
      at(10, ...sent('i', A), acked('i'))
      at(20, { type: 'fault', name: 'kill-two', node: 'majority', endpoint: null, done: 'killed' })
      at(21, { type: 'proof', node: 'majority', effectiveNs: 21e6, proof: ['gone'] })
      at(30, ...sent('j', A))
      at(900, { type: 'heal', node: 'majority', how: 'started again' })
      at(901, { ...elected, node })
      assert.deepEqual(at(1021, acked('j')), [words])
    }
  })
})

describe('watching a standby behind a proxy', () => {
  it('calls it standing by though its connections are accepted and broken off', () => {
    const { state, at } = watched()
    at(5, { type: 'probe', node: 'b', endpoint: B, finding: 'reset' })
    assert.equal(conditions(state), 'a serving, b standing by')
  })
})

describe('watching a broker between the lock and its first answer', () => {
  it('calls it taking over, and one that was healed coming back', () => {
    const { state, at } = watched()
    at(20, { type: 'fault', name: 'kill', node: 'a', endpoint: A, done: 'killed' })
    at(21, { type: 'proof', node: 'a', effectiveNs: 21e6, proof: ['gone'] })
    const lock = { source: 'log', toleranceMs: 1, detail: '', atNs: 0 } as const
    at(30, { type: 'marker', kind: 'lock-acquired', node: 'b', ...lock })
    assert.equal(conditions(state), 'a killed, b taking over')
    at(40, { type: 'probe', node: 'b', endpoint: B, finding: 'serving' })
    at(50, { type: 'heal', node: 'a', how: 'started again' })
    assert.equal(conditions(state), 'a coming back, b serving')
  })
})

describe('watching a drill that is aborted', () => {
  it('says why', () => {
    const { at } = watched()
    assert.deepEqual(at(20, { type: 'abort', why: 'no job was confirmed for 2 s' }), [
      'aborted: no job was confirmed for 2 s',
    ])
  })
})
