import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../../src/errors.ts'
import { HEADER } from '../../../../src/jobs/envelope.ts'
import { RequeueError } from '../../../../src/jobs/failures/requeue/outcome.ts'
import type { FailureStore } from '../../../../src/jobs/failures/store.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { deskStage, failed, HOUR_MS, until } from '../desk-stage.ts'

describe('sending failed jobs back', () => {
  it('sends the same job once more: its id, arguments, headers, priority and reply queue, and nothing that is over', async () => {
    await using stage = await deskStage()
    const attempt = { attempt: 3, at: 1, worker: 'w', broker: 'b', error: 'e', durationMs: 1 }
    const headers = {
      [HEADER.attempt]: '3',
      [HEADER.requeues]: '1',
      [HEADER.expiresAt]: '5000',
      [HEADER.dueAt]: '4000',
      [HEADER.history]: JSON.stringify([attempt]),
      [HEADER.preview]: 'to me',
      [HEADER.requestId]: 'r-1',
      [HEADER.priority]: '7',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-death': '[{}]',
      'original-destination': '/queue/mails',
      mine: 'ü',
    }
    const bytes = Buffer.from([0, 255, 10])
    const failure = failed(
      'job-1',
      { args: bytes, contentType: 'application/x-own', replyTo: 'queue://answers' },
      headers,
    )
    await stage.store.keep([failure])
    const outcome = await stage.desk.requeue('job:mail.*')
    assert.deepEqual({ ...outcome, batch: undefined }, OUTCOME({ claimed: 1, sent: 1 }))
    const came = stage.drain('mails')
    await until('the job', () => came.length === 1)
    const [job] = came
    assert.ok(job)
    assert.deepEqual([job.id, job.contentType, job.replyTo], ['job-1', 'application/x-own', 'queue://answers'])
    assert.deepEqual(job.bytes, bytes)
    assert.deepEqual(job.headers, {
      [HEADER.job]: 'mail.send',
      [HEADER.queue]: 'mails',
      [HEADER.enqueuedAt]: '1000',
      [HEADER.requeues]: '2',
      [HEADER.preview]: 'to me',
      [HEADER.requestId]: 'r-1',
      [HEADER.priority]: '7',
      traceparent: headers.traceparent,
      mine: 'ü',
    })
    const kept = await stage.desk.show('job-1.1')
    assert.deepEqual([kept?.status, kept?.retryJobId, typeof kept?.retriedAt], ['retried', 'job-1', 'number'])
    assert.match(kept?.retriedBy ?? '', /.@./)
    assert.deepEqual(stage.events, [{ type: 'requeued', queue: 'mails', job: 'mail.send', jobId: 'job-1' }])
    const [audit] = await stage.desk.audits()
    assert.deepEqual([audit?.action, audit?.target, audit?.count], ['requeue', 'job:mail.*', 1])
    assert.equal(audit?.actor, kept?.retriedBy)
  })

  it('of two who send 10,000 back at once, sends each once', async () => {
    await using stage = await deskStage()
    const all = Array.from({ length: 10_000 }, (_, index) => failed(`job-${index}`, { failedAt: 1000 + index }))
    await stage.store.keep(all)
    const other = stage.deskOver(stage.store)
    const came = stage.drain('mails')
    const outcomes = await Promise.all([
      stage.desk.requeue('', { actor: 'anna' }),
      other.requeue('job:mail.send', { actor: 'ben' }),
    ])
    assert.equal(outcomes[0].sent + outcomes[1].sent, 10_000)
    await until('all of them', () => came.length >= 10_000)
    assert.equal(new Set(came.map(({ id }) => id)).size, 10_000)
    assert.equal(came.length, 10_000)
    assert.equal(await stage.desk.count('status:retried'), 10_000)
  })

  it('does not touch what fails while it runs', async () => {
    await using stage = await deskStage()
    await stage.store.keep(Array.from({ length: 250 }, (_, index) => failed(`job-${index}`)))
    let late = 0
    const outcome = await stage.desk.requeue('', {
      onProgress: () => void stage.store.keep([failed(`late-${late++}`, { failedAt: 1 })]),
    })
    assert.deepEqual([outcome.claimed, outcome.sent], [250, 250])
    assert.ok(late >= 3)
    assert.equal(await stage.desk.count('status:failed'), late)
  })

  it('sends all of them where whoever hears of the progress is async and fails', async () => {
    await using stage = await deskStage()
    await stage.store.keep(Array.from({ length: 250 }, (_, index) => failed(`job-${index}`)))
    const onProgress = (): unknown => Promise.reject(new Error('the page is gone'))
    const outcome = await stage.desk.requeue('', { onProgress })
    assert.deepEqual([outcome.claimed, outcome.sent], [250, 250])
  })

  it('skips what is older than maxAge and counts it, and takes the eldest of the rest up to the limit', async () => {
    await using stage = await deskStage()
    const ago = (hours: number): number => Date.now() - hours * HOUR_MS
    await stage.store.keep([
      failed('old-1', { failedAt: ago(50) }),
      failed('old-2', { failedAt: ago(25) }),
      failed('young-3', { failedAt: ago(3) }),
      failed('young-2', { failedAt: ago(2) }),
      failed('young-1', { failedAt: ago(1) }),
    ])
    const outcome = await stage.desk.requeue('', { maxAge: 24 * HOUR_MS, limit: 2 })
    assert.deepEqual([outcome.claimed, outcome.sent, outcome.tooOld], [2, 2, 2])
    const { failures } = await stage.desk.search('status:failed')
    assert.deepEqual(
      failures.map(({ jobId }) => jobId),
      ['young-1', 'old-2', 'old-1'],
    )
  })

  it('changes nothing in a dry run, and says how many would go', async () => {
    await using stage = await deskStage()
    await stage.store.keep([failed('a'), failed('b'), failed('c', { failedAt: 1 }), failed('d', { job: 'other' })])
    const before = (await stage.desk.search('')).failures
    const outcome = await stage.desk.requeue('job:mail.send', { dryRun: true, maxAge: HOUR_MS })
    assert.deepEqual(outcome, OUTCOME({ claimed: 2, tooOld: 1 }))
    assert.equal((await stage.desk.requeue('', { dryRun: true, limit: 3 })).claimed, 3)
    assert.deepEqual((await stage.desk.search('')).failures, before)
    assert.deepEqual(await stage.desk.audits(), [])
    assert.equal(stage.broker.depth('mails'), 0)
  })

  it('sends so many a second as it may, by the clock', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep(Array.from({ length: 5 }, (_, index) => failed(`job-${index}`)))
    const sent: number[] = []
    const requeue = stage.desk.requeue('', { rate: 2, onProgress: (progress) => sent.push(progress.sent) })
    await until('the first two', () => clock.pending > 0 && stage.broker.depth('mails') === 1)
    await clock.advance(499)
    assert.equal(stage.broker.depth('mails'), 1)
    await clock.advance(2)
    await until('the second', () => stage.broker.depth('mails') === 2)
    while (!sent.includes(5)) await clock.advance(100)
    assert.equal((await requeue).sent, 5)
    assert.equal(clock.wallTime() - new FakeClock().wallTime() >= 1999, true)
    assert.equal(clock.pending, 0)
  })

  it('gives the rest back when a publish fails, and says how many went', async () => {
    await using stage = await deskStage()
    await stage.store.keep(
      Array.from({ length: 150 }, (_, index) => failed(`job-${index}`, { failedAt: 1000 + index })),
    )
    const error = await stage.desk.requeue('', { onProgress: () => stage.broker.nackNext(1000) }).then(
      () => assert.fail('it went'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof RequeueError)
    assert.match(error.message, /^sent 100 of 150 failed jobs back, then: /)
    assert.deepEqual([error.outcome.sent, error.outcome.released, error.code], [100, 50, 'rejected'])
    assert.deepEqual([await stage.desk.count('status:retried'), await stage.desk.count('status:failed')], [100, 50])
    const [audit] = await stage.desk.audits()
    assert.deepEqual([audit?.action, audit?.count], ['requeue', 100])
  })

  it('is not held up by one that cannot be sent at all', async () => {
    await using stage = await deskStage()
    await stage.store.keep([failed('a', { failedAt: 1, priority: 12 }), failed('b', { failedAt: 2 })])
    const error = await stage.desk.requeue('').then(
      () => assert.fail('it went'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof RequeueError)
    assert.deepEqual([error.code, error.outcome.sent, error.outcome.released], ['invalid-option', 1, 1])
    assert.deepEqual(
      [(await stage.desk.show('a.0'))?.status, (await stage.desk.show('b.0'))?.status],
      ['failed', 'retried'],
    )
  })

  it('leaves nothing half-way when its signal fires', async () => {
    await using stage = await deskStage()
    await stage.store.keep(Array.from({ length: 300 }, (_, index) => failed(`job-${index}`)))
    const stop = new AbortController()
    const requeue = stage.desk.requeue('', { signal: stop.signal, onProgress: () => stop.abort() })
    await assert.rejects(requeue, { name: 'RequeueError', code: 'aborted' })
    assert.deepEqual([await stage.desk.count('status:retried'), await stage.desk.count('status:failed')], [100, 200])
    await assert.rejects(stage.desk.requeue('', { signal: AbortSignal.abort() }), { code: 'aborted' })
    assert.equal(await stage.desk.count('status:failed'), 200)
  })

  it('leaves nothing half-way when its signal fires while the broker is silent', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep([failed('a'), failed('b')])
    stage.broker.holdConfirms()
    const stop = new AbortController()
    const requeue = stage.desk.requeue('', { signal: stop.signal })
    requeue.catch(() => {})
    await until('the sends', () => stage.broker.depth('mails') === 2)
    stop.abort()
    await clock.advance(2000)
    await assert.rejects(requeue, (error) => {
      assert.ok(error instanceof RequeueError)
      const { sent, released, unconfirmed } = error.outcome
      // The broker has both, and nobody knows.
      assert.deepEqual([error.code, sent, released, unconfirmed], ['aborted', 0, 2, 2])
      return true
    })
    assert.equal(await stage.desk.count('status:failed'), 2)
    assert.equal(clock.pending, 0)
  })

  it('does not take for failed what went, when the store failed to mark it', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep(Array.from({ length: 250 }, (_, index) => failed(`job-${index}`)))
    let isDown = true
    const failing = new Proxy(stage.store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'retried') return typeof value === 'function' ? (value.bind(target) as unknown) : value
        const retried: FailureStore['retried'] = async (failures, by) => {
          if (isDown) throw new UnderstudyError('storage', 'the disk is full')
          await target.retried(failures, by)
        }
        return retried
      },
    })
    const requeue = stage.deskOver(failing).requeue('')
    requeue.catch(() => {})
    // The second hundred goes while the first is being marked.
    await until('two hundred', () => stage.broker.depth('mails') === 200 && clock.nextIn === 500)
    isDown = false
    await clock.advance(500)
    await assert.rejects(requeue, { name: 'RequeueError', code: 'storage' })
    assert.deepEqual([await stage.desk.count('status:retried'), await stage.desk.count('status:failed')], [200, 50])
  })

  it('gives back what it had when the store failed in the middle of a claim', async () => {
    const clock = new FakeClock()
    await using stage = await deskStage({ clock })
    await stage.store.keep([failed('a'), failed('b')])
    const failing = new Proxy(stage.store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'claim') return typeof value === 'function' ? (value.bind(target) as unknown) : value
        const claim: FailureStore['claim'] = async (query, options) => {
          await target.claim(query, { ...options, limit: 1 })
          throw new UnderstudyError('storage', 'the disk is full')
        }
        return claim
      },
    })
    await assert.rejects(stage.deskOver(failing).requeue(''), { code: 'storage' })
    assert.deepEqual([await stage.desk.count('status:failed'), clock.pending], [2, 0])
  })

  it('sends to another queue, where retries follow', async () => {
    await using stage = await deskStage()
    await stage.store.keep([failed('a')])
    await stage.desk.requeue('', { to: 'queue://slow-mails' })
    const came = stage.drain('slow-mails')
    await until('the job', () => came.length === 1)
    assert.equal(came[0]?.headers[HEADER.queue], 'slow-mails')
  })

  it('sends to another broker', async () => {
    await using stage = await deskStage()
    await using other = await deskStage()
    await stage.store.keep([failed('a'), failed('b')])
    await stage.desk.requeue('jobId:a', { to: { connection: other.connection } })
    await stage.desk.requeue('jobId:b', { to: { connection: other.connection, queue: 'elsewhere' } })
    assert.deepEqual([other.broker.depth('mails'), other.broker.depth('elsewhere')], [1, 1])
    assert.equal(stage.broker.depth('mails'), 0)
  })

  it('refuses options that cannot be, before anything is done', async () => {
    await using stage = await deskStage()
    await stage.store.keep([failed('a')])
    for (const options of [
      { limit: 0 },
      { rate: 0 },
      { maxAge: -1 },
      { canary: 1.5 },
      { to: 'topic://x' },
      { lmit: 3 },
    ])
      await assert.rejects(stage.desk.requeue('', options), { code: 'invalid-option' })
    await assert.rejects(stage.desk.requeue('colour:blue'), { code: 'invalid-option' })
    assert.equal(await stage.desk.count('status:failed'), 1)
  })

  it('says so where the application keeps no failures', async () => {
    await using stage = await deskStage()
    const { host } = stage
    const { FailureDesk } = await import('../../../../src/jobs/failures/desk.ts')
    const desk = new FailureDesk(async () => ({ ...host, failures: undefined }))
    await assert.rejects(desk.requeue(''), (error) => error instanceof UnderstudyError && error.code === 'unsupported')
  })
})

function OUTCOME(given: object): object {
  const nothing = { batch: undefined, claimed: 0, sent: 0, tooOld: 0, released: 0, unconfirmed: 0, canary: undefined }
  return { ...nothing, stoppedByCanary: false, ...given }
}
