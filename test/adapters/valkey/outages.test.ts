import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { valkeyResults } from '../../../adapters/valkey/results.ts'
import { freePorts } from '../../../infra/labs/free-ports.ts'
import { systemClock } from '../../../src/clock.ts'
import type { JobState, ResultsHost, ResultsSession } from '../../../src/jobs/results/results.ts'
import { eventually } from '../../../src/testing/contract/waiting.ts'
import { authority } from '../../support/certificates.ts'
import { redisFor, redisSkip } from '../../support/redis.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const HOST = { clock: systemClock } as ResultsHost
const unexpected = (error: Error): void => assert.fail(error)
const PASSWORD = 's3cret:word'

async function opened(context: TestContext, url: string, timeout = 20_000): Promise<ResultsSession> {
  const session = await valkeyResults({ url, timeout }).open(HOST)
  context.after(async () => await session.close())
  return session
}

const done = (value: unknown): JobState => ({ kind: 'succeeded', value, at: 1 })

/** Everything that an error could show to somebody. */
function wordsOf(error: Error): string {
  return [error.message, error.stack, String((error.cause as Error | undefined)?.stack), JSON.stringify(error)].join()
}

describe('results in Redis, in trouble', { skip: redisSkip() }, () => {
  it('tell a watcher after a restart what was put meanwhile, by another connection', async (context) => {
    const server = await redisFor(context)
    const enqueuer = await opened(context, server.url)
    const states: JobState[] = []
    await enqueuer.watch('told', (state) => states.push(state), unexpected)
    await enqueuer.watch('later', (state) => states.push(state), unexpected)
    await server.kill()
    await server.start()
    // The watcher's connection may be away still, or be back: it is told in any case, and once.
    const worker = await opened(context, server.url)
    await worker.put({ jobId: 'told', replyTo: undefined }, done('meanwhile'))
    await eventually('the first result', () => states.length === 1)
    await worker.put({ jobId: 'later', replyTo: undefined }, done('afterwards'))
    await eventually('the second result', () => states.length === 2)
    assert.deepEqual(states, [done('meanwhile'), done('afterwards')])
  })

  it('tell thousands of watchers after a restart', async (context) => {
    const server = await redisFor(context)
    const enqueuer = await opened(context, server.url)
    const ids = Array.from({ length: 3_000 }, (_, at) => `job-${at}`)
    const told = new Set<string>()
    for (const id of ids) await enqueuer.watch(id, () => told.add(id), unexpected)
    await server.kill()
    await server.start()
    const worker = await opened(context, server.url)
    await Promise.all(ids.map(async (jobId) => await worker.put({ jobId, replyTo: undefined }, done(jobId))))
    await eventually('all results', () => told.size === ids.length)
  })

  it('wait for a server that comes back: put, get and watch alike', async (context) => {
    const server = await redisFor(context, { password: PASSWORD })
    const session = await opened(context, server.url)
    await session.put({ jobId: 'before', replyTo: undefined }, done('kept'))
    await server.kill()
    const states: JobState[] = []
    const put = session.put({ jobId: 'during', replyTo: undefined }, done('patience'))
    const get = session.get('before')
    const watch = session.watch('during', (state) => states.push(state), unexpected)
    await server.start()
    await put
    assert.deepEqual(await get, done('kept'))
    await watch
    await eventually('the result', () => states.length === 1)
  })

  it('give up in time on one that stays away, retriable, without the password', async (context) => {
    const server = await redisFor(context, { password: PASSWORD })
    const session = await opened(context, server.url, 300)
    await server.stop()
    const asked = [
      session.get('x'),
      session.put({ jobId: 'x', replyTo: undefined }, done(1)),
      session.watch(
        'x',
        () => {},
        () => {},
      ),
    ]
    const refusals = asked.map(async (ask) => {
      await assert.rejects(ask, (error: Error & { code?: string; retriable?: boolean }) => {
        assert.equal(error.code, 'storage')
        assert.equal(error.retriable, true)
        assert.match(
          error.message,
          new RegExp(`^redis://127\\.0\\.0\\.1:${server.port} (refused the connection|was lost)`),
        )
        assert.doesNotMatch(wordsOf(error), /s3cret/)
        return true
      })
    })
    await Promise.all(refusals)
    // A watch that came to nothing wants nothing any more.
    await server.start()
    await session.put({ jobId: 'x', replyTo: undefined }, done(2))
    assert.deepEqual(await session.get('x'), done(2))
  })

  it('give up in time on one that is stopped and says nothing, and go on with it later', async (context) => {
    const server = await redisFor(context)
    const session = await opened(context, server.url, 400)
    await server.pause()
    await assert.rejects(session.get('x'), { code: 'storage', retriable: true, message: / did not answer in 200 ms$/ })
    await server.resume()
    await session.put({ jobId: 'x', replyTo: undefined }, done(1))
    assert.deepEqual(await session.get('x'), done(1))
  })

  it('are refused with a wrong password at once, and do not repeat it', async (context) => {
    const server = await redisFor(context, { password: PASSWORD })
    for (const url of [server.url.replace('s3cret', 'wr0ng'), `redis://127.0.0.1:${server.port}`]) {
      await assert.rejects(opened(context, url), (error: Error & { retriable?: boolean }) => {
        assert.equal(error.retriable, false)
        assert.match(error.message, / refused the user name, the password or the permission$/)
        assert.doesNotMatch(wordsOf(error), /wr0ng|s3cret/)
        return true
      })
    }
  })

  it('close at once while the server is away, and reject what waits', async (context) => {
    const server = await redisFor(context)
    const session = await opened(context, server.url)
    await session.watch(
      'x',
      () => {},
      () => {},
    )
    await server.stop()
    const put = assert.rejects(session.put({ jobId: 'x', replyTo: undefined }, done(1)), { code: 'closed' })
    await session.close()
    await put
  })

  it('are encrypted with rediss:, and the server has to be who it should be', async (context) => {
    const own = authority('ours')
    const files = temporaryFolder('redis-tls', context)
    const { certificate, key } = own.issue('localhost')
    const tls = { certificateFile: join(files, 'certificate.pem'), keyFile: join(files, 'key.pem') }
    writeFileSync(tls.certificateFile, certificate)
    writeFileSync(tls.keyFile, key)
    const server = await redisFor(context, { password: PASSWORD, tls })
    const url = server.url.replace('127.0.0.1', 'localhost')
    const session = await valkeyResults({ url, tls: { ca: own.certificate } }).open(HOST)
    context.after(async () => await session.close())
    await session.put({ jobId: 'x', replyTo: undefined }, done(1))
    assert.deepEqual(await session.get('x'), done(1))
    const strangers = [
      { url },
      { url, tls: { ca: authority('theirs').certificate } },
      { url, tls: { ca: own.certificate, serverName: 'elsewhere' } },
    ]
    for (const options of strangers) {
      await assert.rejects(
        valkeyResults(options).open(HOST),
        (error: Error & { code?: string; retriable?: boolean }) => {
          assert.equal(error.code, 'storage')
          assert.equal(error.retriable, false)
          assert.match(error.message, /^rediss:\/\/localhost:\d+ is not trusted: /)
          assert.doesNotMatch(wordsOf(error), /s3cret/)
          return true
        },
      )
    }
  })

  it('use the database that the url names', async (context) => {
    const server = await redisFor(context)
    const [first, second] = [await opened(context, server.url), await opened(context, `${server.url}/3`)]
    await second.put({ jobId: 'x', replyTo: undefined }, done(1))
    assert.equal(await first.get('x'), undefined)
    assert.deepEqual(await second.get('x'), done(1))
  })
})

describe('valkeyResults', () => {
  it('refuses what it cannot use, and never repeats the url', () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ url: 'http://user:s3cret@host' }, /^the url of Valkey or Redis is none: /],
      [{ url: 's3cret' }, /is none/],
      [{ url: 'redis://:s3cret@host/three' }, /names a database that is no number/],
      [{ url: 'redis://:s3cret@host?db=3' }, /has options/],
      [{ url: 'redis://:s3cret%zz@host' }, /encodes nothing/],
      [{ url: 'redis://host', tls: {} }, /^TLS settings were given, and redis:\/\/host:6379 is without TLS/],
      [{ url: 'redis://host', ttl: 0 }, /^ttl of valkeyResults is a whole number/],
      [{ url: 'redis://host', timeout: 1.5 }, /^timeout of valkeyResults/],
      [{ url: 'redis://host', tttl: 5 }, /unknown valkeyResults option "tttl"; did you mean ttl\?/],
    ]
    for (const [options, message] of wrong) {
      assert.throws(
        () => valkeyResults(options as { url: string }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'invalid-option')
          assert.match(error.message, message)
          assert.doesNotMatch(wordsOf(error), /s3cret/)
          return true
        },
      )
    }
  })

  it('gives up on somebody who accepts and never greets', async (context) => {
    const [port = 0] = await freePorts(1)
    const sockets = new Set<{ destroy(): void }>()
    const server = createServer((socket) => sockets.add(socket.on('error', () => {})))
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    context.after(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    await assert.rejects(opened(context, `redis://127.0.0.1:${port}`, 200), {
      code: 'storage',
      retriable: true,
      message: `redis://127.0.0.1:${port} did not answer in 100 ms`,
    })
  })
})
