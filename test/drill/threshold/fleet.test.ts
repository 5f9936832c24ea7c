import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { type FleetOptions, runFleet, type Station } from '../../../src/drill/threshold/fleet.ts'
import { type Step, stepKey } from '../../../src/drill/threshold/method.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const clock = new FakeClock()

interface Work {
  readonly options: FleetOptions
  readonly done: string[]
  /** `up 0`, `down 0`, in their order. */
  readonly stations: string[]
}

/** Steps 0 to `steps` - 1, each made by `make`, which defaults to doing nothing. */
function work(
  steps: number,
  more: Partial<FleetOptions> = {},
  make: (step: Step) => Promise<void> = async () => {},
): Work {
  const done: string[] = []
  const stations: string[] = []
  const options: FleetOptions = {
    parallel: 1,
    open: () =>
      Array.from({ length: steps }, (_, index) => ({ kind: 'direct', index }) as const).filter(
        (step) => !done.includes(stepKey(step)),
      ),
    openStation: async (number): Promise<Station> => {
      stations.push(`up ${number}`)
      return {
        run: async (step) => {
          await make(step)
          done.push(stepKey(step))
        },
        close: async () => void stations.push(`down ${number}`),
      }
    },
    budgetMs: 1000,
    stepMs: () => 1,
    clock,
    onFailure: () => stations.push('failed'),
    ...more,
  }
  return { options, done, stations }
}

const forEver = (): AbortSignal => new AbortController().signal

describe('a fleet of labs', () => {
  it('makes every step once, on labs that stay up until the end', async () => {
    const { options, done, stations } = work(3)
    assert.equal(await runFleet(options, forEver()), false)
    assert.deepEqual(done, ['direct-001', 'direct-002', 'direct-003'])
    assert.deepEqual(stations, ['up 0', 'down 0'])
  })

  it('works side by side, no step twice, and puts up no lab that has nothing to do', async () => {
    const together = Promise.withResolvers<void>()
    let atWork = 0
    const { options, done, stations } = work(2, { parallel: 3 }, async () => {
      if (++atWork === 2) together.resolve()
      await together.promise
    })
    await runFleet(options, forEver())
    assert.deepEqual(done.toSorted(), ['direct-001', 'direct-002'])
    assert.deepEqual(
      stations.filter((one) => one.startsWith('up')),
      ['up 0', 'up 1'],
    )
    assert.equal(stations.length, 4)
  })

  it('begins no step that the budget has no room for, and says so', async () => {
    const { options, done } = work(3, { budgetMs: 0 })
    assert.equal(await runFleet(options, forEver()), true)
    assert.deepEqual(done, [])
  })

  it('replaces a lab that fails, and makes the step again', async () => {
    let failures = 0
    const { options, done, stations } = work(2, {}, async () => {
      if (failures++ === 0) throw new Error('connect ETIMEDOUT')
    })
    await runFleet(options, forEver())
    assert.deepEqual(done, ['direct-001', 'direct-002'])
    assert.deepEqual(stations, ['up 0', 'failed', 'down 0', 'up 0', 'down 0'])
  })

  it('gives up with what the third lab in a row failed with, and takes all down', async () => {
    const { options, stations } = work(2, {}, () =>
      Promise.reject(new UnderstudyError('deadline', 'the broker did not start')),
    )
    await assert.rejects(runFleet(options, forEver()), { message: 'the broker did not start' })
    const replaced = ['up 0', 'failed', 'down 0']
    assert.deepEqual(stations, [...replaced, ...replaced, 'up 0', 'down 0'])
  })

  it('does not try again what another lab would not change', async () => {
    const { options, stations } = work(2, {}, () => Promise.reject(new UnderstudyError('storage', 'the disk is full')))
    await assert.rejects(runFleet(options, forEver()), { code: 'storage' })
    assert.deepEqual(stations, ['up 0', 'down 0'])
  })

  it('tells at once that there are no such brokers here, and replaces one that does not start again', async () => {
    const missing = new UnderstudyError('unsupported', 'ActiveMQ is not installed')
    const nowhere = work(1, { openStation: () => Promise.reject(missing) })
    await assert.rejects(runFleet(nowhere.options, forEver()), missing)
    assert.deepEqual(nowhere.stations, [])
    let failures = 0
    const { options, done } = work(1, {}, async () => {
      if (failures++ === 0) throw new UnderstudyError('unsupported', 'broker a did not start')
    })
    await runFleet(options, forEver())
    assert.deepEqual(done, ['direct-001'])
  })

  it('ends the others when one fails for good', async () => {
    const { options, stations } = work(2, { parallel: 2 })
    const broken = {
      ...options,
      openStation: async (number: number, signal: AbortSignal): Promise<Station> => {
        const station = await options.openStation(number, signal)
        if (number === 0)
          return { ...station, run: () => Promise.reject(new UnderstudyError('storage', 'the disk is full')) }
        const until = (ended: AbortSignal): Promise<void> =>
          new Promise((_, reject) => ended.addEventListener('abort', () => reject(ended.reason)))
        return { ...station, run: (_, ended) => until(ended) }
      },
    }
    await assert.rejects(runFleet(broken, forEver()), { code: 'storage' })
    assert.equal(stations.filter((one) => one.startsWith('down')).length, 2)
  })

  it('takes every lab down when it is interrupted', async () => {
    const interrupt = new AbortController()
    const { options, stations } = work(2, {}, async () => {
      interrupt.abort()
      throw new UnderstudyError('aborted', 'the caller aborted the operation')
    })
    await assert.rejects(runFleet(options, interrupt.signal), { code: 'aborted' })
    assert.deepEqual(stations, ['up 0', 'down 0'])
  })

  it('says of an interruption what could not be healed', async () => {
    const interrupt = new AbortController()
    const { options } = work(2, {}, async () => {
      interrupt.abort()
      throw new UnderstudyError('deadline', 'broker a did not go on')
    })
    await assert.rejects(runFleet(options, interrupt.signal), { message: 'broker a did not go on' })
  })
})
