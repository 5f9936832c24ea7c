import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Entry, ReadyList } from '../../../../adapters/memory/queue-engine/ready-list.ts'

function entry(sequence: number, priority: number): Entry<undefined> {
  return {
    sequence,
    priority,
    payload: undefined,
    sizeBytes: 0,
    persistent: true,
    expiresAtMs: undefined,
    redelivered: false,
    previous: undefined,
    next: undefined,
  }
}

function inOrder(list: ReadyList<undefined>): number[] {
  const sequences: number[] = []
  for (let at = list.first; at !== undefined; at = at.next) sequences.push(at.sequence)
  return sequences
}

test('whatever is added, taken and put back, the list is in order of priority and then of age', () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ take: fc.nat() }),
    fc.record({ putBack: fc.integer({ min: 1, max: 4 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new ReadyList<undefined>()
      const inside: Entry<undefined>[] = []
      const out: Entry<undefined>[] = []
      let sequence = 0
      for (const step of steps) {
        if ('append' in step) {
          const added = entry(++sequence, step.append)
          list.append(added)
          inside.push(added)
        } else if ('take' in step) {
          const [taken] = inside.splice(step.take % Math.max(1, inside.length), 1)
          if (taken === undefined) continue
          list.remove(taken)
          out.push(taken)
        } else {
          const back = out.splice(0, step.putBack).toSorted((a, b) => a.sequence - b.sequence)
          list.putBack(back)
          inside.push(...back)
        }
        const expected = inside.toSorted((a, b) => b.priority - a.priority || a.sequence - b.sequence)
        assert.deepEqual(
          inOrder(list),
          expected.map((one) => one.sequence),
        )
        assert.equal(list.size, inside.length)
      }
    }),
    { numRuns: 500 },
  )
})
