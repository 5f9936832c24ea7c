import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../../support/fake-clock.ts'
import { type DeskStage, deskStage, failed, until } from '../desk-stage.ts'

const keepTen = async ({ store }: DeskStage): Promise<void> =>
  await store.keep(Array.from({ length: 10 }, (_, index) => failed(`job-${index}`, { failedAt: 1000 + index })))

describe('a requeue with a canary', () => {
  it('sends the rest once each of the first has succeeded', async () => {
    await using stage = await deskStage()
    await keepTen(stage)
    stage.connection.listen('queue://mails', async (delivery) => {
      await stage.store.resolved(delivery.id, 1, Date.now())
      await delivery.ack()
    })
    const sent: number[] = []
    const outcome = await stage.desk.requeue('', { canary: 3, onProgress: (progress) => sent.push(progress.sent) })
    assert.deepEqual(outcome.canary, { sent: 3, succeeded: 3, failed: 0, waiting: 0 })
    assert.deepEqual([outcome.sent, outcome.stoppedByCanary, sent], [10, false, [3, 10]])
  })

  it('gives the rest back when one of the first fails anew', async () => {
    await using stage = await deskStage()
    await keepTen(stage)
    stage.connection.listen('queue://mails', async (delivery) => {
      if (delivery.id === 'job-1') await stage.store.keep([failed('job-1', { id: 'job-1.1', requeues: 1 })])
      await delivery.ack()
    })
    // It does not wait for the other one, which never ends.
    const outcome = await stage.desk.requeue('', { canary: 2, canaryTimeout: 600_000 })
    assert.deepEqual(outcome.canary, { sent: 2, succeeded: 0, failed: 1, waiting: 1 })
    assert.deepEqual([outcome.sent, outcome.released, outcome.stoppedByCanary], [2, 8, true])
    assert.deepEqual([await stage.desk.count('status:retrying'), await stage.desk.count('status:retried')], [0, 2])
  })

  it('gives the rest back when nothing is known of the first in time, and keeps its claim until then', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await keepTen(stage)
    const requeue = stage.desk.requeue('', { canary: 1, canaryTimeout: 200_000 })
    await until('the first one', () => stage.broker.depth('mails') === 1)
    await clock.advance(199_000)
    assert.equal(await stage.desk.count('status:retrying'), 9)
    assert.deepEqual(await stage.deskOver(stage.store).reconcile(), { sent: 0, released: 0 })
    await clock.advance(1000)
    const outcome = await requeue
    assert.deepEqual(outcome.canary, { sent: 1, succeeded: 0, failed: 0, waiting: 1 })
    assert.deepEqual([outcome.sent, outcome.released, outcome.stoppedByCanary], [1, 9, true])
    assert.equal(clock.pending, 0)
  })

  it('stops waiting when its signal fires', async () => {
    await using stage = await deskStage()
    await keepTen(stage)
    const stop = new AbortController()
    const requeue = stage.desk.requeue('', { canary: 1, signal: stop.signal, onProgress: () => stop.abort() })
    await assert.rejects(requeue, { code: 'aborted' })
    assert.deepEqual([await stage.desk.count('status:failed'), await stage.desk.count('status:retried')], [9, 1])
  })
})
