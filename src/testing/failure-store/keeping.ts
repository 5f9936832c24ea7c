import assert from 'node:assert/strict'
import { UnderstudyError } from '../../errors.ts'
import type { FailureQuery } from '../../jobs/failures/query/query.ts'
import { failure, failures, type FailureStoreTest, NOW } from './place.ts'

const ALL: FailureQuery = { kind: 'all' }
const UNTOUCHED = {
  status: 'failed',
  batch: undefined,
  claimedAt: undefined,
  retriedAt: undefined,
  retriedBy: undefined,
  retryJobId: undefined,
  resolvedAt: undefined,
}

/** Keeping, and getting back what was kept. */
export const keeping: readonly FailureStoreTest[] = [
  {
    title: 'a failure comes back with every field as it was, and one that is not there as undefined',
    run: async (open) => {
      const store = await open()
      const whole = failure({
        jobId: 'whole',
        requeues: 3,
        errorCode: 'ECONNREFUSED',
        stack: 'Error: it failed\n    at resize (resize.ts:3:9)',
        attempts: [
          {
            attempt: 1,
            at: NOW - 9_000,
            worker: 'host:1:0',
            broker: 'amqp://a:5672',
            error: 'Error: first',
            durationMs: 12.5,
          },
          {
            attempt: 2,
            at: NOW - 5_000,
            worker: 'host:2:0',
            broker: 'amqp://b:5672',
            error: 'Error: second',
            durationMs: 9,
          },
        ],
        headers: { 'understudy-job': 'image.resize', 'x-tenant': 'ä' },
        enqueuedAt: NOW - 10_000,
        firstFailedAt: NOW - 9_000,
        failedAt: NOW - 5_000,
        expiresAt: NOW + 60_000,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        requestId: 'request 1',
        replyTo: 'queue://orders.reply',
        priority: 0,
      })
      const bare = failure({ jobId: 'bare', job: '', preview: '', contentType: undefined, args: new Uint8Array() })
      await store.keep([whole, bare])
      assert.deepEqual(await store.get('whole.3'), { ...whole, ...UNTOUCHED })
      assert.deepEqual(await store.get('bare.0'), { ...bare, ...UNTOUCHED })
      assert.equal(await store.get('none.0'), undefined)
    },
  },
  {
    title: 'keeping twice is keeping once, and takes nothing back',
    run: async (open) => {
      const store = await open()
      await store.keep([failure({ jobId: 'a', errorMessage: 'the first' })])
      await store.claim(ALL, { batch: 'b', limit: 1, actor: 'ann', at: NOW })
      await store.keep([failure({ jobId: 'a', errorMessage: 'the second' }), failure({ jobId: 'b' })])
      await Promise.all([store.keep([failure({ jobId: 'c' })]), store.keep([failure({ jobId: 'c' })])])
      const kept = await store.get('a.0')
      assert.deepEqual([kept?.errorMessage, kept?.status], ['the first', 'retrying'])
      assert.equal(await store.count(ALL), 3)
    },
  },
  {
    title: 'any text comes back to the letter: NUL, quotes, other scripts, pictures, statements of SQL',
    run: async (open) => {
      const store = await open()
      const texts = [
        'a\0b',
        `'); DROP TABLE failures; --`,
        `" OR 1=1 /* \\ % _ ? :x @y $z`,
        'naïve Ünïcode, 失敗, فشل, 👩‍🚀',
        'line one\r\nline two\ttab',
        'x'.repeat(100_000),
      ]
      const kept = texts.map((text, at) =>
        failure({ jobId: `t${at}`, errorMessage: text, preview: text, stack: text, headers: { text } }),
      )
      await store.keep(kept)
      for (const one of kept) {
        const { errorMessage, preview, stack, headers } = (await store.get(one.id)) ?? failure({ jobId: 'none' })
        assert.deepEqual([errorMessage, preview, stack, headers['text']], Array(4).fill(one.errorMessage))
      }
    },
  },
  {
    title: 'arguments come back byte by byte, a megabyte of them too, and a view of a larger buffer as what it shows',
    run: async (open) => {
      const store = await open()
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const large = Uint8Array.from({ length: 1_048_576 }, (_, at) => (at * 31) % 256)
      await store.keep([
        failure({ jobId: 'every', args: every }),
        failure({ jobId: 'large', args: large }),
        failure({ jobId: 'view', args: every.subarray(10, 20) }),
      ])
      for (const [id, bytes] of Object.entries({ 'every.0': every, 'large.0': large, 'view.0': every.slice(10, 20) })) {
        const { args } = (await store.get(id)) ?? {}
        // Compared as buffers: a difference in a megabyte is not to be printed.
        assert.ok(args && Buffer.from(args).equals(bytes), id)
      }
    },
  },
  {
    title: 'many that are kept at once are all there, and so is one call with more than fit into a statement',
    run: async (open) => {
      const [store, other] = [await open(), await open()]
      await Promise.all([
        ...failures('one', 100).map((one) => store.keep([one])),
        ...failures('other', 100).map((one) => other.keep([one])),
        store.keep(failures('many', 1_300)),
        other.keep([]),
      ])
      assert.equal(await store.count(ALL), 1_500)
      assert.equal(await other.count(ALL), 1_500)
    },
  },
  {
    title: 'the failures of a job come the first failure first',
    run: async (open) => {
      const store = await open()
      const all = [2, 0, 1].map((requeues) => failure({ jobId: 'a', requeues, failedAt: NOW - 1_000 + requeues }))
      await store.keep([...all, failure({ jobId: 'b' })])
      const found = await store.ofJob('a')
      assert.deepEqual(
        found.map(({ id }) => id),
        ['a.0', 'a.1', 'a.2'],
      )
      assert.deepEqual(await store.ofJob('none'), [])
    },
  },
  {
    title: 'what one store kept is there for another that is opened later, and opening again changes nothing',
    run: async (open) => {
      const first = await open()
      await first.keep(failures('a', 3))
      await first.open()
      const stores = await Promise.all([open(), open(), open()])
      for (const store of stores) assert.equal(await store.count(ALL), 3)
      await first.close()
      assert.equal(await stores[0]?.count(ALL), 3)
    },
  },
  {
    title: 'a closed store refuses what is asked of it, and may be closed again',
    run: async (open) => {
      const store = await open()
      const keepingStill = store.keep(failures('a', 2))
      await Promise.all([store.close(), store.close()])
      await keepingStill
      await store.close()
      await assert.rejects(
        async () => store.keep(failures('b', 1)),
        (error) => error instanceof UnderstudyError && (error.code === 'closed' || error.code === 'storage'),
      )
      assert.equal(await (await open()).count(ALL), 2)
    },
  },
]
