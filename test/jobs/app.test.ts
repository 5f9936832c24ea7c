import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { memoryLedger } from '../../src/jobs/ledger/memory.ts'
import type { Ledger } from '../../src/jobs/ledger/ledger.ts'
import { OpenedOnce } from '../../src/jobs/opened-once.ts'
import type { JobState, Results, ResultsSession } from '../../src/jobs/results/results.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { enqueueing, failsWith } from './enqueueing.ts'

const source = (file: string): string => new URL(`../../src/${file}`, import.meta.url).href

const job = defineJob({ name: 'count', queue: 'counts', perform: (n: number) => n })

/** Results that are kept in a Map, and count what is asked of them. */
function mapResults(
  given: { readonly failFirst?: boolean } = {},
): Results & { opened: number; closed: number; watches: number } {
  const states = new Map<string, JobState>()
  const takers = new Map<string, (state: JobState) => void>()
  const counts = { opened: 0, closed: 0, watches: 0 }
  const session: ResultsSession = {
    replyTo: undefined,
    watch: async (jobId, take) => {
      counts.watches++
      takers.set(jobId, take)
      return { close: () => takers.delete(jobId) && counts.watches-- }
    },
    get: async (jobId) => states.get(jobId),
    put: async ({ jobId }, state) => {
      states.set(jobId, state)
      takers.get(jobId)?.(state)
    },
    close: async () => {
      counts.closed++
    },
  }
  return Object.assign(counts, {
    kind: 'map',
    open: async () => {
      counts.opened++
      if (given.failFirst && counts.opened === 1) throw new UnderstudyError('storage', 'not yet', { retriable: true })
      return session
    },
  })
}

function countedLedger(): Ledger & { opened: number; closed: number } {
  const counts = { opened: 0, closed: 0 }
  const ledger = memoryLedger()
  return Object.assign(ledger, counts, {
    async open(this: { opened: number }) {
      this.opened++
    },
    async close(this: { closed: number }) {
      this.closed++
    },
  })
}

test('stores are opened at their first use, once, and closed with the application', async (context) => {
  const [results, ledger] = [mapResults(), countedLedger()]
  const of = await enqueueing(context, { results, ledger })
  assert.deepEqual([results.opened, ledger.opened], [0, 0])
  await Promise.all([of.app.enqueue(job, 1), of.app.enqueue(job, 2)])
  assert.deepEqual([results.opened, ledger.opened], [1, 0])
  await of.app.worker({ jobs: [job] }).start()
  assert.deepEqual([results.opened, ledger.opened], [1, 1])
  await of.app.close()
  assert.deepEqual([results.closed, ledger.closed], [1, 1])
})

test('a store that nobody used is not opened to be closed', async (context) => {
  const [results, ledger] = [mapResults(), countedLedger()]
  const of = await enqueueing(context, { results, ledger })
  await of.app.close()
  assert.deepEqual([results.opened, results.closed, ledger.opened, ledger.closed], [0, 0, 0, 0])
})

test('a store that could not be opened is tried again by who comes next', async (context) => {
  const results = mapResults({ failFirst: true })
  const of = await enqueueing(context, { results })
  await assert.rejects(of.app.enqueue(job, 1), failsWith('storage', /not yet/))
  assert.equal(of.broker.depth('counts'), 0)
  await of.app.enqueue(job, 1)
  assert.equal(results.opened, 2)
})

test('a store that could not be opened is closed with the application, and holds no process', async (context) => {
  const file = join(temporaryFolder('no-database', context), 'failures.db')
  writeFileSync(file, 'this is a text and no database at all, of more bytes than a header has'.repeat(100))
  const program = `
    import { connect } from ${JSON.stringify(source('connect.ts'))}
    import { createApp } from ${JSON.stringify(source('jobs/app.ts'))}
    import { sqliteFailures } from ${JSON.stringify(source('stores.ts'))}
    const connection = await connect('memory:closing')
    const app = createApp({ connection, failures: sqliteFailures(${JSON.stringify(file)}) })
    const code = await app.failures.count().then(() => 'none', (error) => error.code)
    await app.close()
    await connection.close()
    process.stdout.write(code)`
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  assert.deepEqual([said, code, signal], ['storage', 0, null])
})

test('a store that is being opened is closed when it has been', async (context) => {
  const [asked, opening] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const calls: string[] = []
  const ledger = Object.assign(memoryLedger(), {
    open: async () => {
      asked.resolve()
      await opening.promise
      calls.push('opened')
    },
    close: async () => void calls.push('closed'),
  })
  const of = await enqueueing(context, { ledger })
  const starting = of.app.worker({ jobs: [job] }).start()
  await asked.promise
  const closing = of.app.close()
  opening.resolve()
  await assert.rejects(starting, failsWith('closed'))
  await closing
  assert.deepEqual(calls, ['opened', 'closed'])
})

test('an application stops its workers before it closes', async (context) => {
  const of = await enqueueing(context)
  const worker = of.app.worker({ jobs: [job] })
  await worker.start()
  await of.app.close()
  assert.equal(worker.state, 'stopped')
  assert.throws(() => of.app.worker({ jobs: [job] }), failsWith('closed'))
})

test('results that are kept can be asked for by the id of the job, in any process', async (context) => {
  const results = mapResults()
  const of = await enqueueing(context, { results })
  const { app: there } = await of.other({ results })
  assert.equal(await of.app.result('nobody'), undefined)
  const handle = await of.app.enqueue(job, 7)
  await there.worker({ jobs: [job] }).start()
  assert.equal(await handle.result({ timeout: 60_000 }), 7)
  const state = await there.result(handle.id)
  assert.deepEqual([state?.kind, state?.kind === 'succeeded' && state.value], ['succeeded', 7])
})

test('a job that was not sent is not followed', async (context) => {
  const results = mapResults()
  const of = await enqueueing(context, { results }, '&retryThreshold=50')
  of.broker.holdConfirms()
  await assert.rejects(of.app.enqueue(job, 1))
  assert.equal(results.watches, 0)
})

test('one opening is shared by all who wait for it', async () => {
  const given = Promise.withResolvers<number>()
  let opened = 0
  const once = new OpenedOnce(() => {
    opened++
    return given.promise
  })
  assert.equal(await once.peek(), undefined)
  const both = Promise.all([once.get(), once.get()])
  const peeked = once.peek()
  given.resolve(7)
  assert.deepEqual([await both, await peeked, opened], [[7, 7], 7, 1])
})

test('a close does not wait for a worker that waits for a broker to have its queue', async (context) => {
  const of = await enqueueing(context)
  const { app, connection } = await of.other({ queues: { counts: {} } })
  await connection.connected()
  of.broker.stop()
  const { promise: asked, resolve: asks } = Promise.withResolvers<void>()
  const declare = connection.declare.bind(connection)
  connection.declare = (...args) => {
    asks()
    return declare(...args)
  }
  const starting = app.worker({ jobs: [job] }).start()
  starting.catch(() => {})
  await asked
  await app.close()
  await assert.rejects(starting, failsWith('closed'))
})
