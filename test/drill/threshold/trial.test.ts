import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sleep } from '../../../src/clock.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import type { TrialPlan } from '../../../src/drill/threshold/trial.ts'
import { trialByScript } from '../../support/scripted-outages.ts'

const DIRECT: TrialPlan = { key: 'direct-001', kind: 'direct', stage: 0, index: 0, seed: 5, atMs: undefined }
const CONFIRM: TrialPlan = { ...DIRECT, key: 'confirm-1-001', kind: 'confirm', stage: 1, atMs: 1500 }
const SCRIPT = { everyMs: 20, redialMs: 5, seed: 5, downs: [{ fromMs: 0, untilMs: 2000 }] }

function near(actual: number | null | undefined, expected: number, within: number): void {
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) <= within, `${actual}, and not ${expected}`)
}

describe('one trial', () => {
  it('measures the threshold of an outage, and for how long no job was confirmed', async () => {
    const { record, void: why, failure } = await trialByScript(SCRIPT, DIRECT)
    assert.equal(why, undefined)
    assert.equal(failure, undefined)
    near(record?.thresholdMs, 2000, 50)
    near(record?.silentMs?.upper, 2000, 60)
  })

  it('finds that the one-retry producer held, or did not, at its threshold', async () => {
    const short = await trialByScript(SCRIPT, CONFIRM)
    assert.equal(short.record?.article?.held, false)
    assert.ok((short.record.thresholdMs ?? 0) > 1500)
    const long = await trialByScript(SCRIPT, { ...CONFIRM, atMs: 2100 })
    assert.equal(long.record?.article?.held, true)
    assert.equal(long.record.article.failed, 0)
  })

  it('does not hold by a retry that came late as the measuring process stood still, and a verification is made again', async () => {
    // By the broker's own time it was away for 1.4 s, and a retry after 1.5 s meets it. Nobody can tell any more.
    const script = { ...SCRIPT, downs: [{ fromMs: 0, untilMs: 1400 }], stall: { atMs: 700, forMs: 3000 } }
    const { record } = await trialByScript(script, CONFIRM)
    assert.equal(record?.article?.failed, 0)
    assert.equal(record.article.held, false)
    assert.ok((record.thresholdMs ?? 0) > 4000)
    const verified = await trialByScript(script, { ...CONFIRM, kind: 'verify', key: 'verify-001' })
    assert.equal(verified.record, undefined)
    assert.match(verified.void ?? '', /stood still/)
  })

  it('counts a run whose brokers could not be brought back afterwards: its outage was seen', async () => {
    const broken = new UnderstudyError('deadline', 'node a did not start')
    const heal = (): Promise<never> => Promise.reject(broken)
    const { record, failure } = await trialByScript({ ...SCRIPT, heal }, CONFIRM)
    assert.equal(failure, broken)
    near(record?.thresholdMs, 2000, 150)
    assert.equal(record?.article?.held, false)
  })

  it('is made again when the brokers failed before the service was back', async () => {
    const broken = new UnderstudyError('deadline', 'the database did not start')
    const heal = (): Promise<never> => Promise.reject(broken)
    const downs = [
      { fromMs: 0, untilMs: 2000 },
      { fromMs: 2900, untilMs: 90_000 },
    ]
    const script = { ...SCRIPT, downs, heal, heals: 'after-recovery' } as const
    await assert.rejects(trialByScript(script, DIRECT), broken)
  })

  it('does not know the threshold when the service came back while a heal was under way', async () => {
    // Nobody took over for as long as that may take; the start of the broker is over 500 ms after it serves.
    const downs = [{ fromMs: 0, untilMs: 40_000 }]
    const heal = async (_: AbortSignal, clock: Parameters<typeof sleep>[0]): Promise<string> => {
      await sleep(clock, 20_000)
      return 'started again'
    }
    const { record } = await trialByScript({ ...SCRIPT, downs, heal, heals: 'after-recovery' }, DIRECT)
    assert.equal(record?.thresholdMs, null)
    assert.deepEqual(
      record.down.map(({ untilMs }) => untilMs),
      [null],
    )
  })
})
