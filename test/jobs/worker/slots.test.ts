import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Slots } from '../../../src/jobs/worker/slots.ts'
import { settled } from '../../support/fake-clock.ts'

/** Takes the only slot, has so many wait of each queue, and notes the order in which they get it. */
async function turns(slots: Slots, waiting: Readonly<Record<string, number>>): Promise<string[]> {
  const order: string[] = []
  const queues = Object.keys(waiting)
  assert.equal(slots.enter(queues[0] ?? ''), true)
  for (const queue of queues) {
    for (let nth = 0; nth < (waiting[queue] ?? 0); nth++) {
      const entered = slots.enter(queue)
      assert.ok(entered !== true)
      void entered.then((has) => {
        if (!has) return
        order.push(queue)
        slots.exit()
      })
    }
  }
  slots.exit()
  await settled()
  return order
}

describe('slots', () => {
  it('come to the first queue of a list first, for as long as something of it waits', async () => {
    const slots = new Slots(1, ['high', 'low'], undefined)
    assert.deepEqual(await turns(slots, { low: 2, high: 3 }), ['high', 'high', 'high', 'low', 'low'])
  })

  it('are shared by weight, spread and not in a row', async () => {
    const weights = new Map([
      ['high', 5],
      ['low', 1],
    ])
    const order = await turns(new Slots(1, ['high', 'low'], weights), { high: 10, low: 10 })
    assert.deepEqual(order.slice(0, 12).filter((queue) => queue === 'high').length, 10)
    assert.deepEqual(order.slice(0, 6).filter((queue) => queue === 'low').length, 1)
    assert.equal(order.length, 20)
  })

  it('are never more than the limit, never idle while somebody may have one, and nobody waits for ever', async () => {
    const steps = fc.array(
      fc.record({
        what: fc.constantFrom('enter' as const, 'exit' as const, 'hold' as const, 'free' as const, 'letGo' as const),
        queue: fc.constantFrom('a', 'b', 'c'),
      }),
      { maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), fc.boolean(), async (list, limit, strict) => {
        const queues = ['a', 'b', 'c']
        const slots = new Slots(
          limit,
          queues,
          strict ? undefined : new Map(queues.map((queue, nth) => [queue, nth + 1])),
        )
        const held = new Set<string>()
        let [inside, waiting, left] = [0, 0, 0]
        for (const { what, queue } of list) {
          if (what === 'enter') {
            const entered = slots.enter(queue)
            if (entered === true) inside++
            else {
              waiting++
              void entered.then((has) => {
                waiting--
                if (has) inside++
                else left++
              })
            }
          } else if (what === 'exit' && inside > 0) {
            inside--
            slots.exit()
          } else if (what === 'hold') {
            held.add(queue)
            slots.hold(queue)
          } else if (what === 'free') {
            held.delete(queue)
            slots.free(queue)
          } else if (what === 'letGo') slots.letGo(queue)
          await Promise.resolve()
          await Promise.resolve()
          assert.equal(slots.busy, inside)
          assert.ok(inside <= limit)
          const free = queues.filter((name) => !held.has(name) && slots.waiting(name) > 0)
          assert.ok(inside === limit || free.length === 0, 'a slot is idle while somebody may have it')
        }
        for (const queue of queues) slots.letGo(queue)
        await settled()
        assert.equal(waiting, 0)
        assert.ok(left >= 0)
      }),
      { numRuns: 60 },
    )
  })

  it('are not given to a queue that is held, and those that are let go get none', async () => {
    const slots = new Slots(1, ['a'], undefined)
    slots.hold('a')
    const first = slots.enter('a')
    const second = slots.enter('a')
    assert.ok(first !== true && second !== true)
    assert.equal(slots.waiting('a'), 2)
    slots.free('a')
    assert.equal(await first, true)
    slots.letGo('a')
    assert.equal(await second, false)
    assert.equal(slots.busy, 1)
  })
})
