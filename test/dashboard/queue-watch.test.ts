import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Connection } from '../../src/connection.ts'
import { QueueWatch } from '../../src/dashboard/queues/queue-watch.ts'
import { teller } from '../../src/dashboard/tellable.ts'
import type { WorkerRoster } from '../../src/dashboard/workers/worker-roster.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { silentLogger } from '../../src/logger.ts'
import { FakeClock } from '../support/fake-clock.ts'

describe('the queues that are watched', () => {
  it('are as they were seen last while no broker serves, and not empty', async () => {
    const clock = new FakeClock()
    const links: { producer?: string; listener?: string } = { producer: 'stomp://a' }
    let refuses = false
    const connection = {
      links,
      inspect: async () => {
        if (refuses) throw new UnderstudyError('deadline', 'no broker answered in time')
        return { ready: 37, isExact: true, consumers: 1 }
      },
    } as unknown as Connection
    const watch = new QueueWatch({
      connection,
      clock,
      workers: { workers: () => [] } as unknown as WorkerRoster,
      failures: undefined,
      named: ['exports'],
      tell: teller(silentLogger, clock),
      onChange: () => {},
    })
    const first = await watch.fresh(100)
    assert.equal(first.value?.[0]?.state?.ready, 37)
    refuses = true
    await clock.advance(1000)
    const asked = await watch.fresh(100)
    assert.equal(asked.value?.[0]?.error, 'no broker answered in time', 'a broker serves, and says no')
    refuses = false
    await clock.advance(1000)
    const { at } = await watch.fresh(100)
    refuses = true
    delete links.producer
    await clock.advance(1000)
    const away = await watch.fresh(100)
    assert.deepEqual([away.value?.[0]?.state?.ready, away.at, away.error], [37, at, 'no broker serves'])
    await watch.close()
    assert.equal(clock.pending, 0)
  })
})
