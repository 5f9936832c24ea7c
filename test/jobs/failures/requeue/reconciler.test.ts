import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readEnvelope, runKey } from '../../../../src/jobs/envelope.ts'
import { Reconciler } from '../../../../src/jobs/failures/requeue/reconciler.ts'
import { RequeueError } from '../../../../src/jobs/failures/requeue/outcome.ts'
import { memoryLedger } from '../../../../src/jobs/ledger/memory.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { deskStage, dyingAfterPublish, failed, until } from '../desk-stage.ts'

/** It tries three times to give back what it has, with pauses: resolves when it has given up. */
async function untilDead(clock: FakeClock, dying: Promise<unknown>): Promise<void> {
  let isDead = false
  const die = (): void => void (isDead = true)
  dying.then(die, die)
  await until('its end', async () => {
    if (clock.nextIn === 500) await clock.advance(500)
    return isDead
  })
}

describe('a requeue whose process died', () => {
  it('is carried on: nothing is lost, and a ledger suppresses what was sent twice', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep(
      Array.from({ length: 250 }, (_, index) => failed(`job-${index}`, { failedAt: 1000 + index })),
    )
    const dying = stage.deskOver(dyingAfterPublish(stage.store)).requeue('')
    await untilDead(clock, dying)
    assert.equal(stage.broker.depth('mails'), 200)
    await assert.rejects(dying, (error) => error instanceof RequeueError && error.code === 'storage')
    assert.equal(await stage.desk.count('status:retrying'), 250)

    assert.deepEqual(await stage.desk.reconcile(), { sent: 0, released: 0 })
    await clock.advance(60_001)
    assert.deepEqual(await stage.desk.reconcile({ actor: 'reconciler' }), { sent: 250, released: 0 })
    assert.deepEqual(await stage.desk.reconcile(), { sent: 0, released: 0 })

    const ledger = memoryLedger()
    const worked: string[] = []
    let came = 0
    stage.connection.listen('queue://mails', async (delivery) => {
      const { requeues, attempt } = readEnvelope(delivery.headers)
      const run = runKey(delivery.id, requeues, attempt)
      const entry = await ledger.begin(run, 'host:1:1')
      if (!entry.finished) {
        worked.push(delivery.id)
        await ledger.finish(run)
      }
      await delivery.ack()
      came++
    })
    await until('every copy', () => came === 450)
    assert.deepEqual([worked.length, new Set(worked).size], [250, 250])
    const kept = await stage.desk.show('job-0.0')
    assert.deepEqual([kept?.status, kept?.retriedBy], ['retried', 'reconciler'])
  })

  it('is given back where it had conditions that nobody looks at any more', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep(Array.from({ length: 3 }, (_, index) => failed(`job-${index}`)))
    const dying = stage.deskOver(dyingAfterPublish(stage.store)).requeue('', { to: 'elsewhere' })
    await untilDead(clock, dying)
    assert.equal(stage.broker.depth('elsewhere'), 3)
    await assert.rejects(dying)
    await clock.advance(60_001)
    assert.deepEqual(await stage.desk.reconcile(), { sent: 0, released: 3 })
    assert.deepEqual([stage.broker.depth('mails'), await stage.desk.count('status:failed')], [0, 3])
  })

  it('is carried on beside another that is given back, and beside one that is alive', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    const names = ['finish', 'release', 'alive']
    await stage.store.keep(
      Array.from({ length: 900 }, (_, n) => failed(`${names[n % 3]}-${n}`, { failedAt: 1000 + n, queue: 'mixed' })),
    )
    const claim = async (name: string, age: number): Promise<number> => {
      const batch = `${name === 'release' ? 'release' : 'finish'}-${name}`
      const query = { kind: 'field', field: 'jobId', text: `${name}-*` } as const
      return await stage.store.claim(query, { batch, limit: 1000, actor: 'x', at: clock.wallTime() - age })
    }
    await claim('finish', 60_001)
    await claim('release', 60_001)
    await claim('alive', 59_999)
    assert.deepEqual(await stage.desk.reconcile(), { sent: 300, released: 300 })
    assert.equal(stage.broker.depth('mixed'), 300)
    assert.equal(await stage.desk.count('jobId:finish-* status:retried'), 300)
    assert.equal(await stage.desk.count('jobId:release-* status:failed'), 300)
    assert.equal(await stage.desk.count('jobId:alive-* status:retrying'), 300)
  })

  it('is carried on whole, however much it left, and what it was to look at is given back', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    const [left, conditional] = [10_100, 100]
    await stage.store.keep(
      Array.from({ length: left + conditional }, (_, n) =>
        failed(`${n < left ? 'left' : 'own'}-${n}`, { failedAt: n }),
      ),
    )
    const claim = async (name: string, batch: string): Promise<number> =>
      await stage.store.claim(
        { kind: 'field', field: 'jobId', text: `${name}-*` },
        { batch, limit: 100_000, actor: 'x', at: clock.wallTime() - 60_001 },
      )
    assert.equal(await claim('left', 'finish-1'), left)
    assert.equal(await claim('own', 'release-1'), conditional)
    assert.deepEqual(await stage.desk.reconcile(), { sent: left, released: conditional })
    assert.equal(stage.broker.depth('mails'), left)
    assert.equal(await stage.desk.count('jobId:own-* status:failed'), conditional)
  })

  it('is given back, too, when the broker refuses it', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep([failed('a'), failed('b')])
    await stage.store.claim({ kind: 'all' }, { batch: 'finish-1', limit: 10, actor: 'x', at: clock.wallTime() })
    await clock.advance(60_001)
    stage.broker.nackNext(100)
    await assert.rejects(stage.desk.reconcile(), { name: 'RequeueError', code: 'rejected' })
    assert.equal(await stage.desk.count('status:failed'), 2)
  })

  it('says all that went when the broker refuses the rest, and leaves what it did not come to', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    const claimedAt = clock.wallTime() - 60_001
    await stage.store.keep(Array.from({ length: 10_002 }, (_, n) => failed(`left-${n}`, { failedAt: n })))
    await stage.store.claim({ kind: 'all' }, { batch: 'finish-1', limit: 10_001, actor: 'x', at: claimedAt })
    await stage.store.claim({ kind: 'all' }, { batch: 'release-1', limit: 1, actor: 'x', at: claimedAt })
    let looks = 0
    const store = new Proxy(stage.store, {
      get: (target, name) => {
        // The second ten thousand find a broker that takes nothing.
        if (name === 'reclaim' && ++looks === 2) stage.broker.nackNext(100)
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    await assert.rejects(stage.deskOver(store).reconcile(), (error) => {
      assert.ok(error instanceof RequeueError)
      assert.match(error.message, /^sent 10000 of 10001 failed jobs back/)
      const { code, outcome } = error
      assert.deepEqual([code, outcome.claimed, outcome.sent, outcome.released], ['rejected', 10_001, 10_000, 1])
      return true
    })
    assert.deepEqual([await stage.desk.count('status:failed'), await stage.desk.count('status:retrying')], [1, 1])
  })

  it('is looked after every minute, until that is stopped', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep([failed('a'), failed('b')])
    const claim = async (id: string): Promise<void> => {
      const query = { kind: 'field', field: 'jobId', text: id } as const
      await stage.store.claim(query, { batch: `finish-${id}`, limit: 10, actor: 'x', at: clock.wallTime() - 60_001 })
    }
    await claim('a')
    const reconciler = new Reconciler(async () => stage.host, clock)
    reconciler.start()
    reconciler.start()
    await clock.advance(60_000)
    await until('the first', () => stage.broker.depth('mails') === 1)
    await claim('b')
    await until('the next look', () => clock.pending === 1)
    await clock.advance(60_000)
    await until('the second', () => stage.broker.depth('mails') === 2)
    await reconciler.stop()
    await reconciler.stop()
    reconciler.start()
    assert.equal(clock.pending, 0)
  })
})
