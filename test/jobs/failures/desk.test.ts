import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HEADER } from '../../../src/jobs/envelope.ts'
import { parseFailure } from '../../../src/jobs/failures/failure-record.ts'
import { deskStage, failed, until } from './desk-stage.ts'

describe('the failure desk', () => {
  it('searches, shows, counts and groups by the text of a query', async () => {
    await using stage = await deskStage()
    await stage.store.keep([
      failed('a', { failedAt: 1 }),
      failed('b', { failedAt: 2, fingerprint: 'other', errorMessage: 'disk full' }),
      failed('c', { failedAt: 3 }),
    ])
    const { failures, next } = await stage.desk.search('error:ECONNREFUSED', { limit: 1 })
    assert.deepEqual([failures.map(({ jobId }) => jobId), typeof next], [['c'], 'string'])
    const rest = await stage.desk.search('error:ECONNREFUSED', next === undefined ? {} : { after: next })
    assert.deepEqual([rest.failures.map(({ jobId }) => jobId), rest.next], [['a'], undefined])
    assert.equal(await stage.desk.count('"disk full"'), 1)
    assert.equal((await stage.desk.show('a.0'))?.jobId, 'a')
    assert.equal(await stage.desk.show('z.0'), undefined)
    assert.deepEqual((await stage.desk.ofJob('b')).length, 1)
    const groups = await stage.desk.groups()
    assert.deepEqual(
      groups.map(({ count, firstAt, lastAt }) => [count, firstAt, lastAt]),
      [
        [2, 1, 3],
        [1, 2, 2],
      ],
    )
    await assert.rejects(stage.desk.search('('), { code: 'invalid-option' })
  })

  it('sends an edited job as a new one, and says so', async () => {
    await using stage = await deskStage()
    await stage.store.keep([
      failed('job-*', {}, { [HEADER.requeues]: '2', [HEADER.preview]: 'old', mine: 'x' }),
      failed('job-1'),
    ])
    const edit = { args: Buffer.from('{"to":"you"}'), headers: { mine: 'y' }, queue: 'fixed' }
    const jobId = await stage.desk.edit('job-*.2', edit, { actor: 'anna' })
    const came = stage.drain('fixed')
    await until('the job', () => came.length === 1)
    const [job] = came
    assert.deepEqual([job?.id, job?.text(), job?.contentType], [jobId, '{"to":"you"}', 'application/json'])
    assert.deepEqual(job?.headers, {
      [HEADER.job]: 'mail.send',
      [HEADER.queue]: 'fixed',
      [HEADER.enqueuedAt]: '1000',
      [HEADER.requeues]: '3',
      [HEADER.preview]: '{"to":"you"}',
      mine: 'y',
    })
    const kept = await stage.desk.show('job-*.2')
    assert.deepEqual([kept?.status, kept?.retryJobId, kept?.retriedBy], ['retried', jobId, 'anna'])
    assert.equal((await stage.desk.show('job-1.0'))?.status, 'failed')
    const [audit] = await stage.desk.audits()
    assert.deepEqual([audit?.action, audit?.target, audit?.actor], ['edit', `job-*.2 as ${jobId}`, 'anna'])
  })

  it('refuses an edit of what is not there, not failed any more or not to be edited', async () => {
    await using stage = await deskStage()
    await stage.store.keep([failed('a'), failed('b')])
    await stage.desk.discard('jobId:b')
    await assert.rejects(stage.desk.edit('z.0', {}), { message: 'failure z.0 is not kept' })
    await assert.rejects(stage.desk.edit('b.0', {}), /failure b\.0 is discarded/)
    await assert.rejects(stage.desk.edit('a.0', { headers: { 'understudy-job': 'x' } }), { code: 'invalid-option' })
    stage.broker.nackNext(100)
    await assert.rejects(stage.desk.edit('a.0', {}), { name: 'SendError' })
    assert.equal((await stage.desk.show('a.0'))?.status, 'failed')
  })

  it('discards, removes and clears, leaves alone what is on its way, and writes it down', async () => {
    await using stage = await deskStage()
    await stage.store.keep(['a', 'b', 'c', 'd'].map((id) => failed(id)))
    const onItsWay = { kind: 'field', field: 'jobId', text: 'd' } as const
    await stage.store.claim(onItsWay, { batch: 'finish-1', limit: 1, actor: 'x', at: Date.now() })
    assert.equal(await stage.desk.discard('jobId:a', { actor: 'anna' }), 1)
    assert.equal(await stage.desk.remove('jobId:b', { actor: 'anna' }), 1)
    await assert.rejects(stage.desk.clear({} as { confirm: true }), { code: 'invalid-option' })
    assert.equal(await stage.desk.clear({ confirm: true, actor: 'anna' }), 2)
    assert.deepEqual(
      (await stage.desk.search()).failures.map(({ jobId }) => jobId),
      ['d'],
    )
    const audits = await stage.desk.audits()
    assert.deepEqual(
      audits.map(({ action, target, count, actor }) => [action, target, count, actor]),
      [
        ['clear', 'all', 2, 'anna'],
        ['remove', 'jobId:b', 1, 'anna'],
        ['discard', 'jobId:a', 1, 'anna'],
      ],
    )
  })

  it('exports what matches as lines that can be read again', async () => {
    await using stage = await deskStage()
    const all = Array.from({ length: 250 }, (_, index) => failed(`job-${index}`, { failedAt: 1000 + index }))
    await stage.store.keep([...all, failed('other', { job: 'other' })])
    const lines: string[] = []
    for await (const line of stage.desk.export('job:mail.*')) lines.push(line)
    assert.deepEqual(lines.map(parseFailure), all.toReversed())
    assert.equal(JSON.parse(lines[0] ?? '').status, 'failed')
  })
})
