import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { Marker } from '../../../src/drill/broker-control.ts'
import { A, B, WrittenHistory } from '../../support/history.ts'

const C = 'amqp://127.0.0.1:5674'
const BROKERS = [
  { name: 'a', version: 'RabbitMQ 3.10.8', endpoint: A },
  { name: 'b', version: 'RabbitMQ 3.10.8', endpoint: B },
  { name: 'c', version: 'RabbitMQ 3.10.8', endpoint: C },
]

function cluster(topology: 'quorum' | 'home-node', fault: string = 'kill'): WrittenHistory {
  return new WrittenHistory({ lab: `rabbitmq-${topology}`, topology, fault, brokers: BROKERS })
}

function marker(history: WrittenHistory, kind: Marker['kind'], ms: number, node: string): WrittenHistory {
  const atNs = Math.round(ms * 1e6)
  return history.at(ms + 15, { type: 'marker', kind, node, source: 'log', toleranceMs: 1, detail: kind, atNs })
}

/** `a` leads, and is hurt at 1,000 ms; the jobs due until `backMs` are confirmed then, through `b`. */
function hurt(history: WrittenHistory, fault: string, backMs: number): WrittenHistory {
  history.producerIs('connected', 0, A).jobs(0, 1000).fault(1000, fault).producerIs('interrupted', 1002, A)
  history.producerIs('resumed', 1020, B)
  for (let ms = 1000; ms < backMs; ms += 50) {
    const id = `job-at-${ms}`
    history.due(id, ms).attempt(id, Math.max(ms, 1022), { by: B, outcome: 'ack', endMs: backMs + ms / 1000 - 1 })
    history.delivered(id, backMs + 10 + ms / 1000, { by: B })
  }
  return history.jobs(backMs, backMs + 12_000, B).drain(backMs + 12_500)
}

describe('A quorum that loses its leader', () => {
  it('has the new leader take over, after an election and without a promotion', () => {
    const history = marker(marker(cluster('quorum'), 'leader-elected', 10, 'a'), 'leader-lost', 1003, 'a')
    const judgement = judge(hurt(marker(history, 'leader-elected', 1200, 'c'), 'kill', 1250).events)
    assert.equal(judgement.verdict, 'pass')
    assert.equal(judgement.takenOverBy, 'c')
    assert.deepEqual(judgement.failoverParts, [
      { name: 'detect', ms: 2 },
      { name: 'reconnect', ms: 18 },
      { name: 'elect', ms: 180 },
      { name: 'confirm', ms: 50 },
    ])
    assert.equal(judgement.failoverMs, 250)
    assert.equal(judgement.clusterDetectionMs, 3)
    assert(judgement.findings.includes('c took over: the first confirm came through b, 250 ms after a was killed.'))
  })

  it('is exactly the sum of its parts, whatever was seen and in whatever order', () => {
    const moment = fc.option(fc.double({ min: 1000, max: 3000, noNaN: true }), { nil: undefined })
    fc.assert(
      fc.property(moment, fc.double({ min: 1100, max: 3000, noNaN: true }), (electedMs, backMs) => {
        const history = cluster('quorum')
        if (electedMs !== undefined) marker(history, 'leader-elected', electedMs, 'b')
        const { failoverMs, failoverParts } = judge(hurt(history, 'kill', backMs).events)
        assert.equal(
          failoverParts.reduce((sum, { ms }) => sum + ms, 0),
          failoverMs,
        )
        assert(failoverParts.every(({ ms }) => ms >= 0))
      }),
    )
  })

  it('is no pair with two masters, though all of its nodes serve', () => {
    const history = marker(cluster('quorum'), 'leader-elected', 1200, 'b')
    for (const node of ['a', 'b'] as const) history.probes(0, 900, node, 'serving')
    const judgement = judge(hurt(history, 'kill', 1250).events)
    assert.equal(judgement.verdict, 'pass')
    assert(judgement.objectives.every(({ name }) => name !== 'one master'))
  })

  it('hurts the queue also where the client was connected to another node all along', () => {
    const history = marker(cluster('quorum'), 'leader-elected', 1200, 'c')
    history.producerIs('connected', 0, B).jobs(0, 1000, B).fault(1000)
    history.due('j', 1000).attempt('j', 1000, { by: B, outcome: 'ack', endMs: 1210 }).delivered('j', 1215, { by: B })
    const judgement = judge(history.jobs(1250, 12_500, B).drain(13_000).events)
    assert.equal(judgement.takenOverBy, 'c')
    assert.equal(judgement.failoverMs, 210)
    assert.deepEqual(
      judgement.failoverParts.map(({ name, ms }) => [name, ms]),
      [
        ['reconnect', 0],
        ['elect', 200],
        ['confirm', 10],
      ],
    )
  })

  it('tells of an election that came when jobs flowed again, as after a stop in order', () => {
    const judgement = judge(marker(hurt(cluster('quorum', 'stop'), 'stop', 1050), 'leader-elected', 6000, 'c').events)
    assert.equal(judgement.verdict, 'pass')
    assert.equal(judgement.takenOverBy, 'b')
    assert.deepEqual(
      judgement.failoverParts.map(({ name }) => name),
      ['detect', 'reconnect', 'confirm'],
    )
    assert(judgement.findings.includes('a still led the queue then; c was elected 5 s after the fault.'))
    assert(judgement.findings.every((finding) => !finding.includes('not observed')))
  })

  it('fails when nobody confirms another job', () => {
    const history = cluster('quorum').jobs(0, 1000).fault(1000).due('j', 1000)
    history.attempt('j', 1020, { by: B, outcome: 'ambiguous', endMs: 5000 }).giveUp('j', 5000)
    const { verdict, reasons } = judge(history.drain(6000).events)
    assert.equal(verdict, 'fail')
    assert.equal(reasons[0], 'Nobody took over in the 5 s after a was killed.')
  })

  it('has not replaced a paused leader that went on before an election', () => {
    const history = cluster('quorum', 'pause').heal(3000)
    const judgement = judge(hurt(history, 'pause', 3050).events)
    assert.equal(judgement.verdict, 'pass')
    assert.equal(judgement.failoverMs, null)
    assert.equal(judgement.takenOverBy, null)
    assert(
      judgement.findings.includes(
        'Nobody took over while a was paused: the others had not given it up yet. It was continued after 2 s.',
      ),
    )
  })
})

describe('A quorum that loses its majority', () => {
  /** Two of three are killed at 1,000 ms; the client is connected to b all along, and `a` leads. */
  function lost(leads: string): ReturnType<typeof judge> {
    const history = marker(cluster('quorum', 'kill-two'), 'leader-elected', 5, 'a').producerIs('connected', 0, B)
    history.jobs(0, 1000, B).hurt(1000, { node: 'majority', done: 'killed (a and c)' })
    marker(history, 'leader-elected', 3100, leads).heal(3050, 'majority')
    return judge(history.jobs(3200, 15_000, B).drain(16_000).events)
  }

  it('is taken over by who is elected once it is healed, though the client stays where it is', () => {
    const { takenOverBy, findings } = lost('b')
    assert.equal(takenOverBy, 'b')
    assert(
      findings.includes(
        'b took over: its first confirm came 2.204 s after the majority was killed (a and c); the heal came after 2.05 s.',
      ),
    )
  })

  it('is not taken over when the same leader is elected again', () => {
    assert.equal(lost('a').takenOverBy, null)
  })
})

describe('A queue whose home node goes away', () => {
  it('waits for its home, and no takeover is asked for or told of', () => {
    const history = marker(marker(cluster('home-node'), 'queue-up', 10, 'a'), 'queue-down', 1003, 'a').heal(9000)
    const judgement = judge(hurt(marker(history, 'queue-up', 8900, 'a'), 'kill', 9050).events)
    assert.equal(judgement.verdict, 'pass')
    assert.equal(judgement.failoverMs, null)
    assert.equal(judgement.takenOverBy, null)
    assert.deepEqual(
      judgement.objectives.filter(({ name }) => name === 'takeover' || name === 'service'),
      [{ name: 'service', target: '', actual: 'first confirm after 8.05 s', met: true }],
    )
    assert(
      judgement.findings.includes(
        'Nobody could take over when a was killed: the queue is at home on that node alone. It was back after 8 s, and the first confirm came after 8.05 s.',
      ),
    )
  })

  it('may confirm a job before the order to start it has ended', () => {
    const { findings } = judge(hurt(cluster('home-node').heal(9000), 'kill', 8950).events)
    assert(
      findings.includes(
        'Nobody could take over when a was killed: the queue is at home on that node alone. The first confirm came after 7.95 s, as soon as it was there again.',
      ),
    )
  })

  it('fails when no job is confirmed once it is back', () => {
    const history = cluster('home-node').jobs(0, 1000).fault(1000).heal(9000).due('j', 1000)
    history.attempt('j', 1020, { by: B, outcome: 'returned', endMs: 1030 }).giveUp('j', 1030)
    const { verdict, reasons } = judge(history.drain(20_000).events)
    assert.equal(verdict, 'fail')
    assert.equal(reasons[0], 'No job was confirmed in the 19 s after a was killed.')
  })
})

describe('A protocol without an answer to an acknowledge', () => {
  it('knows no post-ack duplicate, as an acknowledge may have been written to a broker that was gone', () => {
    const written = (run: { acksConfirmed?: boolean }): WrittenHistory => {
      const history = new WrittenHistory({ topology: 'home-node', ...run }).jobs(0, 1000).job('j', 1000).fault(1020)
      return history.delivered('j', 5000, { redelivered: true }).jobs(5050, 20_000).drain(21_000)
    }
    const answered = judge(written({}).events)
    assert.deepEqual([answered.jobs.duplicated.postAck, answered.verdict], [1, 'fail'])
    const unanswered = judge(written({ acksConfirmed: false }).events)
    assert.deepEqual([unanswered.jobs.duplicated.postAck, unanswered.jobs.duplicated.redelivery], [0, 1])
    assert.equal(unanswered.verdict, 'pass')
    assert(unanswered.objectives.every(({ name }) => name !== 'post-ack duplicates'))
  })
})
