import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { CopiesThatWait, RunsInHand } from '../../../src/jobs/worker/runs-in-hand.ts'
import { settled } from './working.ts'

const KEY = 'j/0/1'

test('of copies at several places one runs at a time, and none waits for ever, whoever does not take its turn', async () => {
  const copy = fc.record({
    place: fc.integer({ min: 0, max: 2 }),
    /** As one whose subscription ends just when it is called. */
    gives: fc.constantFrom('nothing' as const, 'up' as const),
    comesAfter: fc.integer({ min: 0, max: 4 }),
    waitsForSlot: fc.integer({ min: 0, max: 4 }),
    runsFor: fc.integer({ min: 0, max: 4 }),
  })
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await Promise.resolve()
  }
  await fc.assert(
    fc.asyncProperty(fc.array(copy, { minLength: 1, maxLength: 30 }), async (list) => {
      const runs = new RunsInHand()
      const places = [1, 2, 3].map(() => new CopiesThatWait(runs))
      let [running, over] = [0, 0]
      const deliver = async ({ place, gives, comesAfter, waitsForSlot, runsFor }: (typeof list)[number]) => {
        const copies = places[place]
        assert.ok(copies)
        await turns(comesAfter)
        for (;;) {
          while (runs.has(KEY)) assert.equal(await copies.wait(KEY), true)
          await turns(waitsForSlot)
          if (gives === 'up') {
            copies.callNext(KEY)
            break
          }
          if (!runs.begin(KEY)) continue
          assert.equal(++running, 1)
          await turns(runsFor)
          running--
          runs.end(KEY)
          break
        }
        over++
      }
      const all = list.map(deliver)
      await settled()
      assert.equal(over, list.length, 'a copy waits for ever')
      await Promise.all(all)
    }),
    { numRuns: 200 },
  )
})

test('copies that are let go wait no longer, and nobody calls them', async () => {
  const runs = new RunsInHand()
  const [one, other] = [new CopiesThatWait(runs), new CopiesThatWait(runs)]
  runs.begin(KEY)
  const waiting = [one.wait(KEY), one.wait(KEY), other.wait(KEY)]
  one.letGo()
  runs.end(KEY)
  assert.deepEqual(await Promise.all(waiting), [false, false, true])
})
