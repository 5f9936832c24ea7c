import assert from 'node:assert/strict'
import { type Clock, seededRandom, systemClock } from '../../clock.ts'
import type { StatusEvent } from '../../failover/status.ts'
import type { ContractGroup } from './contract-test.ts'
import { eventOf, type Stage, type StageConnection } from './stage.ts'
import { eventually, watch } from './waiting.ts'

const FIXED = { useExponentialBackOff: 'false', initialReconnectDelay: '5' }

/** The system's clock, and every delay that the client itself asks it for. */
function recordingClock(): Clock & { readonly asked: number[] } {
  const asked: number[] = []
  return {
    ...systemClock,
    asked,
    after: (delayMs, action) => {
      asked.push(delayMs)
      return systemClock.after(delayMs, action)
    },
  }
}

/** Loses a link and has every later dial fail; resolves with the delays between passes when the client gave up. */
async function delaysAfterLoss(
  stage: Stage,
  options: Readonly<Record<string, string>>,
  seed: number,
): Promise<number[]> {
  const entered = await stage.enter(options, { random: seededRandom(seed) })
  stage.front.slam()
  stage.front.cut()
  await eventOf(entered, 'failed')
  await stage.front.heal()
  return entered.events.flatMap((event) => (event.type === 'reconnecting' ? [event.delayMs] : []))
}

const count = ({ events }: StageConnection, type: StatusEvent['type']): number =>
  events.filter((event) => event.type === type).length

/** How often, and how soon, the list is tried again. */
export const reconnecting: ContractGroup = {
  name: 'URI and connect: trying again',
  tests: [
    {
      item: 10,
      title: 'startupMaxReconnectAttempts limits the first connection alone',
      needs: [],
      run: async (stage) => {
        const limits = { ...FIXED, startupMaxReconnectAttempts: '1', maxReconnectAttempts: '3' }
        stage.front.slam()
        const before = stage.front.dials
        await assert.rejects(stage.enter(limits), { code: 'attempts-exhausted' })
        assert.equal(stage.front.dials - before, 2)
        await stage.front.heal()
        const entered = await stage.enter(limits)
        const connected = stage.front.dials
        stage.front.slam()
        stage.front.cut()
        const { error } = await eventOf(entered, 'failed')
        assert.equal(error.code, 'attempts-exhausted')
        assert.equal(stage.front.dials - connected, 4)
      },
    },
    {
      item: 11,
      title: 'an attempt is a pass over the whole list, and 0 further ones are none',
      needs: [],
      run: async (stage) => {
        for (const further of [0, 2]) {
          const limit = { ...FIXED, maxReconnectAttempts: String(further) }
          const entered = await stage.through([stage.front.address, stage.back.address], limit)
          const before = [stage.front.dials, stage.back.dials] as const
          for (const door of [stage.back, stage.front]) door.slam()
          stage.front.cut()
          await eventOf(entered, 'failed')
          const dials = [stage.front.dials - before[0], stage.back.dials - before[1]]
          assert.deepEqual(dials, [further + 1, further + 1])
          assert.equal(count(entered, 'attempt-failed'), 2 * (further + 1))
          for (const door of stage.broker.doors) await door.heal()
        }
      },
    },
    {
      item: 12,
      title: 'delays double up to their cap, and jitter only shortens them',
      needs: [],
      run: async (stage) => {
        const options = { initialReconnectDelay: '4', maxReconnectDelay: '50', maxReconnectAttempts: '6' }
        const doubled = [4, 8, 16, 32, 50, 50]
        assert.deepEqual(await delaysAfterLoss(stage, { ...options, jitter: '0' }, 1), doubled)
        const [one, other] = [
          await delaysAfterLoss(stage, { ...options, jitter: '0.5' }, 1),
          await delaysAfterLoss(stage, { ...options, jitter: '0.5' }, 2),
        ]
        for (const delays of [one, other]) {
          assert.equal(delays.length, doubled.length)
          for (const [index, delay] of delays.entries()) {
            const longest = doubled[index] ?? 0
            assert.ok(delay <= longest && delay >= longest / 2, `${delay} of ${longest}`)
          }
        }
        assert.notDeepEqual(one, other)
      },
    },
    {
      item: 13,
      title: 'a broker whose connections keep dying young is dialled ever more slowly',
      needs: [],
      run: async (stage) => {
        const clock = recordingClock()
        const options = {
          initialReconnectDelay: '3',
          maxReconnectDelay: '100',
          jitter: '0',
          stabilityWindow: '600000',
        }
        const entered = await stage.enter(options, { clock })
        const before = stage.front.dials
        const flaps = 10
        clock.asked.length = 0
        for (let flap = 1; flap <= flaps; flap++) {
          stage.front.cut()
          await eventually(`link ${flap + 1}`, () => count(entered, 'resumed') === flap)
        }
        assert.equal(stage.front.dials - before, flaps)
        const delays = clock.asked.filter((delayMs) => delayMs <= 100)
        assert.deepEqual(delays, [3, 6, 12, 24, 48, 96, 100, 100])
      },
    },
    {
      item: 14,
      title: 'a connect is given up by its signal while a broker is being dialled',
      needs: ['silence'],
      run: async (stage) => {
        stage.front.mute()
        const before = stage.front.dials
        const caller = new AbortController()
        const connecting = stage.enter({ connectTimeout: '600000' }, { signal: caller.signal })
        const watched = watch(connecting)
        await eventually('the dial', () => stage.front.dials > before)
        assert.equal(watched.state(), 'pending')
        caller.abort()
        await assert.rejects(connecting, { code: 'aborted' })
        await stage.front.heal()
        await eventually('the end of its connection', () => stage.front.open === 0)
      },
    },
    {
      item: 14,
      title: 'a connect is given up by its signal while it waits for the next attempt, and by one that has fired',
      needs: [],
      run: async (stage) => {
        stage.front.slam()
        const before = stage.front.dials
        const caller = new AbortController()
        const clock = recordingClock()
        const options = { initialReconnectDelay: '600000', maxReconnectDelay: '600000', jitter: '0' }
        const connecting = stage.enter(options, { signal: caller.signal, clock })
        const watched = watch(connecting)
        await eventually('the pause', () => clock.asked.includes(600_000))
        assert.equal(watched.state(), 'pending')
        caller.abort()
        await assert.rejects(connecting, { code: 'aborted' })
        assert.equal(stage.front.dials - before, 1)
        await assert.rejects(stage.enter({}, { signal: caller.signal }), { code: 'aborted' })
      },
    },
  ],
}
