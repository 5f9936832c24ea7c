import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { Topology } from '../../../src/drill/broker-control.ts'
import { A, B, WrittenHistory } from '../../support/history.ts'

const DOOR = 'amqp://127.0.0.1:5670'

/** Clients come through a load balancer; `a` serves behind it until 1,000 ms. */
function balanced(topology: Topology, fault = 'kill'): WrittenHistory {
  const history = new WrittenHistory({ topology, fault, entrances: [{ name: 'haproxy', endpoint: DOOR }] })
  return history.producerIs('connected', 0, DOOR).jobs(0, 1000, DOOR)
}

function elected(history: WrittenHistory, ms: number, node: string): WrittenHistory {
  const detail = `${node} leads`
  return history.at(ms, {
    type: 'marker',
    kind: 'leader-elected',
    node,
    source: 'log',
    toleranceMs: 1,
    detail,
    atNs: ms * 1e6,
  })
}

describe('Behind an entrance', () => {
  it('a killed leader is replaced by the one that was elected, never by the entrance', () => {
    const history = elected(balanced('quorum'), 5, 'a').hurt(1000, {
      node: 'a',
      endpoint: A,
      done: 'killed',
      expects: 'takeover',
    })
    history.producerIs('interrupted', 1002, DOOR).producerIs('resumed', 1020, DOOR)
    const { takenOverBy, failoverMs, failoverParts, findings, verdict } = judge(
      elected(history, 1200, 'b').jobs(1250, 15_000, DOOR).drain(16_000).events,
    )
    assert.equal(verdict, 'pass')
    assert.equal(takenOverBy, 'b')
    assert.equal(failoverMs, 254)
    assert.deepEqual(
      failoverParts.map(({ name, ms }) => [name, ms]),
      [
        ['detect', 2],
        ['reconnect', 18],
        ['elect', 180],
        ['confirm', 54],
      ],
    )
    assert.ok(findings.includes('b took over: the first confirm came through haproxy, 254 ms after a was killed.'))
  })

  it('a client whose connection went on has nothing to reconnect', () => {
    const history = elected(balanced('quorum'), 5, 'a').hurt(1000, {
      node: 'a',
      endpoint: A,
      done: 'killed',
      expects: 'takeover',
    })
    const { failoverParts } = judge(elected(history, 1200, 'b').jobs(1250, 15_000, DOOR).drain(16_000).events)
    assert.deepEqual(
      failoverParts.map(({ name, ms }) => [name, ms]),
      [
        ['reconnect', 0],
        ['elect', 200],
        ['confirm', 54],
      ],
    )
  })

  it('nobody is named when nothing told who took over', () => {
    const history = balanced('quorum').hurt(1000, { node: 'a', endpoint: A, done: 'killed', expects: 'takeover' })
    const { takenOverBy, findings, verdict, objectives } = judge(history.jobs(1250, 15_000, DOOR).drain(16_000).events)
    assert.equal(verdict, 'pass')
    assert.equal(takenOverBy, null)
    assert.deepEqual(objectives[0], { name: 'takeover', target: '', actual: 'another after 254 ms', met: true })
    assert.ok(
      findings.includes(
        'Another broker took over, which one was not seen: the first confirm came through haproxy, 254 ms after a was killed.',
      ),
    )
  })

  it('the holder of a lock is known by its markers, and so is who took it', () => {
    const history = balanced('lock').lockTaken(5, 'a').probe(10, 'a', 'serving').probe(10, 'b', 'refused')
    history.hurt(1000, { node: 'a', endpoint: A, done: 'killed', expects: 'takeover' }).lockTaken(1200, 'b')
    history.producerIs('interrupted', 1002, DOOR).probe(1220, 'b', 'serving').producerIs('resumed', 1240, DOOR)
    const { takenOverBy, failoverParts } = judge(history.jobs(1250, 15_000, DOOR).drain(16_000).events)
    assert.equal(takenOverBy, 'b')
    assert.deepEqual(
      failoverParts.map(({ name, ms }) => [name, ms]),
      [
        ['detect', 2],
        ['lock', 198],
        ['promote', 20],
        ['reconnect', 20],
        ['confirm', 14],
      ],
    )
  })

  it('a broker that stands by had nothing to give, by its markers or by the probes', () => {
    const hurt = (history: WrittenHistory) => {
      history.hurt(1000, { node: 'b', endpoint: B, done: 'killed', expects: 'takeover' }).jobs(1000, 15_000, DOOR)
      return judge(history.drain(16_000).events).findings[0]
    }
    const standby = 'b was killed, which was not serving: there was nothing to take over.'
    assert.equal(hurt(balanced('lock').lockTaken(5, 'a')), standby)
    assert.equal(hurt(balanced('lock').probe(10, 'b', 'refused')), standby)
  })

  it('a paused holder that went on is not taken for another one', () => {
    const history = balanced('lock', 'pause').lockTaken(5, 'a').hurt(1000, { node: 'a', endpoint: A, done: 'paused' })
    const { takenOverBy, failoverMs, findings } = judge(
      history.heal(3000).jobs(3050, 15_000, DOOR).drain(16_000).events,
    )
    assert.equal(takenOverBy, null)
    assert.equal(failoverMs, null)
    assert.ok(
      findings.includes(
        'Nobody took over while a was paused: a stopped process keeps what it holds. It was continued after 2 s.',
      ),
    )
  })

  it('a node that only passed jobs on is not waited for until it goes on', () => {
    const history = elected(balanced('quorum', 'pause-client'), 5, 'a').hurt(1000, {
      node: 'b',
      endpoint: B,
      done: 'paused',
    })
    const { findings } = judge(history.jobs(3000, 15_000, DOOR).heal(9000, 'b').drain(16_000).events)
    assert.ok(
      findings.includes(
        'No node took the place of another: the next job was confirmed through haproxy, 2.004 s after b was paused.',
      ),
      findings.join('\n'),
    )
  })

  it('cut connections are no takeover, as the same brokers stand behind it', () => {
    const history = balanced('quorum', 'cut').hurt(1000, {
      node: 'haproxy',
      endpoint: DOOR,
      done: 'cut off from its clients',
    })
    history.producerIs('interrupted', 1001, DOOR).producerIs('resumed', 1020, DOOR)
    const { takenOverBy, findings } = judge(history.jobs(1050, 15_000, DOOR).drain(16_000).events)
    assert.equal(takenOverBy, null)
    assert.ok(
      findings.includes(
        'No node took the place of another: the next job was confirmed through haproxy, 54 ms after haproxy was cut off from its clients.',
      ),
      findings.join('\n'),
    )
  })

  it('cut connections are none, either, when the leader is told again meanwhile', () => {
    const history = elected(balanced('quorum', 'cut'), 5, 'a')
    history.hurt(1000, { node: 'haproxy', endpoint: DOOR, done: 'cut off from its clients' })
    elected(history, 1020, 'a').producerIs('interrupted', 1001, DOOR).producerIs('resumed', 1020, DOOR)
    assert.equal(judge(history.jobs(1050, 15_000, DOOR).drain(16_000).events).takenOverBy, null)
  })

  it('what the old holder of the lock still confirmed is not by the new one', () => {
    const history = balanced('lock', 'db-restart').lockTaken(5, 'a')
    history.hurt(1000, { node: 'database', done: 'restarted' }).jobs(1000, 1150, DOOR).lockTaken(1200, 'b')
    const { takenOverBy, failoverMs } = judge(history.jobs(1250, 15_000, DOOR).drain(16_000).events)
    assert.equal(takenOverBy, 'b')
    assert.equal(failoverMs, 254)
  })

  it('who took the lock is told by the probes where no marker did', () => {
    const history = balanced('lock').probe(10, 'a', 'serving').probe(20, 'b', 'refused')
    history.hurt(1000, { node: 'a', endpoint: A, done: 'killed', expects: 'takeover' }).probe(1220, 'b', 'serving')
    assert.equal(judge(history.jobs(1250, 15_000, DOOR).drain(16_000).events).takenOverBy, 'b')
  })
})
