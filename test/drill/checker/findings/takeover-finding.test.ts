import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../../src/drill/checker/checker.ts'
import type { Topology } from '../../../../src/drill/broker-control.ts'
import { A, B, WrittenHistory } from '../../../support/history.ts'

interface Case {
  readonly topology: Topology
  readonly node: string
  readonly endpoint: string | null
  readonly done: string
  /** Which broker the next job is confirmed through, and when; the heal comes at 3,000 ms. */
  readonly next: { readonly by: string; readonly ms: number } | undefined
  readonly sentence: string
}

/** `a` serves until 1,000 ms. */
function sentenceOf({ topology, node, endpoint, done, next }: Case): readonly string[] {
  const history = new WrittenHistory({ topology }).producerIs('connected', 0, A).jobs(0, 1000)
  history.hurt(1000, { node, endpoint, done }).heal(3000, node)
  if (next) history.jobs(next.ms, 15_000, next.by)
  return judge(history.drain(16_000).events).findings
}

// What the faults of the labs do, by the words of their aims.
const CASES: readonly Case[] = [
  {
    topology: 'lock',
    node: 'a',
    endpoint: A,
    done: 'robbed of its lock',
    next: { by: B, ms: 1250 },
    sentence: 'b took over: its first confirm came 254 ms after a was robbed of its lock.',
  },
  {
    topology: 'lock',
    node: 'database',
    endpoint: null,
    done: 'restarted',
    next: { by: B, ms: 1250 },
    sentence: 'b took over: its first confirm came 254 ms after the database was restarted.',
  },
  {
    topology: 'lock',
    node: 'database',
    endpoint: null,
    done: 'restarted',
    next: { by: A, ms: 1250 },
    sentence: 'Nobody took over: the next job was confirmed through a, 254 ms after the database was restarted.',
  },
  {
    topology: 'lock',
    node: 'database',
    endpoint: null,
    done: 'paused',
    next: { by: A, ms: 3050 },
    sentence:
      'Nobody took over: the next job was confirmed through a, 2.054 s after the database was paused; the heal came after 2 s.',
  },
  {
    topology: 'lock',
    node: 'database',
    endpoint: null,
    done: 'paused',
    next: undefined,
    sentence:
      'Nobody took over after the database was paused, and no job was confirmed any more; the heal came after 2 s.',
  },
  {
    topology: 'lock',
    node: 'database',
    endpoint: null,
    done: 'paused',
    next: { by: B, ms: 3050 },
    sentence: 'b took over: its first confirm came 2.054 s after the database was paused; the heal came after 2 s.',
  },
  {
    topology: 'lock',
    node: 'a',
    endpoint: A,
    done: 'cut off from its clients',
    next: { by: A, ms: 1050 },
    sentence: 'Nobody took over: the next job was confirmed through a, 54 ms after a was cut off from its clients.',
  },
  {
    topology: 'quorum',
    node: 'majority',
    endpoint: null,
    done: 'killed (a and b)',
    next: { by: B, ms: 3050 },
    sentence:
      'No node took the place of another: the next job was confirmed through b, 2.054 s after the majority was killed (a and b); the heal came after 2 s.',
  },
  {
    topology: 'quorum',
    node: 'b',
    endpoint: B,
    done: 'killed',
    next: { by: A, ms: 1000 },
    sentence: 'No node took the place of another: the next job was confirmed through a, 4 ms after b was killed.',
  },
  {
    topology: 'quorum',
    node: 'a',
    endpoint: A,
    done: 'paused',
    next: { by: B, ms: 2000 },
    sentence: 'No node took the place of another: the next job was confirmed through b, 1.004 s after a was paused.',
  },
  {
    topology: 'quorum',
    node: 'a',
    endpoint: A,
    done: 'cut off from the other nodes',
    next: { by: A, ms: 3050 },
    sentence:
      'No node took the place of another: the next job was confirmed through a, 2.054 s after a was cut off from the other nodes; the heal came after 2 s.',
  },
  {
    topology: 'home-node',
    node: 'a',
    endpoint: A,
    done: 'cut off from its clients',
    next: { by: B, ms: 1050 },
    sentence:
      'No node took the place of another: the next job was confirmed through b, 54 ms after a was cut off from its clients.',
  },
  {
    topology: 'home-node',
    node: 'cluster',
    endpoint: null,
    done: 'put under a disk alarm',
    next: { by: A, ms: 3050 },
    sentence:
      'No node took the place of another: the next job was confirmed through a, 2.054 s after the cluster was put under a disk alarm; the heal came after 2 s.',
  },
  {
    topology: 'lock',
    node: 'b',
    endpoint: B,
    done: 'cut off from everybody',
    next: { by: A, ms: 1000 },
    sentence: 'b was cut off from everybody, which was not serving: there was nothing to take over.',
  },
]

describe('What is told of a takeover', () => {
  for (const one of CASES) {
    const next = one.next ? `, and ${one.next.by === A ? 'a' : 'b'} confirms at ${one.next.ms} ms` : ''
    it(`is true when ${one.node} (${one.topology}) was ${one.done}${next}`, () => {
      const findings = sentenceOf(one)
      assert.ok(findings.includes(one.sentence), findings.join('\n'))
    })
  }

  it('names what was hurt with its article where it is no broker, also in what failed and what is not proven', () => {
    const history = new WrittenHistory({ topology: 'lock' }).jobs(0, 1000)
    history.hurt(1000, { node: 'database', done: 'paused' }).drain(9000)
    assert.deepEqual(judge(history.events).reasons, ['No job was confirmed in the 8 s after the database was paused.'])
    const unproven = judge(history.events.filter((event) => event.type !== 'proof'))
    assert.deepEqual(unproven.reasons, ['Nothing proves that the fault took effect on the database.'])
  })

  it('counts what came while the heal was under way as brought about by it', () => {
    const history = new WrittenHistory({ topology: 'lock' })
      .jobs(0, 1000)
      .hurt(1000, { node: 'database', done: 'paused' })
    history.jobs(3050, 15_000).at(4000, { type: 'heal', node: 'database', how: 'started again', orderedNs: 3000e6 })
    const { findings } = judge(history.drain(16_000).events)
    assert.match(findings.join('\n'), /through a, 2\.054 s after the database was paused; the heal came after 2 s\.$/m)
  })

  it('times the failover of a fault that hit no one broker from the one that had served', () => {
    const history = new WrittenHistory({ topology: 'lock' }).producerIs('connected', 0, A).jobs(0, 1000)
    history.hurt(1000, { node: 'database', done: 'restarted' }).producerIs('interrupted', 1100, A).lockTaken(1200)
    history.probe(1220, 'b', 'serving').producerIs('resumed', 1240, B).jobs(1250, 15_000, B).drain(16_000)
    const { failoverMs, failoverParts, takenOverBy, objectives } = judge(history.events)
    assert.equal(failoverMs, 254)
    assert.equal(takenOverBy, 'b')
    assert.deepEqual(
      failoverParts.map(({ name, ms }) => [name, ms]),
      [
        ['detect', 100],
        ['lock', 100],
        ['promote', 20],
        ['reconnect', 20],
        ['confirm', 14],
      ],
    )
    assert.equal(objectives[0]?.name, 'service')
  })
})
