import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../../src/drill/checker/checker.ts'
import type { Prediction } from '../../../../src/drill/fault.ts'
import { A, B, scripted, takeover, WrittenHistory } from '../../../support/history.ts'

function compared(predicted: Prediction, lastsMs: number): { readonly sentence: string; readonly off: boolean } {
  const downs = [{ fromMs: 1000, untilMs: 1000 + lastsMs }]
  const { events } = scripted({ everyMs: 100, roundTripMs: 5, phaseMs: 50, downs, untilMs: 20_000 })
  const [run, ...rest] = events
  assert.ok(run?.type === 'run')
  const { findings, signs, predicted: kept } = judge([{ ...run, predicted }, ...rest])
  assert.deepEqual(kept, predicted)
  const sentence = findings.find((finding) => finding.startsWith('Predicted')) ?? ''
  return { sentence, off: signs.includes('off-prediction') }
}

const because = 'the lock is polled every 10 s'

describe('What was predicted', () => {
  it('stands beside what was measured, within', () => {
    const { sentence, off } = compared({ lowerMs: 0, upperMs: 12_000, because }, 3000)
    assert.equal(
      sentence,
      `Predicted 0–12 s, as ${because}; the outage, by attempts and confirms together, was 2.95–3.05 s: within.`,
    )
    assert.equal(off, false)
  })

  it('is within when the bounds of the measure touch it, or miss it by no more than 100 ms', () => {
    assert.ok(!compared({ lowerMs: 0, upperMs: 2950, because }, 3000).off)
    assert.ok(!compared({ lowerMs: 3050, upperMs: 9000, because }, 3000).off)
    assert.ok(!compared({ lowerMs: 0, upperMs: 2850, because }, 3000).off)
    assert.ok(compared({ lowerMs: 0, upperMs: 2849, because }, 3000).off)
    assert.ok(compared({ lowerMs: 3151, upperMs: 9000, because }, 3000).off)
  })

  it('is a sign when the outage was longer, and by how much', () => {
    const { sentence, off } = compared({ lowerMs: 0, upperMs: 900, because }, 3000)
    assert.equal(
      sentence,
      `Predicted 0–900 ms, as ${because}; the outage, by attempts and confirms together, was 2.95–3.05 s: 2.05 s longer than predicted.`,
    )
    assert.equal(off, true)
  })

  it('is a sign when the outage was shorter', () => {
    const { sentence, off } = compared({ lowerMs: 5000, upperMs: 9000, because }, 3000)
    assert.equal(
      sentence,
      `Predicted 5–9 s, as ${because}; the outage, by attempts and confirms together, was 2.95–3.05 s: 1.95 s shorter than predicted.`,
    )
    assert.equal(off, true)
  })

  it('may last until the heal', () => {
    const { sentence, off } = compared({ lowerMs: 0, upperMs: null, because }, 3000)
    assert.equal(
      sentence,
      `Predicted until the heal at the longest, as ${because}; the outage, by attempts and confirms together, was 2.95–3.05 s: within.`,
    )
    assert.equal(off, false)
  })

  it('is compared with the time without a confirm where jobs hung and none failed', () => {
    const predicted = { lowerMs: 0, upperMs: 1000, because }
    const history = new WrittenHistory({ topology: 'quorum', predicted }).jobs(0, 1000).fault(1000, 'pause')
    for (let ms = 1000; ms < 6000; ms += 50) {
      history.due(`j${ms}`, ms).attempt(`j${ms}`, ms, { outcome: 'ack', endMs: 6000 }).delivered(`j${ms}`, 6010)
    }
    const { outage, findings, signs } = judge(history.jobs(6050, 20_000).drain(20_100).events)
    assert.equal(outage.producerMs, null)
    assert.deepEqual(outage.withoutConfirmMs, { lower: 4996, upper: 5000 })
    assert.ok(
      findings.includes('No attempt to send failed after the fault, but for 4.996 s and more no job was confirmed.'),
    )
    assert.ok(signs.includes('off-prediction'))
    assert.ok(
      findings.includes(
        `Predicted 0–1 s, as ${because}; the longest time without a confirm was 4.996–5 s: 3.996 s longer than predicted.`,
      ),
      findings.join('\n'),
    )
  })

  it('is compared with what there was at least when no job was confirmed any more', () => {
    const predicted = { lowerMs: 0, upperMs: 1000, because }
    const history = new WrittenHistory({ predicted }).jobs(0, 1000).fault(1000)
    for (let ms = 1000; ms <= 4000; ms += 50)
      history.due(`j${ms}`, ms).attempt(`j${ms}`, ms, { by: null, outcome: 'refused' })
    const { findings, signs, outage } = judge(history.drain(5000).events)
    assert.deepEqual(outage.withoutConfirmMs, { lower: 3000, upper: null })
    assert.ok(signs.includes('off-prediction'))
    assert.ok(
      findings.includes(
        `Predicted 0–1 s, as ${because}; the longest time without a confirm was at least 3 s, to the end: 2 s longer than predicted.`,
      ),
    )
  })

  it('names the figure, and when it began where jobs had flowed again before', () => {
    const predicted = { lowerMs: 0, upperMs: 2000, because }
    const history = new WrittenHistory({ predicted }).jobs(0, 1000).fault(1000)
    for (let ms = 1000; ms < 1200; ms += 50)
      history.due(`j${ms}`, ms).attempt(`j${ms}`, ms, { by: null, outcome: 'refused' })
    history.jobs(1200, 5000, B)
    for (let ms = 5000; ms < 5800; ms += 50)
      history.due(`j${ms}`, ms).attempt(`j${ms}`, ms, { by: B, outcome: 'ack', endMs: 5800 }).delivered(`j${ms}`, 5810)
    const { findings, outage } = judge(history.jobs(5800, 20_000, B).drain(20_100).events)
    assert.ok(outage.producerMs !== null && outage.producerMs.upper < 400)
    const sentence = findings.find((finding) => finding.startsWith('Predicted')) ?? ''
    assert.match(
      sentence,
      /; the longest time without a confirm was \d+–\d+ ms, beginning (3\.9\d*|4) s after the fault: within\.$/,
    )
  })

  it('does not call the beat of the jobs a time that began later', () => {
    const predicted = { lowerMs: 0, upperMs: 2000, because }
    const history = new WrittenHistory({ predicted }).jobs(0, 1000).fault(1000).jobs(1000, 9000, B)
    const { findings } = judge(history.jobs(9080, 20_000, B).drain(20_100).events)
    const sentence = findings.find((finding) => finding.startsWith('Predicted')) ?? ''
    assert.match(sentence, /; the longest time without a confirm was [^,]*: within\.$/)
  })

  it('is compared with the end of the drill, too, when confirms came for a while and then no more', () => {
    const predicted = { lowerMs: 0, upperMs: 1000, because }
    const history = new WrittenHistory({ topology: 'quorum', predicted }).jobs(0, 1000).fault(1000).jobs(1000, 1100, B)
    for (let ms = 1100; ms <= 4100; ms += 50) history.due(`j${ms}`, ms)
    const { findings, outage } = judge(history.drain(5000).events)
    assert.deepEqual(outage.withoutConfirmMs, { lower: 3000, upper: null })
    assert.match(
      findings.join('\n'),
      /the longest time without a confirm was at least 3 s, to the end: 2 s longer than predicted\.$/m,
    )
  })

  it('is nothing to compare with before the fault was proven', () => {
    const history = takeover({ predicted: { lowerMs: 0, upperMs: 0, because } })
    const { signs, outage } = judge(history.events.filter(({ type }) => type !== 'proof'))
    assert.deepEqual(signs, [])
    assert.equal(outage.withoutConfirmMs, null)
  })
})

describe('The time without a confirm', () => {
  it('is no longer than a period where nothing was interrupted', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000, 'kill', 'b').jobs(1000, 12_000).drain(12_100)
    assert.deepEqual(judge(history.events).outage.withoutConfirmMs, { lower: 0, upper: 50 })
  })

  it('reaches to the first confirm, through whichever broker', () => {
    const { withoutConfirmMs, producerMs } = judge(takeover().events).outage
    assert.deepEqual(withoutConfirmMs, { lower: 246, upper: 250 })
    assert.deepEqual(producerMs, { lower: 200, upper: 292 })
  })

  it('is not ended by jobs of before, which fell due earlier', () => {
    const history = new WrittenHistory().jobs(0, 1000).fault(1000).due('j', 1000)
    history.attempt('j', 1000, { by: A, outcome: 'ack', endMs: 3000 }).jobs(3050, 5000, B).drain(6000)
    assert.deepEqual(judge(history.events).outage.withoutConfirmMs, { lower: 1996, upper: 2000 })
  })
})
