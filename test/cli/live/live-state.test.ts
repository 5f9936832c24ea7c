import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HistoryBody, HistoryEvent } from '../../../src/drill/history.ts'
import { advance, conditionOf, type LiveState, liveState, recoveryOf } from '../../../src/cli/live/live-state.ts'
import { A, B, KILLED, LOSING, PAUSED, type Script, writeDrill } from '../../drill/report/written-drills.ts'

const BROKERS = [
  { name: 'a', endpoint: A },
  { name: 'b', endpoint: B },
]

interface Watched {
  readonly state: LiveState
  readonly told: readonly string[]
}

/** Watches a written drill up to an instant. */
function watch(script: Script, untilMs = Number.POSITIVE_INFINITY): Watched {
  const state = liveState(BROKERS)
  const told = writeDrill(script)
    .filter((event) => event.t <= untilMs * 1e6)
    .flatMap((event) => advance(state, event).map((notice) => notice.text))
  return { state, told }
}

function conditions(state: LiveState): string {
  return state.brokers.map((broker) => `${broker.name} ${conditionOf(broker)}`).join(', ')
}

describe('watching a broker being killed', () => {
  it('says what matters once and in order', () => {
    assert.deepEqual(watch(KILLED).told, [
      'drill on embedded: kill, a job every 50 ms, seed 42',
      'lock held by a (lock file)',
      'producer connected to a',
      'fault: kill a',
      'producer lost a (link-lost)',
      'fault proven: process 4711 is gone, port 61613 is closed',
      'lock held by b (lock file)',
      'producer connected to b',
      'b took over after 0.23 s (first confirm)',
      'a healed: started again',
      'drained: every confirmed job was delivered',
    ])
  })

  it('knows who is master and how each broker is, before, during and after', () => {
    const before = watch(KILLED, 6_000).state
    assert.equal(before.master, 'a')
    assert.equal(conditions(before), 'a serving, b standing by')
    const during = watch(KILLED, 6_150).state
    assert.equal(during.master, null)
    assert.equal(conditions(during), 'a killed, b standing by')
    const after = watch(KILLED, 7_000).state
    assert.equal(after.master, 'b')
    assert.equal(conditions(after), 'a killed, b serving')
    assert.equal(conditions(watch(KILLED).state), 'a standing by, b serving')
  })

  it('counts the outage from when the fault took effect to the first confirm elsewhere', () => {
    const during = watch(KILLED, 6_200).state
    assert.deepEqual(during.outage, { fromNs: 6_052.4e6, felt: true, untilNs: null })
    const after = watch(KILLED).state
    assert.ok(after.outage?.untilNs)
    assert.equal(recoveryOf(after), 'b took over after 0.23 s')
  })

  it('counts jobs and deliveries', () => {
    const during = watch(KILLED, 6_200).state
    assert.equal(during.due, 103)
    assert.equal(during.confirmed, 100)
    assert.equal(during.open.size, 3)
    const { state } = watch(KILLED)
    assert.deepEqual(
      [state.due, state.confirmed, state.failed, state.open.size, state.received, state.duplicates, state.acknowledged],
      [300, 300, 0, 0, 301, 1, 301],
    )
  })

  it('counts what the producer gave up as failed and no longer in flight', () => {
    const { state } = watch(LOSING)
    assert.equal(state.failed, 2)
    assert.equal(state.open.size, 0)
  })
})

describe('watching a takeover that is over before the fault is proven', () => {
  it('counts from when a client felt it, as the verdict does', () => {
    const state = liveState(BROKERS)
    const at = (ms: number, body: HistoryBody): readonly string[] =>
      advance(state, { t: ms * 1e6, wall: 0, ...body }).map((notice) => notice.text)
    at(10, { type: 'probe', node: 'a', endpoint: A, finding: 'serving' })
    at(1_000, { type: 'fault', name: 'kill', node: 'a', endpoint: A })
    at(1_005, { type: 'conn', client: 'listener', state: 'interrupted', endpoint: A, reason: 'link-lost' })
    at(1_010, { type: 'due', id: 'j', sequence: 1, dueNs: 1_010e6 })
    at(1_040, { type: 'att', id: 'j', k: 1, endpoint: B })
    assert.deepEqual(at(1_105, { type: 'res', id: 'j', k: 1, outcome: 'ack' }), [
      'b took over after 0.10 s (first confirm)',
    ])
    at(1_300, { type: 'proof', node: 'a', effectiveNs: 1_012e6, proof: ['gone'] })
    assert.equal(recoveryOf(state), 'b took over after 0.10 s')
  })
})

describe('watching a broker that leaves in its own time', () => {
  it('does not take its last confirms for a recovery', () => {
    const state = liveState(BROKERS)
    const at = (ms: number, body: HistoryBody): void => void advance(state, { t: ms * 1e6, wall: 0, ...body })
    at(10, { type: 'probe', node: 'a', endpoint: A, finding: 'serving' })
    at(1_000, { type: 'fault', name: 'stop', node: 'a', endpoint: A })
    at(1_001, { type: 'due', id: 'j', sequence: 1, dueNs: 1_001e6 })
    at(1_002, { type: 'att', id: 'j', k: 1, endpoint: A })
    at(1_004, { type: 'res', id: 'j', k: 1, outcome: 'ack' })
    assert.equal(state.confirmed, 1)
    assert.equal(state.outage?.untilNs, null)
  })
})

describe('watching a broker that is paused', () => {
  it('calls it hung, and leaves it the lock that it holds', () => {
    const { state } = watch(PAUSED, 10_000)
    assert.equal(conditions(state), 'a hung (paused), b standing by')
    assert.equal(state.master, 'a')
    assert.equal(state.outage?.untilNs, null)
  })

  it('does not call it a takeover when the same broker serves again', () => {
    assert.equal(recoveryOf(watch(PAUSED).state), 'a serves again after 12.0 s')
  })
})

describe('watching a fault that hits a broker which does not serve', () => {
  it('counts no outage', () => {
    const state = liveState(BROKERS)
    const stamp = { t: 1e9, wall: 0 }
    const events: readonly HistoryEvent[] = [
      { ...stamp, type: 'probe', node: 'a', endpoint: A, finding: 'serving' },
      { ...stamp, type: 'fault', name: 'kill', node: 'b', endpoint: B },
      { ...stamp, type: 'proof', node: 'b', effectiveNs: 1e9, proof: ['gone'] },
    ]
    for (const event of events) advance(state, event)
    assert.equal(state.outage, null)
    assert.equal(state.master, 'a')
    assert.equal(conditions(state), 'a serving, b killed')
  })
})

describe('what is told', () => {
  it('is told once where the log and the database both tell of the lock', () => {
    const state = liveState(BROKERS)
    const marker = {
      t: 5e9,
      wall: 0,
      type: 'marker',
      kind: 'lock-acquired',
      node: 'b',
      toleranceMs: 1,
      detail: '',
      atNs: 5e9,
    } as const
    const first = advance(state, { ...marker, source: 'log' })
    const second = advance(state, { ...marker, source: 'database' })
    assert.deepEqual([first.length, second.length], [1, 0])
  })

  it('leaves failed dials out, which come by the hundred', () => {
    const state = liveState(BROKERS)
    const event = {
      t: 1e9,
      wall: 0,
      type: 'conn',
      client: 'producer',
      state: 'attempt-failed',
      endpoint: A,
      reason: 'refused',
    } as const
    assert.deepEqual(advance(state, event), [])
  })

  it('holds no control character, whatever a broker or a lab says', () => {
    const state = liveState(BROKERS)
    const [notice] = advance(state, { t: 1e9, wall: 0, type: 'heal', node: 'a\u001b[2J', how: 'x\ny' })
    assert.equal(notice?.text, 'a\\u{1b}[2J healed: x\\u{a}y')
  })

  it('tells of a drain that failed', () => {
    const state = liveState(BROKERS)
    const [notice] = advance(state, { t: 1e9, wall: 0, type: 'drain', ok: false, outstanding: 3 })
    assert.deepEqual(notice, { atNs: 1e9, tone: 'bad', text: 'drain failed: 3 confirmed jobs not delivered' })
  })
})
