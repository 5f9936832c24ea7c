import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Glance } from '../../src/dashboard/live/glance.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'

describe('a glance', () => {
  it('looks once for all who ask, keeps what it saw, and says why it sees no more', async () => {
    const clock = new FakeClock()
    let looks = 0
    let fails = false
    const glance = glanceOf(clock, async () => {
      looks++
      if (fails) throw new Error('away')
      return looks
    })
    await Promise.all([glance.fresh(100), glance.fresh(100)])
    assert.equal(looks, 1)
    assert.deepEqual(glance.seen.value, 1)
    fails = true
    await clock.advance(1000)
    const seen = await glance.fresh(100)
    assert.deepEqual([seen.value, seen.error], [1, 'it could not be read: Error: away'])
    glance.expire()
    await glance.close()
    glance.poke()
    assert.equal(looks, 2)
    assert.equal(clock.pending, 0)
  })

  it('shows nothing of a look that began before something was changed', async () => {
    const clock = new FakeClock()
    const looks: PromiseWithResolvers<string>[] = []
    const glance = glanceOf(clock, () => {
      const look = Promise.withResolvers<string>()
      looks.push(look)
      return look.promise
    })
    glance.poke()
    glance.expire()
    const seen = glance.fresh(500)
    looks[0]?.resolve('before')
    await settled()
    looks[1]?.resolve('after')
    assert.equal((await seen).value, 'after')
    await clock.advance(1000)
    glance.poke()
    glance.see('told')
    looks[2]?.resolve('before that')
    await settled()
    assert.equal(glance.seen.value, 'told')
    looks[3]?.resolve('since')
    await glance.close()
    assert.equal(glance.seen.value, 'since')
    assert.equal(clock.pending, 0)
  })

  it('waits for no look longer than it is given', async () => {
    const clock = new FakeClock()
    const look = Promise.withResolvers<number>()
    const glance = glanceOf(clock, () => look.promise)
    const seen = glance.fresh(500)
    await clock.advance(500)
    assert.equal((await seen).value, undefined)
    look.resolve(1)
    await glance.close()
    assert.equal(glance.seen.value, 1)
  })
})

/** A look a second at most. */
function glanceOf<Value>(clock: FakeClock, look: () => Promise<Value>): Glance<Value> {
  return new Glance({
    clock,
    everyMs: 1000,
    trouble: 'it could not be read',
    tell: (what, error) => `${what}: ${String(error)}`,
    onSeen: () => {},
    look,
  })
}
