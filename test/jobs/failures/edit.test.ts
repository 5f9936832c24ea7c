import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type DeskStage, deskStage, dyingAfterPublish, failed } from './desk-stage.ts'

const EDIT = { args: Buffer.from('{"to":"you"}') }

/** Sends an edit, and dies before it is marked. Resolves with the new job's id. */
async function editAndDie(stage: DeskStage, clock: FakeClock, edit = EDIT): Promise<string> {
  const dying = assert.rejects(stage.deskOver(dyingAfterPublish(stage.store)).edit('a.0', edit), { code: 'storage' })
  await clock.advance(2000)
  await dying
  const kept = await stage.store.get('a.0')
  assert.equal(kept?.status, 'retrying')
  assert.equal(stage.broker.depth('mails'), 1)
  return kept?.retryJobId ?? assert.fail('its new id is not noted')
}

describe('an edited job', () => {
  it('that succeeds before it is marked resolves its failure', async () => {
    await using stage = await deskStage()
    await stage.store.keep([failed('a')])
    const hasty = new Proxy(stage.store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'retried') return typeof value === 'function' ? (value.bind(target) as unknown) : value
        return async (...args: Parameters<FailureStore['retried']>) => {
          for (const { retryJobId } of args[0]) await target.resolved(retryJobId, 1, 7)
          await target.retried(...args)
        }
      },
    })
    const jobId = await stage.deskOver(hasty).edit('a.0', EDIT)
    const kept = await stage.desk.show('a.0')
    assert.deepEqual([kept?.status, kept?.retryJobId, kept?.resolvedAt], ['retried', jobId, 7])
  })

  it('whose sender died is taken for sent once it was worked on', async () => {
    const clock = new FakeClock()
    for (const outcome of ['succeeded', 'failed']) {
      await using stage = await deskStage({ clock })
      await stage.store.keep([failed('a')])
      const jobId = await editAndDie(stage, clock)
      if (outcome === 'succeeded') await stage.store.resolved(jobId, 1, clock.wallTime())
      else await stage.store.keep([failed(jobId, { requeues: 1, id: `${jobId}.1` })])
      await clock.advance(60_001)
      assert.deepEqual(await stage.desk.reconcile(), { sent: 0, released: 0 })
      const kept = await stage.desk.show('a.0')
      assert.deepEqual([kept?.status, kept?.retryJobId], ['retried', jobId], outcome)
    }
  })

  it('whose sender died is given back while nobody knows, and is done once however often it is sent', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep([failed('a')])
    const jobId = await editAndDie(stage, clock)
    await clock.advance(60_001)
    assert.deepEqual(await stage.desk.reconcile(), { sent: 0, released: 1 })
    const given = await stage.desk.show('a.0')
    assert.deepEqual([given?.status, given?.retryJobId], ['failed', jobId])
    assert.equal(await stage.desk.edit('a.0', EDIT), jobId, 'a ledger knows it by its id')
    assert.equal(stage.broker.depth('mails'), 2)
  })

  it('that was given back and went all the same is marked by its success, or by the next edit', async () => {
    const clock = new FakeClock()
    for (const outcome of ['succeeded', 'failed']) {
      await using stage = await deskStage({ clock })
      await stage.store.keep([failed('a')])
      const jobId = await editAndDie(stage, clock)
      await clock.advance(60_001)
      await stage.desk.reconcile()
      if (outcome === 'succeeded') await stage.store.resolved(jobId, 1, clock.wallTime())
      else await stage.store.keep([failed(jobId, { requeues: 1, id: `${jobId}.1` })])
      const message = outcome === 'succeeded' ? /failure a\.0 is retried/ : new RegExp(`failed as ${jobId}\\.1`)
      await assert.rejects(stage.desk.edit('a.0', EDIT), { code: 'invalid-option', message })
      assert.equal((await stage.desk.show('a.0'))?.status, 'retried')
      assert.equal(stage.broker.depth('mails'), 1, 'it does not go twice')
    }
  })

  it('that was not sent leaves no trace at its failure, and goes as another job where it is edited otherwise', async () => {
    await using stage = await deskStage()
    await stage.store.keep([failed('a'), failed('b')])
    stage.broker.nackNext(100)
    await assert.rejects(stage.desk.edit('a.0', EDIT), { name: 'SendError' })
    const kept = await stage.desk.show('a.0')
    assert.deepEqual([kept?.status, kept?.retryJobId], ['failed', undefined])
    stage.broker.nackNext(0)
    const [a, b] = [await stage.desk.edit('a.0', EDIT), await stage.desk.edit('b.0', EDIT)]
    assert.match(a, /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
    assert.notEqual(a, b)
  })
})
