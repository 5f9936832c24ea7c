import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { connect } from '../../../src/connect.ts'
import { HEADER } from '../../../src/jobs/envelope.ts'
import { FailureDesk } from '../../../src/jobs/failures/desk.ts'
import { failureOfLetter } from '../../../src/jobs/failures/dead-letters.ts'
import { failureMessage, FAILURE_RECORD_TYPE } from '../../../src/jobs/failures/failure-record.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import { FAILED_QUEUE } from '../../../src/jobs/job-host.ts'
import { silentLogger } from '../../../src/logger.ts'
import { type DeskStage, deskStage, failed, until } from './desk-stage.ts'

async function sendRecords({ connection }: DeskStage, count: number, queue = FAILED_QUEUE): Promise<void> {
  const sends = Array.from({ length: count }, (_, index) => {
    const { payload, options } = failureMessage(failed(`job-${index}`, { failedAt: 1000 + index }))
    return connection.send(queue, payload, options)
  })
  await Promise.all(sends)
}

/** As a server that takes no statement above a size. */
function storeThatRefuses(store: FailureStore, refuses: (id: string) => boolean): FailureStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'keep') return typeof value === 'function' ? (value.bind(target) as unknown) : value
      const keep: FailureStore['keep'] = async (failures) => {
        if (failures.some(({ id }) => refuses(id))) throw new UnderstudyError('storage', 'too large')
        await target.keep(failures)
      }
      return keep
    },
  })
}

describe('collecting failures', () => {
  it('keeps the records that workers left at the broker, as they were, and empties the queue', async () => {
    await using stage = await deskStage()
    await sendRecords(stage, 450)
    assert.deepEqual(await stage.desk.collect({ once: true }), { kept: 450, left: 0 })
    assert.equal(stage.broker.depth(FAILED_QUEUE), 0)
    const kept = await stage.desk.show('job-7.0')
    const { args, ...rest } = failed('job-7', { failedAt: 1007 })
    for (const [name, value] of Object.entries(rest)) assert.deepEqual(kept?.[name as 'job'], value, name)
    assert.deepEqual(kept?.args, new Uint8Array(args))
    assert.deepEqual(await stage.desk.collect({ once: true }), { kept: 0, left: 0 })
  })

  it('makes no queue that is not there, and takes from the others', async () => {
    await using stage = await deskStage()
    await sendRecords(stage, 2)
    const queues = [FAILED_QUEUE, 'DLQ.typo']
    assert.deepEqual(await stage.desk.collect({ once: true, queues }), { kept: 2, left: 0 })
    assert.equal(await stage.connection.inspect('DLQ.typo'), undefined)
  })

  it('keeps once what comes twice', async () => {
    await using stage = await deskStage()
    await sendRecords(stage, 3)
    await sendRecords(stage, 3)
    await stage.desk.collect({ once: true })
    assert.equal(await stage.desk.count(), 3)
  })

  it('keeps what cannot be read as such, and goes on', async () => {
    await using stage = await deskStage()
    const contentType = FAILURE_RECORD_TYPE
    for (const [id, body] of Object.entries({ a: 'no json', b: '{}', c: '[1]' }))
      await stage.connection.send(FAILED_QUEUE, Buffer.from(body), { id, contentType })
    await sendRecords(stage, 1)
    await stage.desk.collect({ once: true })
    const { failures } = await stage.desk.search('reason:decode')
    assert.deepEqual(failures.map(({ jobId }) => jobId).toSorted(), ['a', 'b', 'c'])
    assert.equal(Buffer.from((await stage.desk.show('a.0'))?.args ?? []).toString(), 'no json')
    assert.equal(await stage.desk.count(), 4)
  })

  it('acknowledges nothing that is not kept, however long the store is down', async () => {
    await using stage = await deskStage()
    await sendRecords(stage, 5)
    let isDown = true
    let asked = 0
    const flaky = new Proxy(stage.store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'keep') return typeof value === 'function' ? (value.bind(target) as unknown) : value
        const keep: FailureStore['keep'] = async (failures) => {
          asked++
          if (isDown) throw new UnderstudyError('storage', 'down', { retriable: true })
          await target.keep(failures)
        }
        return keep
      },
    })
    const stop = new AbortController()
    const first = stage.deskOver(flaky).collect({ signal: stop.signal })
    await until('a try', () => asked === 1)
    stop.abort()
    assert.deepEqual(await first, { kept: 0, left: 0 })
    assert.equal(stage.broker.depth(FAILED_QUEUE), 5)
    const second = stage.deskOver(flaky).collect({ once: true })
    await until('another try', () => asked > 2)
    isDown = false
    assert.deepEqual(await second, { kept: 5, left: 0 })
    assert.deepEqual([await stage.desk.count(), stage.broker.depth(FAILED_QUEUE)], [5, 0])
  })

  it('leaves with the broker what the store can never take, and keeps all the others', async () => {
    await using stage = await deskStage()
    await sendRecords(stage, 150)
    const refusing = storeThatRefuses(stage.store, (id) => id === 'job-7.0' || id === 'job-120.0')
    assert.deepEqual(await stage.deskOver(refusing).collect({ once: true }), { kept: 148, left: 2 })
    assert.deepEqual([await stage.desk.count(), stage.broker.depth(FAILED_QUEUE)], [148, 2])
    assert.deepEqual(await stage.desk.collect({ once: true }), { kept: 2, left: 0 })
  })

  it('ends with what the store says when it takes nothing at all', async () => {
    await using stage = await deskStage()
    await sendRecords(stage, 450)
    const refusing = storeThatRefuses(stage.store, () => true)
    const { signal } = new AbortController()
    await assert.rejects(stage.deskOver(refusing).collect({ signal }), { code: 'storage', message: 'too large' })
    assert.deepEqual([await stage.desk.count(), stage.broker.depth(FAILED_QUEUE)], [0, 450])
  })

  it('counts once what the store cannot take, however often it comes again with another link', async () => {
    await using stage = await deskStage()
    await sendRecords(stage, 150)
    let refusals = 0
    const refusing = storeThatRefuses(stage.store, () => true)
    const host = { ...stage.host, failures: refusing, logger: { ...silentLogger, error: () => void refusals++ } }
    const stop = new AbortController()
    const collecting = new FailureDesk(async () => host).collect({ signal: stop.signal })
    await until('each was refused', () => refusals === 150)
    stage.broker.cut()
    await until('each was refused again', () => refusals >= 300)
    stop.abort()
    assert.deepEqual(await collecting, { kept: 0, left: 150 })
    assert.equal(stage.broker.depth(FAILED_QUEUE), 150)
  })

  it('collects until its signal fires, from several queues', async () => {
    await using stage = await deskStage()
    const stop = new AbortController()
    const collecting = stage.desk.collect({ queues: [FAILED_QUEUE, 'DLQ.mails'], signal: stop.signal })
    await sendRecords(stage, 2)
    const headers = { [HEADER.job]: 'mail.send', [HEADER.queue]: 'mails' }
    const refusing = stage.connection.listen('mails', (delivery) => delivery.reject())
    await stage.connection.send('mails', { n: 1 }, { id: 'refused', headers })
    await until('all of them', async () => (await stage.desk.count()) === 3)
    stop.abort()
    assert.deepEqual(await collecting, { kept: 3, left: 0 })
    await refusing.close()
    const letter = await stage.desk.show('refused.0')
    assert.deepEqual([letter?.reason, letter?.queue, letter?.job], ['dead_lettered', 'mails', 'mail.send'])
  })

  it('ends where the broker counts what others hold, and does not wait for it', async () => {
    await using stage = await deskStage()
    await sendRecords(stage, 3)
    await using other = await connect(stage.connection.uri)
    const held = other.listen(FAILED_QUEUE, (delivery) => delivery.leave(), { prefetch: 1, onError: 'leave' })
    await until('another consumer has one', () => held.unsettled === 1)
    let looks = 0
    const browsing = new Proxy(stage.connection, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'inspect') return typeof value === 'function' ? (value.bind(target) as unknown) : value
        return async () => {
          looks++
          return { ready: stage.broker.depth(FAILED_QUEUE), isExact: false, consumers: undefined }
        }
      },
    })
    const desk = new FailureDesk(async () => ({ ...stage.host, connection: browsing }))
    assert.deepEqual(await desk.collect({ once: true }), { kept: 2, left: 0 })
    assert.ok(looks > 1, 'one quiet moment is not enough')
    assert.equal(stage.broker.depth(FAILED_QUEUE), 1)
  })

  it('says what it needs', async () => {
    await using stage = await deskStage()
    await assert.rejects(stage.desk.collect(), { code: 'invalid-option' })
    await assert.rejects(stage.desk.collect({ once: true, queues: [] }), { code: 'invalid-option' })
    await assert.rejects(stage.desk.collect({ once: true, queues: ['topic://x'] }), { code: 'invalid-option' })
    assert.deepEqual(await stage.desk.collect({ signal: AbortSignal.abort() }), { kept: 0, left: 0 })
  })
})

describe('a dead letter', () => {
  const letter = (headers: Record<string, string>, destination = 'queue://DLQ.mails') => ({
    id: 'job-1',
    bytes: Buffer.from('body'),
    contentType: undefined,
    headers,
    destination,
    endpoint: 'amqp://broker:5672',
    replyTo: undefined,
  })
  const by = { worker: 'host:1:0', at: Date.parse('2026-03-01T00:00:00Z') }
  const death = (given: object): Record<string, string> => ({
    'x-death': JSON.stringify([
      { count: 1, reason: 'rejected', queue: 'mails', time: '2026-02-28T23:59:00Z', ...given },
    ]),
  })

  it('of RabbitMQ tells by x-death why, where and when', () => {
    const rejected = failureOfLetter(letter(death({}), 'queue://anything'), by)
    assert.deepEqual(
      [rejected.reason, rejected.queue, rejected.failedAt, rejected.errorClass, rejected.errorMessage, rejected.stack],
      ['dead_lettered', 'mails', by.at - 60_000, 'DeadLettered', 'rejected in queue mails', undefined],
    )
    const expired = failureOfLetter(letter(death({ reason: 'expired', count: 3 })), by)
    assert.deepEqual([expired.reason, expired.errorMessage], ['expired', 'expired in queue mails, 3 times'])
    const own = failureOfLetter(letter({ ...death({ time: 'never', queue: 7 }), [HEADER.queue]: 'own' }), by)
    assert.deepEqual([own.queue, own.failedAt], ['own', by.at])
  })

  it('of ActiveMQ tells by its cause and its original destination', () => {
    const headers = {
      dlqDeliveryFailureCause: `java.lang.Throwable: Message Expired. Expiration:${by.at - 5000}`,
      'original-destination': '/queue/mails',
      originalExpiration: String(by.at - 5000),
    }
    const expired = failureOfLetter(letter(headers, 'queue://ActiveMQ.DLQ'), by)
    assert.deepEqual([expired.reason, expired.queue, expired.failedAt], ['expired', 'mails', by.at - 5000])
    const poison = failureOfLetter(letter({ 'original-destination': '/queue/mails', originalExpiration: '0' }), by)
    assert.deepEqual([poison.reason, poison.queue, poison.failedAt], ['dead_lettered', 'mails', by.at])
    assert.equal(poison.errorMessage, 'given up by the broker in queue mails')
  })

  it('without a word of its broker tells by its own headers and the queue it lay in', () => {
    const late = failureOfLetter(letter({ [HEADER.expiresAt]: String(by.at - 1) }), by)
    assert.deepEqual([late.reason, late.queue], ['expired', 'mails'])
    for (const text of ['{', '[]', '[null]', '[{"reason":1}]', '"x"'])
      assert.equal(failureOfLetter(letter({ 'x-death': text }), by).reason, 'dead_lettered')
  })
})
