import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, pause, sleep } from '../../../src/clock.ts'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import { drillByScript, type ScriptedDown } from '../../support/scripted-outages.ts'

const SCRIPT = { everyMs: 50, redialMs: 5 }

function timeOf(events: readonly HistoryEvent[], type: HistoryEvent['type']): number {
  const event = events.find((one) => one.type === type)
  assert.ok(event, `there is no ${type}`)
  return event.t / 1e6
}

/** Six jobs or so of every eight wait up to 300 ms for their confirm: they flow, and are late. */
function lateFrom(ms: number, times: number): readonly ScriptedDown[] {
  return Array.from({ length: times }, (_, index) => ({ fromMs: ms + 400 * index, untilMs: ms + 400 * index + 300 }))
}

describe('A drill', () => {
  it('goes on until its window of jobs in bounds is whole, where jobs flow but are late at first', async () => {
    const downs = [{ fromMs: 0, untilMs: 1000 }]
    const holds = lateFrom(1100, 6)
    const { recoveryMs, verdict } = judge(await drillByScript({ ...SCRIPT, seed: 3, downs, holds }))
    assert.equal(verdict, 'pass')
    assert.ok(recoveryMs !== null && recoveryMs >= 3100, `${recoveryMs}`)
  })

  it('watches no longer than is worth while when jobs stay late', async () => {
    const downs = [{ fromMs: 0, untilMs: 1000 }]
    const holds = lateFrom(1100, 200)
    const events = await drillByScript({ ...SCRIPT, seed: 3, downs, holds })
    assert.equal(judge(events).recoveryMs, null)
    assert.ok(timeOf(events, 'drain') - timeOf(events, 'fault') < 20_000)
  })

  it('does not wait for jobs that later ones have overtaken before its drain does', async () => {
    const downs = [{ fromMs: 0, untilMs: 1000 }]
    const strays = { from: 60, count: 30 }
    const events = await drillByScript({ ...SCRIPT, seed: 3, downs, strays })
    assert.equal(judge(events).jobs.lost, 30)
    // Held for 2 s, watched for 2 s, drained for 30 s.
    assert.ok(timeOf(events, 'drain') - timeOf(events, 'fault') < 40_000)
  })

  it('stops waiting for brokers to settle as soon as an abort condition is met, and says which', async () => {
    const settle = async (signal: AbortSignal, clock: Clock): Promise<string> => {
      await pause(clock, 3_600_000, signal)
      return 'settled'
    }
    const downs = [
      { fromMs: 0, untilMs: 500 },
      { fromMs: 2000, untilMs: 9000 },
    ]
    const script = { ...SCRIPT, seed: 3, downs, abort: { outageMs: 3000 } }
    // The hold of such a drill is over after 10 s.
    const events = await drillByScript({ ...script, heal: settle })
    const fault = timeOf(events, 'fault')
    const heal = events.find((event) => event.type === 'heal')
    assert.ok(heal && Math.abs(timeOf(events, 'abort') - fault - 5000) < 200, `${timeOf(events, 'abort') - fault}`)
    assert.ok(heal.t / 1e6 - fault < 5300)
    assert.equal(heal.how, 'settled at once')
    const { reasons } = judge(events)
    assert.deepEqual(reasons, ['The drill was aborted after the fault: no job was confirmed for 3 s.'])
  })

  it('heals and goes on to its end when an abort condition cuts a proof short', async () => {
    const proof = async (signal: AbortSignal, clock: Clock): Promise<undefined> => {
      await sleep(clock, 600_000, signal)
    }
    const heal = (): Promise<string> => Promise.resolve('undone')
    const downs = [{ fromMs: 0, untilMs: 4000 }]
    const events = await drillByScript({ ...SCRIPT, seed: 3, downs, proof, heal, abort: { outageMs: 2000 } })
    assert.ok(timeOf(events, 'heal') - timeOf(events, 'fault') < 2300)
    assert.ok(timeOf(events, 'drain') > timeOf(events, 'heal'))
    assert.match(
      judge(events).reasons.join(' '),
      /aborted after the fault: no job was confirmed for 2 s\..*Nothing proves/,
    )
  })

  it('stops settling for an abort condition that is met only then', async () => {
    const settle = async (signal: AbortSignal, clock: Clock): Promise<string> => {
      await pause(clock, 3_600_000, signal)
      return 'settled'
    }
    // Held until 1 s after the script, so that this outage comes while the heal settles.
    const downs = [{ fromMs: 0, untilMs: 500 }]
    const holds = [{ fromMs: 2500, untilMs: 9000 }]
    const events = await drillByScript({ ...SCRIPT, seed: 3, downs, holds, abort: { outageMs: 3000 }, heal: settle })
    const fault = timeOf(events, 'fault')
    assert.ok(timeOf(events, 'heal') - fault < 6000, `${timeOf(events, 'heal') - fault}`)
    assert.ok(timeOf(events, 'abort') <= timeOf(events, 'heal'))
  })
})
