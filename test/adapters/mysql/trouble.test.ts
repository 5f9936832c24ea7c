import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseQuery } from '../../../src/jobs/failures/query/parser.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import { mysqlFailures, mysqlLedger } from '../../../src/stores.ts'
import { failure, failures } from '../../../src/testing/failure-store/place.ts'
import { eventually, within } from '../../../src/testing/contract/waiting.ts'
import { ownDatabase, ownServer, skip } from './place.ts'

interface Refusal extends Error {
  readonly code?: string
  readonly retriable?: boolean
}

/** Everything that an error could show to somebody. */
function wordsOf(error: Error): string {
  const cause = error.cause as Error | undefined
  return [error.message, error.stack, cause?.stack, JSON.stringify(error), JSON.stringify(cause)].join()
}

async function refusal(asked: Promise<unknown>): Promise<Refusal> {
  const error = await within(
    'an answer',
    asked.then(
      () => assert.fail('it was not refused'),
      (thrown: Refusal) => thrown,
    ),
  )
  assert.equal(error.code, 'storage', String(error))
  assert.doesNotMatch(wordsOf(error), /s3cret|tester|nobody/)
  return error
}

const everything = parseQuery('')

describe('MySQL or MariaDB in trouble', { skip }, () => {
  it('says what it refused without the user or the password, and is not asked again', async () => {
    const uri = await ownDatabase()
    const { port } = await ownServer()
    const wrong: readonly (readonly [string, RegExp])[] = [
      [uri.replace('s3cret', 's3crets'), /^mysql:\/\/127\.0\.0\.1:\d+\/test_\d+ refused the user name, the password/],
      [uri.replace('tester:', 'nobody:'), /refused the user name/],
      [`${uri}_not`, /has no database of that name$/],
      [uri.replace(`:${port}/`, ':1/'), /^mysql:\/\/127\.0\.0\.1:1\/test_\d+ refused the connection$/],
    ]
    for (const [uri, message] of wrong) {
      await using store = mysqlFailures({ uri })
      const error = await refusal(store.open())
      assert.match(error.message, message)
      assert.equal(error.retriable, message.source.includes('connection'))
      assert.doesNotMatch(store.name, /s3cret|tester|nobody/)
    }
  })

  it('comes back: what failed meanwhile was retriable, and idle connections that died are not noticed', async () => {
    const server = await ownServer()
    const uri = await ownDatabase()
    await using store = mysqlFailures({ uri })
    await using ledger = mysqlLedger({ uri })
    await store.keep([failure({ jobId: 'a' })])
    await ledger.begin('a/0/1', 'w')
    // Several connections, all of them idle then.
    await Promise.all([1, 2, 3, 4].map(() => store.count(everything)))
    await server.process.stop()
    await server.process.start()
    assert.equal(await store.count(everything), 1)
    await store.keep([failure({ jobId: 'b' })])
    assert.deepEqual(await ledger.begin('a/0/1', 'w'), { finished: false, starts: 2 })
    await server.process.stop()
    for (const asked of [store.keep([failure({ jobId: 'c' })]), store.get('a.0'), ledger.finish('a/0/1')]) {
      assert.equal((await refusal(asked)).retriable, true)
    }
    await server.process.start()
    await store.keep([failure({ jobId: 'c' })])
    assert.equal(await store.count(everything), 3)
  })

  it('has all that was kept, and its words, after the server was killed', async () => {
    const server = await ownServer()
    const uri = await ownDatabase()
    await using store = mysqlFailures({ uri })
    const kept: string[] = []
    const down = new AbortController()
    const keeping = Array.from({ length: 4 }, async (_, worker) => {
      for (let job = 0; !down.signal.aborted; job++) {
        const jobId = `${worker}-${job}`
        await store.keep([failure({ jobId, errorMessage: `unlucky ${jobId}` })]).then(
          () => kept.push(jobId),
          () => down.abort(),
        )
      }
    })
    await eventually('some that are kept', () => kept.length > 50)
    const { process: running } = server
    process.kill(running.pid() ?? assert.fail('no server'), 'SIGKILL')
    await Promise.all(keeping)
    await eventually('the end of the server', () => running.state() === 'gone')
    await running.start()
    const found = new Set<string>()
    for (let after: string | undefined; ; ) {
      const page = await store.search(parseQuery('unlucky'), { limit: 1_000, after })
      for (const { jobId } of page.failures) found.add(jobId)
      if (page.next === undefined) break
      after = page.next
    }
    assert.deepEqual(
      kept.filter((jobId) => !found.has(jobId)),
      [],
    )
    const [last] = kept.slice(-1)
    assert.equal(await store.count(parseQuery(`"unlucky ${last}"`)), 1)
  })

  it('is given up in time when it is stopped and says nothing, and goes on later', async () => {
    const server = await ownServer()
    const uri = await ownDatabase()
    await using store = mysqlFailures({ uri, timeout: 500, connections: 2 })
    await store.keep([failure({ jobId: 'a' })])
    await server.process.pause()
    try {
      // More than there are connections: those that wait for one are given up too.
      const errors = await Promise.all(Array.from({ length: 6 }, () => refusal(store.get('a.0'))))
      for (const error of errors) {
        assert.equal(error.retriable, true)
        assert.match(error.message, /(did not answer (the dial )?in time|no connection was free within 500 ms)$/)
      }
    } finally {
      await server.process.resume()
    }
    assert.equal((await store.get('a.0'))?.jobId, 'a')
  })

  it('has its tables made by several at once, once', async () => {
    const uri = await ownDatabase()
    const stores = Array.from({ length: 6 }, () => mysqlFailures({ uri }))
    await Promise.all(stores.map((store) => store.open()))
    await Promise.all(stores.map((store, at) => store.keep([failure({ jobId: `job-${at}` })])))
    assert.equal(await stores[0]?.count(everything), 6)
    await Promise.all(stores.map((store) => store.close()))
  })

  it('serves a user who may not make tables, once they are there', async () => {
    const server = await ownServer()
    const uri = await ownDatabase()
    const small = uri.replace(/\/\/.*@/, '//small:s3cret@')
    const database = uri.split('/').at(-1)
    await server.run(
      `CREATE USER 'small'@'127.0.0.1' IDENTIFIED BY 's3cret'`,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${database}.* TO 'small'@'127.0.0.1'`,
    )
    await using early = mysqlFailures({ uri: small })
    const error = await refusal(early.open())
    assert.match(error.message, / refused the permission$/)
    assert.equal(error.retriable, false)
    await using owner = mysqlFailures({ uri })
    await owner.open()
    await early.keep([failure({ jobId: 'a' })])
    assert.equal(await early.remove(parseQuery('it failed')), 1)
  })

  it('is refused when a newer version made the tables', async () => {
    const server = await ownServer()
    const uri = await ownDatabase()
    await using store = mysqlFailures({ uri })
    await store.open()
    await server.run(`INSERT INTO ${uri.split('/').at(-1)}.understudy_schema (version) VALUES (99)`)
    await using late = mysqlFailures({ uri })
    const error = await refusal(late.open())
    assert.match(error.message, /made by a newer understudy-mq \(version 99, this one knows \d+\)$/)
  })

  it('means the same whatever the settings of the server are', async () => {
    const server = await ownServer()
    const uri = await ownDatabase()
    await server.run("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT'")
    try {
      await using store = mysqlFailures({ uri })
      const text = `\\' OR 1 = 1; DROP TABLE understudy_failures; -- \\\\ "x" || 'y' %_!`
      await store.keep([failure({ jobId: text, errorMessage: text, args: new TextEncoder().encode(text) })])
      const [kept] = await store.ofJob(text)
      assert.equal(kept?.errorMessage, text)
      assert.equal(new TextDecoder().decode(kept?.args), text)
      const quoted = JSON.stringify(text)
      for (const query of [`jobId:${quoted}`, `error:${quoted}`, quoted, 'error:"*1 = 1; DROP*%_!"']) {
        assert.equal(await store.count(parseQuery(query)), 1, query)
      }
      assert.equal(await store.count(parseQuery(`jobId:"\\\\' OR '1'='1"`)), 0)
    } finally {
      await server.run('SET GLOBAL sql_mode = DEFAULT')
    }
  })

  it('finds words that the server takes for too short, too common or too long', async () => {
    const uri = await ownDatabase()
    await using store = mysqlFailures({ uri })
    const long = 'x'.repeat(300)
    await store.keep([
      failure({ jobId: 'a', errorMessage: `the end of a www.com E2 ${long} done` }),
      failure({ jobId: 'b', errorMessage: 'an end, of another' }),
      failure({ jobId: 'c', errorMessage: '数据库 connection Ärger \u{1F600} Œuvre' }),
    ])
    const found: Readonly<Record<string, string>> = {
      the: 'a',
      a: 'a',
      of: 'ab',
      'error:"end of"': 'ab',
      'error:"the end of a"': 'a',
      'error:"of end"': '',
      e2: 'a',
      [long]: 'a',
      [`"e2 ${long} done"`]: 'a',
      [`${long}x`]: '',
      数据库: 'c',
      数据: '',
      arger: 'c',
      'error:"connection ärger"': 'c',
    }
    for (const [query, jobs] of Object.entries(found)) {
      const { failures } = await store.search(parseQuery(query), { limit: 10 })
      assert.equal(
        failures
          .map(({ jobId }) => jobId)
          .sort()
          .join(''),
        jobs,
        query,
      )
    }
  })

  it('pages through words that many have and words that few have, each failure once and the latest first', async () => {
    const uri = await ownDatabase()
    await using store = mysqlFailures({ uri })
    // Kept first and failed first: far behind the latest.
    const few = Array.from({ length: 60 }, (_, at) =>
      failure({ jobId: `few-${at}`, errorMessage: 'a needle', failedAt: at }),
    )
    await store.keep(few)
    await store.keep(failures('many', 1_500, { errorMessage: 'the hay' }))
    for (const [query, count] of [
      ['hay', 1_500],
      ['needle', 60],
      ['hay OR needle', 1_560],
      ['hay needle', 0],
    ] as const) {
      const found: { readonly id: string; readonly failedAt: number }[] = []
      for (let after: string | undefined; ; ) {
        const page = await store.search(parseQuery(query), { limit: 400, after })
        found.push(...page.failures)
        if (page.next === undefined) break
        after = page.next
      }
      assert.equal(new Set(found.map(({ id }) => id)).size, count, query)
      assert.equal(found.length, count, query)
      assert.deepEqual(
        found.map(({ failedAt }) => failedAt),
        found.map(({ failedAt }) => failedAt).sort((one, other) => other - one),
      )
    }
  })

  it('says that a statement is larger than the server takes, and serves on', async () => {
    const uri = await ownDatabase()
    await using store = mysqlFailures({ uri })
    const error = await refusal(store.keep([failure({ jobId: 'huge', args: new Uint8Array(40_000_000) })]))
    assert.match(error.message, /takes no statement of this size \(max_allowed_packet\)$/)
    assert.equal(error.retriable, false)
    await store.keep([failure({ jobId: 'large', args: new Uint8Array(5_000_000).fill(39) })])
    assert.equal((await store.get('large.0'))?.args.byteLength, 5_000_000)
  })

  it('claims a great many in statements that are each a small one', async () => {
    const [server, uri] = [await ownServer(), await ownDatabase()]
    await using store = mysqlFailures({ uri })
    await store.keep(failures('job', 5_600))
    // The time that NOW tells is that of the statement: it stands in every row that a statement has changed.
    const table = `${uri.split('/').at(-1)}.understudy_failures`
    await server.run(`CREATE TRIGGER ${table}_told BEFORE UPDATE ON ${table} FOR EACH ROW SET NEW.retried_by = NOW(6)`)
    assert.equal(await store.claim(everything, { batch: 'b', limit: 5_500, actor: 'me', at: Date.now() }), 5_500)
    const statements = new Map<string | undefined, number>()
    for (const { retriedBy } of await store.claimed('b', 5_500))
      statements.set(retriedBy, (statements.get(retriedBy) ?? 0) + 1)
    assert.deepEqual([...statements.values()], [5_000, 500])
  })

  it('lets many operators and workers change the same failures at once, without an error', async () => {
    const uri = await ownDatabase()
    const stores: FailureStore[] = Array.from({ length: 4 }, () => mysqlFailures({ uri, connections: 3 }))
    const [first] = stores
    assert.ok(first)
    await first.keep(failures('job', 400))
    const sentBack: string[] = []
    const operate = async (store: FailureStore, name: number): Promise<void> => {
      for (let round = 0; ; round++) {
        const batch = `batch-${name}-${round}`
        if ((await store.claim(everything, { batch, limit: 37, actor: 'me', at: Date.now() })) === 0) return
        const claimed = (await store.claimed(batch, 37)).toReversed()
        // A third of them turns out not to go back this time.
        const some = claimed.filter((_, at) => round > 3 || at % 3 > 0)
        await Promise.all([
          store.retried(
            some.map(({ id, jobId }) => ({ id, retryJobId: jobId })),
            { actor: 'me', at: Date.now() },
          ),
          store.release(claimed.filter((one) => !some.includes(one)).map(({ id }) => id)),
          store.keep(failures('job', 400)),
        ])
        sentBack.push(...some.map(({ id }) => id))
      }
    }
    await Promise.all(stores.map(operate))
    assert.equal(sentBack.length, 400)
    assert.equal(new Set(sentBack).size, 400)
    assert.equal(await first.count(parseQuery('status:retried')), 400)
    await Promise.all(stores.map((store) => store.close()))
  })

  it('ends what is under way when it is closed, and answers nothing afterwards', async () => {
    const uri = await ownDatabase()
    const store = mysqlFailures({ uri, connections: 2 })
    await store.keep(failures('job', 100))
    const asked = Array.from({ length: 20 }, () => store.count(everything))
    const answers = Promise.allSettled(asked)
    await Promise.all([store.close(), store.close()])
    for (const answer of await answers) {
      if (answer.status === 'fulfilled') assert.equal(answer.value, 100)
      else assert.equal((answer.reason as Refusal).code, 'closed')
    }
    await assert.rejects(store.count(everything), { code: 'closed' })
  })
})

describe('the ledger in MySQL or MariaDB', { skip }, () => {
  it('forgets what is older than it is to keep, and nothing younger', async () => {
    const uri = await ownDatabase()
    let now = 1_000_000
    const clock = { now: () => now, wallTime: () => now, after: () => ({ cancel: () => {} }) }
    await using ledger = mysqlLedger({ uri, keepForMs: 1_000, clock })
    await ledger.begin('old', 'w')
    await ledger.finish('old')
    now += 600
    await ledger.begin('young', 'w')
    await ledger.finish('young')
    now += 600
    for (let run = 0; run < 50; run++) await ledger.begin(`run-${run}`, 'w')
    assert.equal((await ledger.begin('old', 'w')).finished, false)
    assert.equal((await ledger.begin('young', 'w')).finished, true)
  })
})

describe('the factories of MySQL or MariaDB', () => {
  it('refuse what they cannot use, and never repeat the uri', async () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ uri: 'postgres://tester:s3cret@host/db' }, /^the uri of MySQL or MariaDB is none: /],
      [{ uri: 's3cret' }, /is none/],
      [{ uri: 'mysql://:s3cret@host/db' }, /names no user/],
      [{ uri: 'mysql://tester:s3cret@host' }, /has to end in the name of one database/],
      [{ uri: 'mysql://tester:s3cret@host/a/b' }, /has to end in the name of one database/],
      [{ uri: 'mysql://tester:s3cret@host/db?ssl=1' }, /has options/],
      [{ uri: 'mysql://tester:s3cret%zz@host/db' }, /encodes nothing/],
      [{ uri: 'mysql://tester@host/db', timeuot: 1 }, /unknown mysqlFailures option "timeuot"; did you mean timeout\?/],
      [{ uri: 'mysql://tester@host/db', timeout: 0 }, /^timeout of mysqlFailures is a whole number from 1/],
      [{ uri: 'mysql://tester@host/db', connections: 1.5 }, /^connections of mysqlFailures/],
    ]
    for (const [options, message] of wrong) {
      await assert.rejects(
        async () => await mysqlFailures(options as { uri: string }).open(),
        (error: Refusal) => {
          assert.equal(error.code, 'invalid-option')
          assert.match(error.message, message)
          assert.doesNotMatch(wordsOf(error), /s3cret/)
          return true
        },
      )
    }
  })
})
