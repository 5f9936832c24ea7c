import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hearing } from '../../src/dashboard/workers/hearing.ts'
import type { HeardWorker } from '../../src/jobs/worker/heartbeat.ts'
import type { StatusEvent } from '../../src/failover/status.ts'
import { FakeClock } from '../support/fake-clock.ts'

const worker = (id: string, isGone: boolean) => ({ id, isGone, heartbeatMs: 1000 }) as HeardWorker

function heard() {
  const clock = new FakeClock()
  const links: { listener?: string } = { listener: 'stomp://a' }
  const state = { workers: [worker('web', false), worker('old', true)] as readonly HeardWorker[] }
  let tell: (event: StatusEvent) => void = () => {}
  const connection = {
    links,
    observe: (observer: (event: StatusEvent) => void) => {
      tell = observer
      return () => (tell = () => {})
    },
  }
  const hearing = new Hearing(connection as never, clock, () => state.workers)
  const happens = (type: 'interrupted' | 'resumed'): void => {
    if (type === 'resumed') links.listener = 'stomp://b'
    else delete links.listener
    tell({ type, role: 'listener' } as StatusEvent)
  }
  const gone = (): readonly string[] => hearing.judge(state.workers).flatMap(({ id, isGone }) => (isGone ? id : []))
  return { clock, hearing, state, happens, gone }
}

describe('who is gone', () => {
  it('is nobody who was there before the broker went, while none serves and for three heartbeats more', async () => {
    const { clock, hearing, state, happens, gone } = heard()
    assert.deepEqual(gone(), ['old'])
    happens('interrupted')
    state.workers = [worker('web', true), worker('old', true)]
    await clock.advance(60_000)
    assert.deepEqual(gone(), ['old'])
    assert.equal(hearing.isUp, false)
    happens('resumed')
    await clock.advance(3000)
    assert.deepEqual(gone(), ['old'])
    await clock.advance(1)
    assert.deepEqual(gone(), ['web', 'old'])
  })

  it('is not forgotten when the broker goes twice', async () => {
    const { clock, state, happens, gone } = heard()
    happens('interrupted')
    state.workers = [worker('web', true), worker('old', true)]
    happens('resumed')
    await clock.advance(500)
    happens('interrupted')
    assert.deepEqual(gone(), ['old'])
    happens('resumed')
    await clock.advance(3001)
    assert.deepEqual(gone(), ['web', 'old'])
  })
})
