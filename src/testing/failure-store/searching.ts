import assert from 'node:assert/strict'
import { UnderstudyError } from '../../errors.ts'
import type { Failure } from '../../jobs/failures/failure.ts'
import type { FailureQuery } from '../../jobs/failures/query/query.ts'
import { parseQuery } from '../../jobs/failures/query/parser.ts'
import type { FailureStore } from '../../jobs/failures/store.ts'
import { failure, failures, type FailureStoreTest, NOW } from './place.ts'

const HOUR = 3_600_000
const attempt = { attempt: 1, at: NOW, worker: 'w', broker: 'b', error: 'e', durationMs: 1 }

/** Each with a name of one letter, the youngest first. */
const SHELF: readonly Failure[] = [
  failure({
    jobId: 'a',
    errorClass: 'ConnectError',
    errorMessage: 'connect ECONNREFUSED 10.0.0.7:5672',
    errorCode: 'ECONNREFUSED',
    attempts: [attempt, attempt, attempt],
    stack: 'ConnectError: no\n    at dial (net.ts:1:1)',
  }),
  failure({
    jobId: 'b',
    job: 'image.crop',
    errorMessage: 'the disk is full',
    preview: 'crop(Düsseldorf)',
    queue: 'low',
  }),
  failure({ jobId: 'c', job: 'mail.send', errorClass: 'TypeError', errorMessage: "can't read 'x' of undefined" }),
  failure({
    jobId: 'd',
    job: 'mail.send',
    reason: 'timeout',
    errorCode: 'E_TIME',
    errorMessage: '50% done, then silence',
  }),
  failure({ jobId: 'e', requeues: 2, worker: 'host:2:1', errorMessage: 'a_b [c] * ? \\', requestId: 'r-1' }),
  failure({
    jobId: 'f',
    job: '',
    reason: 'decode',
    fingerprint: 'f1',
    errorMessage: '!!! ??? !!!',
    broker: { kind: 'activemq', name: 'broker-b', url: 'stomp://b:61613' },
  }),
  failure({ jobId: 'g', errorMessage: `'); DROP TABLE failures; --`, preview: 'full of "quotes"' }),
].map((one, at) => Object.assign(one, { failedAt: NOW - HOUR * (at * 2 + 1) }))

const letters = (found: readonly { readonly jobId: string }[]): string => found.map(({ jobId }) => jobId).join('')

/** What a query finds on the shelf, the latest first. */
const FINDS: Readonly<Record<string, string>> = {
  '': 'abcdefg',
  '*': 'abcdefg',
  '-*': '',
  'error:"ECONNREFUSED"': 'a',
  econnrefused: 'a',
  'error:"connect ECONNREFUSED"': 'a',
  'error:"ECONNREFUSED connect"': '',
  'error:"10.0.0.7"': 'a',
  refused: '',
  '*REFUSED*': 'a',
  'error:econn*5672': 'a',
  full: 'bg',
  'error:full': 'b',
  'preview:full': 'g',
  dusseldorf: 'b',
  'preview:DÜSSELDORF': 'b',
  'error:"is full"': 'b',
  'error:"full is"': '',
  crop: 'b',
  'job:image.*': 'aebg',
  'job:image.crop': 'b',
  'job:IMAGE.crop': '',
  'job:image': '',
  'job:""': 'f',
  'job:*.send': 'cd',
  'code:E*': 'ad',
  'code:e*': '',
  'code:""': 'bcefg',
  '-code:E*': 'bcefg',
  '-code:ECONNREFUSED': 'bcdefg',
  'class:TypeError OR code:E_TIME': 'cd',
  '-(class:TypeError OR code:E*)': 'befg',
  'mail -timeout': 'cd',
  'reason:timeout': 'd',
  'reason:timeout OR reason:decode': 'df',
  'queue:low OR queue:none': 'b',
  '-queue:low job:image.*': 'aeg',
  'status:failed': 'abcdefg',
  'status:retried': '',
  'id:e.2': 'e',
  'jobId:e': 'e',
  'requestId:r-1': 'e',
  'requestId:r*': 'e',
  'worker:host:2:*': 'e',
  'broker:activemq': 'f',
  'broker:broker-b': 'f',
  'broker:amqp://*': 'abcdeg',
  'fingerprint:f1': 'f',
  'attempts>=3': 'a',
  'attempts:3': 'a',
  'attempts<1': 'bcdefg',
  'requeues>1': 'e',
  'requeues:2': 'e',
  'requeues<=1': 'abcdfg',
  'age<2h': 'a',
  'age>=12h': 'g',
  'age>2h age<6h': 'bc',
  'stack:"net.ts:1"': 'a',
  'stack:NET.TS': 'a',
  'stack:dial*1:1': 'a',
  'error:"50% done"': 'd',
  'error:"*50%*"': 'd',
  'error:"*5%*"': '',
  'error:"*a_b*"': 'e',
  'error:"*axb*"': '',
  'error:"*[c]*"': 'e',
  'error:"*?*"': 'ef',
  'error:"!!!"': 'f',
  'error:"\\\\"': 'e',
  '"can\'t read"': 'c',
  '"DROP TABLE"': 'g',
  '"\'); DROP TABLE failures; --"': 'g',
  'job:"\' OR 1=1 --"': '',
  'job:"%"': '',
  'job:"image_crop"': '',
  'id:"a.0\\" OR \\"1\\"=\\"1"': '',
  '"full OR connect"': '',
  '"full*"': 'bg',
  '"NEAR(connect ECONNREFUSED)"': '',
  '"error_message : connect"': '',
  '"+connect -ECONNREFUSED"': 'a',
  '"("': 'abcdef',
  '"x\0y"': '',
}

async function refused(asked: Promise<unknown>): Promise<void> {
  await assert.rejects(asked, (error) => error instanceof UnderstudyError && error.code === 'invalid-option')
}

async function pagesOf(store: FailureStore, query: FailureQuery, limit: number): Promise<string[][]> {
  const pages: string[][] = []
  for (let after: string | undefined; ; ) {
    const { failures, next } = await store.search(query, { limit, after })
    pages.push(failures.map(({ id }) => id))
    if (next === undefined) return pages
    after = next
  }
}

/** Searching, counting and grouping. */
export const searching: readonly FailureStoreTest[] = [
  {
    title: 'a query finds what it says and nothing else, whatever operators of a database stand in it',
    run: async (open) => {
      const store = await open()
      await store.keep(SHELF)
      const wrong: Record<string, string> = {}
      for (const [query, expected] of Object.entries(FINDS)) {
        const found = letters((await store.search(parseQuery(query), { limit: 100 })).failures)
        const sorted = SHELF.map(({ jobId }) => jobId)
          .filter((letter) => expected.includes(letter))
          .join('')
        if (found !== sorted) wrong[query] = `found ${found}, expected ${sorted}`
        assert.equal(await store.count(parseQuery(query)), found.length, query)
      }
      assert.deepEqual(wrong, {})
      assert.equal(await store.count({ kind: 'all' }), SHELF.length)
    },
  },
  {
    title: 'two hundred terms are not too many',
    run: async (open) => {
      const store = await open()
      await store.keep(SHELF)
      const any = Array.from({ length: 99 }, (_, at) => `jobId:none-${at} OR word${at}`).join(' OR ')
      assert.equal(letters((await store.search(parseQuery(`${any} OR jobId:c`), { limit: 10 })).failures), 'c')
      assert.equal(await store.count(parseQuery('-jobId:none '.repeat(200))), SHELF.length)
    },
  },
  {
    title: 'pages come the latest first, those of one moment in order of their ids, each failure once',
    run: async (open) => {
      const store = await open()
      const moment = NOW - 50_000
      await store.keep(Array.from({ length: 10 }, (_, at) => failure({ jobId: `m${at}`, failedAt: moment })))
      await store.keep([
        failure({ jobId: 'eldest', failedAt: moment - 1 }),
        failure({ jobId: 'youngest', failedAt: moment + 1 }),
      ])
      const pages = await pagesOf(store, { kind: 'all' }, 5)
      assert.deepEqual(
        pages.map((page) => page.length),
        [5, 5, 2],
      )
      const ids = Array.from({ length: 10 }, (_, at) => `m${9 - at}.0`)
      assert.deepEqual(pages.flat(), ['youngest.0', ...ids, 'eldest.0'])
      assert.deepEqual(await pagesOf(store, { kind: 'all' }, 12), [pages.flat()])
      assert.deepEqual(await pagesOf(store, parseQuery('jobId:none'), 5), [[]])
    },
  },
  {
    title: 'pages stay what they are while failures come in and go',
    run: async (open) => {
      const [store, other] = [await open(), await open()]
      await store.keep(failures('old', 9))
      const first = await store.search({ kind: 'all' }, { limit: 3 })
      await other.keep([failure({ jobId: 'new' }), failure({ jobId: 'newer', failedAt: NOW })])
      await other.remove(parseQuery('jobId:old-8 OR jobId:old-3'))
      const second = await store.search({ kind: 'all' }, { limit: 3, after: first.next })
      assert.deepEqual(
        second.failures.map(({ jobId }) => jobId),
        ['old-5', 'old-4', 'old-2'],
      )
    },
  },
  {
    title: 'a page that no search gave out and a limit out of bounds are refused',
    run: async (open) => {
      const store = await open()
      for (const limit of [0, 1_001, 1.5, Number.NaN]) await refused(store.search({ kind: 'all' }, { limit }))
      for (const after of ['', 'x', '-1:a']) await refused(store.search({ kind: 'all' }, { limit: 1, after }))
    },
  },
  {
    title: 'pages of large jobs lose none of them',
    run: async (open) => {
      const store = await open()
      const args = new Uint8Array(1_000_000)
      const all = failures('large', 40, { args })
      for (const one of all) await store.keep([one])
      const pages = await pagesOf(store, { kind: 'all' }, 30)
      assert.deepEqual(pages.flat(), all.map(({ id }) => id).toReversed())
    },
  },
  {
    title: 'groups are counted by fingerprint, the largest first, with the message of the latest',
    run: async (open) => {
      const store = await open()
      const at = (minute: number): number => NOW - 3_600_000 + minute * 60_000
      await store.keep([
        failure({ jobId: 'a', fingerprint: 'x', errorMessage: 'no 1', failedAt: at(1) }),
        failure({
          jobId: 'b',
          fingerprint: 'x',
          errorMessage: 'no 3',
          failedAt: at(3),
          job: 'mail.send',
          errorClass: 'E',
        }),
        failure({ jobId: 'c', fingerprint: 'x', errorMessage: 'no 2', failedAt: at(2) }),
        failure({ jobId: 'd', fingerprint: 'y', errorMessage: 'other', failedAt: at(9), queue: 'low' }),
      ])
      const [x, y] = [
        {
          fingerprint: 'x',
          job: 'mail.send',
          errorClass: 'E',
          errorMessage: 'no 3',
          count: 3,
          firstAt: at(1),
          lastAt: at(3),
        },
        {
          fingerprint: 'y',
          job: 'image.resize',
          errorClass: 'Error',
          errorMessage: 'other',
          count: 1,
          firstAt: at(9),
          lastAt: at(9),
        },
      ]
      assert.deepEqual(await store.groups({ kind: 'all' }, 10), [x, y])
      assert.deepEqual(await store.groups({ kind: 'all' }, 1), [x])
      assert.deepEqual(await store.groups(parseQuery('queue:low'), 10), [y])
      assert.deepEqual(await store.groups(parseQuery('queue:none'), 10), [])
    },
  },
  {
    title: 'a tally is by queue and job, the largest share first, with the time of the eldest of all that match',
    run: async (open) => {
      const store = await open()
      assert.deepEqual(await store.tally({ kind: 'all' }, 10), { count: 0, eldestAt: undefined, shares: [] })
      await store.keep([
        failure({ jobId: 'a', queue: 'low', job: 'mail.send', failedAt: NOW - 5000 }),
        failure({ jobId: 'b', queue: 'low', job: '', failedAt: NOW - 9000 }),
        failure({ jobId: 'c', queue: 'high', job: 'mail.send', failedAt: NOW - 3000 }),
        failure({ jobId: 'd', queue: 'low', job: 'mail.send', failedAt: NOW - 4000, fingerprint: 'another' }),
      ])
      const [mails, urgent, nameless] = [
        { queue: 'low', job: 'mail.send', count: 2 },
        { queue: 'high', job: 'mail.send', count: 1 },
        { queue: 'low', job: '', count: 1 },
      ]
      const all = { count: 4, eldestAt: NOW - 9000 }
      assert.deepEqual(await store.tally({ kind: 'all' }, 10), { ...all, shares: [mails, urgent, nameless] })
      assert.deepEqual(await store.tally({ kind: 'all' }, 1), { ...all, shares: [mails] })
      assert.deepEqual(await store.tally(parseQuery('job:mail.send'), 10), {
        count: 3,
        eldestAt: NOW - 5000,
        shares: [mails, urgent],
      })
      await store.discard(parseQuery('queue:low'))
      assert.deepEqual(await store.tally(parseQuery('status:failed'), 10), {
        count: 1,
        eldestAt: NOW - 3000,
        shares: [urgent],
      })
    },
  },
]
