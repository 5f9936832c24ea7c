import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { DatabaseThread } from '../../../adapters/sqlite/thread.ts'
import { parseQuery } from '../../../src/jobs/failures/query/parser.ts'
import { sqliteFailures } from '../../../src/stores.ts'
import { failure, failures } from '../../../src/testing/failure-store/place.ts'
import { ownFolder } from './place.ts'

interface Fake {
  readonly echo: (text: string) => string
  readonly die: () => void
  readonly hang: () => void
}

/** A thread that answers `echo`, and falls over when told to. */
const FAKE = `
import { parentPort } from 'node:worker_threads'
parentPort.on('message', (calls) => {
  if (calls === 'close') return parentPort.close()
  for (const { id, name, args } of calls) {
    if (name === 'die') throw new Error('out of order')
    if (name === 'echo') parentPort.postMessage([{ id, value: args[0] }])
  }
})`

function fakeThread(folder: string, silentMs = 60_000): DatabaseThread<keyof Fake, Fake> {
  const source = join(folder, 'fake.mjs')
  writeFileSync(source, FAKE)
  return new DatabaseThread({ kind: 'failure-reads', path: '/data/x.db' }, { source: pathToFileURL(source), silentMs })
}

it('a thread that dies rejects what waits for it as retriable, and the next call starts another', async () => {
  using folder = ownFolder()
  const thread = fakeThread(folder.path)
  assert.equal(await thread.call('echo', 'a'), 'a')
  const ends = await Promise.allSettled([thread.call('hang'), thread.call('die'), thread.call('echo', 'b')])
  for (const end of ends) {
    assert.ok(end.status === 'rejected')
    const { code, retriable, message } = end.reason as { code: string; retriable: boolean; message: string }
    assert.deepEqual([code, retriable], ['storage', true])
    assert.equal(message, 'the SQLite file /data/x.db: its thread was lost, Error: out of order')
  }
  assert.equal(await thread.call('echo', 'c'), 'c')
  await thread.close()
})

it('a thread that says nothing for too long is given up, and the next call starts another', async () => {
  using folder = ownFolder()
  const thread = fakeThread(folder.path, 1_000)
  await thread.call('echo', 'a')
  await assert.rejects(thread.call('hang'), {
    code: 'storage',
    retriable: true,
    message: /it said nothing for 1000 ms$/,
  })
  assert.equal(await thread.call('echo', 'c'), 'c')
  await thread.close()
})

it('a closed thread takes no more calls, and closing one that never started is nothing', async () => {
  using folder = ownFolder()
  const thread = fakeThread(folder.path)
  await thread.close()
  await thread.close()
  await assert.rejects(thread.call('echo', 'a'), { code: 'closed' })
})

it('a value that cannot travel to a thread is an error of that call', async () => {
  using folder = ownFolder()
  const thread = fakeThread(folder.path)
  await assert.rejects(thread.call('echo', (() => {}) as unknown as string), { code: 'storage' })
  assert.equal(await thread.call('echo', 'a'), 'a')
  await thread.close()
})

it('keeping goes on while a search and a large requeue are under way', async () => {
  using folder = ownFolder()
  await using store = sqliteFailures(folder.file)
  await store.keep(failures('old', 5_000, { stack: 'at somewhere '.repeat(50) }))
  const order: string[] = []
  const search = store.count({ kind: 'field', field: 'stack', text: 'nowhere' }).then(() => order.push('search'))
  const claim = store
    .claim(parseQuery('jobId:old-*'), { batch: 'b', limit: 10_000, actor: 'ann', at: Date.now() })
    .then((count) => order.push(`claimed ${count}`))
  await store.keep([failure({ jobId: 'new' })]).then(() => order.push('kept'))
  await Promise.all([search, claim])
  assert.deepEqual([order[0], order.at(-1)], ['kept', 'claimed 5000'])
})

it('one failure that cannot be kept takes nobody else with it', async () => {
  using folder = ownFolder()
  await using store = sqliteFailures(folder.file)
  await store.open()
  const broken = failure({ jobId: 'broken', failedAt: 'yesterday' as unknown as number })
  const ends = await Promise.allSettled([
    store.keep([failure({ jobId: 'a' })]),
    store.keep([failure({ jobId: 'before' }), broken]),
    store.keep([failure({ jobId: 'b' })]),
  ])
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal(await store.get('before.0'), undefined)
  assert.equal(await store.count({ kind: 'all' }), 2)
})

it('a lock that another process keeps is waited for', async () => {
  using folder = ownFolder()
  await using store = sqliteFailures(folder.file)
  await store.open()
  const other = new DatabaseSync(folder.file)
  other.exec('BEGIN IMMEDIATE')
  let kept = false
  const keeping = store.keep([failure({ jobId: 'a' })]).then(() => (kept = true))
  assert.equal(await store.count({ kind: 'all' }), 0)
  assert.equal(kept, false)
  other.exec('COMMIT')
  other.close()
  await keeping
  assert.equal(await store.count({ kind: 'all' }), 1)
})
