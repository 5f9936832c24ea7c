import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { Deadlines, type Timed } from '../../src/request/deadlines.ts'
import { FakeClock } from '../support/fake-clock.ts'

const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('begin' as const), inMs: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ do: fc.constant('end' as const), nth: fc.nat() }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 80 }) }),
  ),
  { maxLength: 40 },
)

test('each thing is late once its time has come, in the order of the deadlines, unless it ended before', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const clock = new FakeClock()
      const deadlines = new Deadlines(clock)
      const watched = new Set<Timed>()
      const late: number[] = []
      for (const step of script) {
        if (step.do === 'begin') {
          const item: Timed = {
            dueAt: clock.now() + step.inMs,
            late: () => {
              assert.ok(watched.delete(item), 'it had ended, or was late twice')
              assert.ok(item.dueAt <= clock.now(), 'it was not due')
              late.push(item.dueAt)
            },
          }
          watched.add(item)
          deadlines.begin(item)
        } else if (step.do === 'end') {
          const item = [...watched][step.nth % Math.max(1, watched.size)]
          if (!item) continue
          watched.delete(item)
          deadlines.end(item)
          deadlines.end(item)
        } else await clock.advance(step.ms)
        for (const { dueAt } of watched) assert.ok(dueAt > clock.now(), 'one was missed')
        assert.ok(clock.pending <= 1, 'more than one timer')
      }
      await clock.advance(1000)
      assert.equal(watched.size, 0)
      assert.deepEqual(
        late,
        [...late].sort((one, two) => one - two),
      )
      assert.equal(clock.pending, 0)
    }),
    { numRuns: 60 },
  )
})

test('a cleared watch has no timer and forgets all', async () => {
  const clock = new FakeClock()
  const deadlines = new Deadlines(clock)
  deadlines.begin({ dueAt: clock.now() + 5, late: () => assert.fail('it was cleared') })
  deadlines.clear()
  assert.equal(clock.pending, 0)
  await clock.advance(10)
  let late = false
  deadlines.begin({
    dueAt: clock.now() + 5,
    late: () => {
      late = true
    },
  })
  await clock.advance(5)
  assert.ok(late)
})
