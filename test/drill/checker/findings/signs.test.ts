import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../../src/drill/checker/checker.ts'
import type { Sign } from '../../../../src/drill/result.ts'
import { A, B, takeover, WrittenHistory } from '../../../support/history.ts'

function signs(history: WrittenHistory): readonly Sign[] {
  return judge(history.events).signs
}

function told(history: WrittenHistory): string {
  return judge(history.events).findings.join('\n')
}

describe('A drill without anything strange', () => {
  it('has no sign', () => {
    assert.deepEqual(signs(takeover()), [])
  })
})

describe('Two masters', () => {
  it('are a sign and a finding of their own, with who they were and from when to when', () => {
    const history = takeover().probes(1300, 2300, 'b', 'serving').probes(1400, 1700, 'a', 'serving')
    const { signs: seen, dualMaster, verdict } = judge(history.events)
    assert.deepEqual(seen, ['dual-master'])
    assert.deepEqual(dualMaster, { nodes: ['a', 'b'], fromMs: 400, untilMs: 700 })
    assert.equal(verdict, 'fail')
  })

  it('are seen when one got the lock while the other still answered, twice at least', () => {
    const history = takeover().probe(900, 'a', 'serving').probe(1220, 'a', 'serving').probe(1460, 'a', 'serving')
    const { signs: seen, dualMaster, reasons } = judge(history.probe(1470, 'a', 'refused').events)
    assert.deepEqual(seen, ['dual-master'])
    assert.deepEqual(dualMaster, { nodes: ['a', 'b'], fromMs: 210, untilMs: 460 })
    assert.deepEqual(reasons, [
      'b had the lock while a still served for 250 ms, from 210 ms to 460 ms after the fault: two masters at once (dual-master).',
    ])
  })

  it('are not proven by one answer behind the marker, which may have been under way', () => {
    const history = takeover().probe(900, 'a', 'serving').probe(1215, 'a', 'serving').probe(1226, 'a', 'refused')
    assert.deepEqual(signs(history), ['refusal'])
  })

  it('are not seen when the other one got the lock back', () => {
    const history = takeover().probe(900, 'a', 'serving').probes(1300, 9000, 'a', 'serving')
    history.at(1205, {
      type: 'marker',
      kind: 'lock-released',
      node: 'b',
      source: 'log',
      toleranceMs: 1,
      detail: '',
      atNs: 1205e6,
    })
    const alone = history.events.filter((event) => event.type !== 'probe' || event.node === 'a')
    assert.equal(judge(alone).dualMaster, null)
  })

  it('are not seen when the other one took the lock again, either', () => {
    const history = takeover().probe(900, 'a', 'serving').probes(1300, 9000, 'a', 'serving').lockTaken(1205, 'a')
    const alone = history.events.filter((event) => event.type !== 'probe' || event.node === 'a')
    assert.equal(judge(alone).dualMaster, null)
  })

  it('count from when the fault took effect, also where the lock went a little before its proof', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000, 'lock-kill', 'a', false).lockTaken(1100, 'b')
    history.at(1300, { type: 'proof', node: 'a', effectiveNs: 1300e6, proof: [] }).probes(900, 2000, 'a', 'serving')
    assert.deepEqual(judge(history.drain(5000).events).dualMaster, { nodes: ['a', 'b'], fromMs: 0, untilMs: 700 })
  })

  it('are not asked for where every node serves', () => {
    const history = takeover({ topology: 'quorum' })
      .probes(1300, 2300, 'b', 'serving')
      .probes(1400, 1700, 'a', 'serving')
    assert.equal(judge(history.events).dualMaster, null)
  })
})

describe('A black hole', () => {
  const home = () => new WrittenHistory({ topology: 'home-node', lab: 'rabbitmq-classic' }).jobs(0, 1000).fault(1000)

  it('is what swallowed jobs that were confirmed while the home of their queue was away', () => {
    const history = home().heal(9000)
    for (const ms of [2000, 2050]) history.due(`j${ms}`, ms).attempt(`j${ms}`, ms, { by: B, outcome: 'ack' })
    history.jobs(9050, 20_000, B).drain(21_000)
    const { verdict, jobs } = judge(history.events)
    assert.equal(verdict, 'fail')
    assert.equal(jobs.lost, 2)
    assert.deepEqual(signs(history), ['acked-but-unroutable'])
    assert.match(
      told(history),
      /^2 jobs were confirmed while the queue's home was away, and never arrived: acknowledged but unroutable, a black hole\.$/m,
    )
    assert.match(told(history), /It was back after 8 s; what was confirmed meanwhile did not arrive\.$/m)
  })

  it('is told by the markers, too, where the fault was of another node', () => {
    const history = new WrittenHistory({ topology: 'home-node' }).jobs(0, 1000)
    const marker = (ms: number, kind: 'queue-down' | 'queue-up', node: string) =>
      history.at(ms, { type: 'marker', kind, node, source: 'log', toleranceMs: 1, detail: '', atNs: ms * 1e6 })
    marker(1, 'queue-up', 'b').hurt(1000, { node: 'a', endpoint: A, name: 'pause-client', done: 'paused' }).heal(1500)
    marker(3000, 'queue-down', 'b')
    history.due('j', 3500).attempt('j', 3500, { by: B, outcome: 'ack' })
    marker(4000, 'queue-up', 'b')
    history.jobs(4050, 20_000, B).drain(21_000)
    assert.ok(signs(history).includes('acked-but-unroutable'))
  })

  it('is not blamed where another node was killed than the home', () => {
    const history = new WrittenHistory({ topology: 'home-node' })
    const detail = 'b is home'
    history.at(1, { type: 'marker', kind: 'queue-up', node: 'b', source: 'log', toleranceMs: 1, detail, atNs: 1e6 })
    history.jobs(5, 1000, B).fault(1000).heal(9000).due('j', 2000).attempt('j', 2000, { by: B, outcome: 'ack' })
    assert.deepEqual(signs(history.jobs(2050, 20_000, B).drain(21_000)), [])
  })

  it('is no stuck consumer, though the listener is connected and gets nothing', () => {
    const history = home().listenerIs('connected', 1, B).heal(9000)
    for (let ms = 2000; ms < 8000; ms += 50) history.due(`j${ms}`, ms).attempt(`j${ms}`, ms, { by: B, outcome: 'ack' })
    assert.ok(!signs(history.jobs(9050, 20_000, B).drain(21_000, false)).includes('stuck-consumer'))
  })

  it('is not blamed for what was lost at another time, or may still come', () => {
    const late = home().heal(9000).due('j', 9500).attempt('j', 9500, { by: B, outcome: 'ack' })
    assert.deepEqual(signs(late.jobs(9050, 20_000, B).drain(21_000)), [])
    const open = home().heal(9000).due('j', 2000).attempt('j', 2000, { by: B, outcome: 'ack' })
    assert.deepEqual(signs(open.jobs(9050, 20_000, B).drain(21_000, false)), [])
    assert.match(
      told(open),
      /^1 job was confirmed .*, and had not arrived at the end: probably acknowledged but unroutable/m,
    )
  })
})

describe('Returned attempts', () => {
  it('are counted', () => {
    const history = takeover().attempt('job-at-500', 480, { k: 2, outcome: 'returned' })
    history.attempt('job-at-550', 530, { k: 2, outcome: 'returned' })
    assert.deepEqual(signs(history), ['returned'])
    assert.match(told(history), /^2 attempts came back as unroutable \(basic\.return\)\.$/m)
  })
})

describe('How the hurt broker answered', () => {
  const cases = [
    ['mute', 'hang', 'a accepted connections and answered nothing for 900 ms: a hang, not a refusal.'],
    ['refused', 'refusal', 'a refused connections for 900 ms: a refusal, not a hang.'],
    ['reset', 'reset', 'a accepted connections and broke them off for 900 ms.'],
    ['unreachable', 'unreachable', 'a could not be reached for 900 ms: dials to it timed out, as in a silent cut.'],
  ] as const
  for (const [finding, sign, sentence] of cases) {
    it(`is a sign when it was ${finding}`, () => {
      const history = takeover().probes(1100, 1900, 'a', finding)
      assert.deepEqual(signs(history), [sign])
      assert.equal(judge(history.events).findings[0], sentence)
    })
  }

  it('is told of the broker that held the lock where clients come through an entrance', () => {
    const door = 'stomp://127.0.0.1:61600'
    const history = new WrittenHistory({ entrances: [{ name: 'haproxy', endpoint: door }] }).lockTaken(5, 'a')
    history.jobs(10, 1000, door).hurt(1000, { node: 'database', done: 'paused' }).probes(1100, 1900, 'a', 'mute')
    assert.deepEqual(signs(history.jobs(2000, 15_000, door).drain(15_100)), ['hang'])
  })

  it('is told of the broker that served, where what was hurt is no broker', () => {
    const history = new WrittenHistory({ fault: 'db-pause' }).jobs(0, 1000)
    history.hurt(1000, { node: 'database', done: 'paused' }).probes(1100, 2900, 'a', 'mute').heal(3000, 'database')
    assert.deepEqual(signs(history.jobs(3050, 15_000).drain(15_100)), ['hang'])
    assert.match(told(history), /^a accepted connections and answered nothing for 1\.9 s: a hang, not a refusal\.$/m)
  })
})

describe('What the client itself met', () => {
  it('is told by kind, a timeout apart from a refusal', () => {
    const history = takeover()
    for (const ms of [1010, 1020, 1030]) history.producerIs('attempt-failed', ms, A, 'refused')
    history
      .listenerIs('attempt-failed', 1040, A, 'handshake-timeout')
      .listenerIs('attempt-failed', 1050, A, 'dial-timeout')
    assert.deepEqual(signs(history), ['client-hang', 'client-refusal'])
    assert.match(told(history), /^The client, dialling a, met 3 refusals, 2 timeouts\.$/m)
  })

  it('is told of resets and of hosts that cannot be reached', () => {
    const history = takeover()
      .producerIs('attempt-failed', 1010, A, 'link-lost')
      .producerIs('attempt-failed', 1020, A, 'unreachable')
    assert.deepEqual(signs(history), ['client-reset', 'client-unreachable'])
    assert.match(told(history), /^The client, dialling a, met 1 reset, 1 unreachable host\.$/m)
  })

  it('is not what a broker that stands by answers, nor what came before the fault or after the drain', () => {
    const history = takeover()
      .producerIs('attempt-failed', 1010, B, 'refused')
      .producerIs('attempt-failed', 10, A, 'refused')
      .producerIs('attempt-failed', 14_000, A, 'refused')
    assert.deepEqual(signs(history), [])
  })

  it('is whatever was dialled through an entrance', () => {
    const entrance = 'stomp://127.0.0.1:61600'
    const history = takeover({ entrances: [{ name: 'haproxy', endpoint: entrance }] })
    history.producerIs('attempt-failed', 1010, entrance, 'link-lost')
    assert.match(told(history), /^The client, dialling haproxy, met 1 reset\.$/m)
  })

  it('is a hang, too, when its connection went silent and was given up', () => {
    const history = takeover().producerIs('interrupted', 4000, A, 'heartbeat-lost')
    assert.deepEqual(signs(history), ['client-hang'])
    assert.match(
      told(history),
      /^The client gave up a silent connection to a 3 s after the fault: nothing had ended it\.$/m,
    )
  })
})

describe('A producer that was blocked', () => {
  const alarm = () =>
    new WrittenHistory({ topology: 'quorum', fault: 'memory-alarm' }).producerIs('connected', 0, A).jobs(0, 1000)

  it('is told with the broker’s own words and for how long', () => {
    const history = alarm().hurt(1000, { node: 'cluster', done: 'put under a memory alarm' })
    history.producerIs('blocked', 1100, A, 'low on memory').heal(9000, 'cluster').producerIs('unblocked', 9100, A)
    history.jobs(9150, 20_000).drain(20_100)
    assert.deepEqual(signs(history), ['blocked'])
    assert.match(
      told(history),
      /^The broker told the producer that it reads nothing more \(low on memory\): blocked for 8 s, then it read on\.$/m,
    )
    assert.match(
      told(history),
      /^No node took the place of another: the next job was confirmed through a, 8\.154 s after the cluster was put under a memory alarm; the heal came after 8 s\.$/m,
    )
  })

  it('is so until its connection or the drill ended, where it was never unblocked', () => {
    const history = alarm().hurt(1000, { node: 'cluster', done: 'put under a memory alarm' })
    history.producerIs('blocked', 1100, A, 'low on disk').producerIs('interrupted', 3100, A)
    assert.match(told(history.drain(5000)), /blocked for 2 s, until the connection or the drill ended\.$/m)
  })

  it('is told of the longest time, whatever was dialled meanwhile', () => {
    const history = alarm().hurt(1000, { node: 'cluster', done: 'put under a memory alarm' })
    history
      .producerIs('blocked', 1100, A)
      .producerIs('attempt-failed', 1500, B, 'refused')
      .producerIs('unblocked', 3100, A)
    history.producerIs('blocked', 4000, A).producerIs('unblocked', 4500, A)
    assert.match(told(history.drain(5000)), /blocked for 2 s, then it read on\.$/m)
  })

  it('is not the listener', () => {
    assert.deepEqual(signs(takeover().listenerIs('blocked', 1500, B).listenerIs('unblocked', 1600, B)), [])
  })
})

describe('Duplicates', () => {
  it('are a sign of their own', () => {
    const history = takeover()
      .attempt('job-at-500', 520, { k: 2, outcome: 'ack' })
      .delivered('job-at-500', 540, { k: 2 })
    assert.deepEqual(signs(history), ['duplicates'])
  })
})
