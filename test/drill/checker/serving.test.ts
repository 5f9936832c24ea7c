import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../src/drill/checker/checker.ts'
import { summaryLine } from '../../../src/drill/checker/objectives.ts'
import { A, takeover, WrittenHistory } from '../../support/history.ts'

function twoMasters(history: WrittenHistory): boolean {
  const objective = judge(history.events).objectives.find(({ name }) => name === 'one master')
  assert.ok(objective)
  return objective.met === false
}

describe('Two masters', () => {
  it('are seen when one was found serving before and after the other answered', () => {
    const history = new WrittenHistory()
      .probe(100, 'a', 'serving')
      .probe(200, 'b', 'serving')
      .probe(300, 'a', 'serving')
    assert.ok(twoMasters(history))
  })

  it('are seen when both were found serving all along', () => {
    assert.ok(twoMasters(new WrittenHistory().probes(0, 900, 'a', 'serving').probes(50, 950, 'b', 'serving')))
  })

  it('are told in the summary as a clause, with no figure to be actual', () => {
    const { events } = new WrittenHistory().probes(0, 900, 'a', 'serving').probes(50, 950, 'b', 'serving')
    assert.match(summaryLine(judge(events)), /one master: FAIL \((?!actual)[ab] /)
  })

  it('are not seen when one was found down in between', () => {
    const history = new WrittenHistory().probe(100, 'a', 'serving').probe(150, 'a', 'refused')
    history.probe(200, 'b', 'serving').probe(250, 'b', 'refused').probe(300, 'a', 'serving')
    assert.ok(!twoMasters(history))
  })

  it('are not seen in a takeover, however quick', () => {
    const history = takeover().probes(0, 900, 'a', 'serving').probes(1000, 5000, 'a', 'refused')
    assert.ok(!twoMasters(history.probes(1230, 5030, 'b', 'serving')))
  })

  it('are found whichever reign began first, also after earlier ones', () => {
    const history = new WrittenHistory().probe(0, 'a', 'serving').probe(10, 'a', 'refused')
    history
      .probe(20, 'b', 'serving')
      .probe(30, 'b', 'refused')
      .probes(100, 900, 'b', 'serving')
      .probe(500, 'a', 'serving')
    assert.ok(twoMasters(history))
  })
})

describe('What the hurt broker answered', () => {
  const paused = () => new WrittenHistory({ fault: 'pause' }).jobs(0, 1000).fault(1000, 'pause')

  it('is told until it was healed', () => {
    const history = paused().probes(1100, 3000, 'a', 'mute').heal(3050).probes(3100, 5000, 'a', 'refused')
    assert.match(judge(history.events).findings[0] ?? '', /^a accepted connections and answered nothing for 2 s:/)
  })

  it('is told until it served again', () => {
    const history = paused().probes(1100, 2000, 'a', 'mute').probe(2100, 'a', 'serving').probe(9000, 'a', 'mute')
    assert.match(judge(history.events).findings[0] ?? '', /^a accepted connections and answered nothing for 1 s:/)
  })

  it('is not mistaken when an answer was still on its way as the fault struck', () => {
    const history = paused().probe(1001, 'a', 'serving').probes(1100, 2000, 'a', 'mute')
    assert.match(judge(history.events).findings[0] ?? '', /answered nothing for 1 s/)
  })

  it('is what was met most often', () => {
    const history = paused().probe(1001, 'a', 'reset').probes(1100, 2000, 'a', 'refused')
    assert.equal(judge(history.events).findings[0], 'a refused connections for 1 s: a refusal, not a hang.')
  })

  it('is no refusal where it served on and then stands by, as another has its lock and nothing had to be healed', () => {
    const robbed = new WrittenHistory({ fault: 'lock-kill' }).jobs(0, 1000)
    robbed.hurt(1000, { node: 'a', endpoint: A, done: 'cut off from its lock' })
    robbed.probes(1100, 4000, 'a', 'serving').lockTaken(2000).probes(4100, 9000, 'a', 'refused')
    const { findings, signs } = judge(robbed.events)
    assert.equal(
      findings[0],
      'a still served for 3 s after the fault, then refused connections, as a broker that stands by does.',
    )
    assert.ok(!signs.includes('refusal'))
  })

  it('counts from when it stopped serving, and until another had its place', () => {
    const robbed = new WrittenHistory({ fault: 'lock-kill' }).jobs(0, 1000)
    robbed.hurt(1000, { node: 'a', endpoint: A, done: 'cut off from its lock' })
    robbed.probes(1100, 4000, 'a', 'serving').probes(4100, 9000, 'a', 'refused').lockTaken(5000)
    assert.equal(
      judge(robbed.events).findings[0],
      'a still served for 3 s after the fault, then refused connections for 1 s: a refusal, not a hang.',
    )
  })

  it('is not told of a broker that nobody asked', () => {
    assert.match(judge(paused().events).findings[0] ?? '', /^Nobody took over while a was paused/)
  })
})
