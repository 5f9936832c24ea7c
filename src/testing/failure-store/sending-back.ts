import assert from 'node:assert/strict'
import type { FailureQuery } from '../../jobs/failures/query/query.ts'
import { parseQuery } from '../../jobs/failures/query/parser.ts'
import type { ClaimOptions, FailureStore } from '../../jobs/failures/store.ts'
import { failure, failures, type FailureStoreTest, NOW } from './place.ts'

const ALL: FailureQuery = { kind: 'all' }

function by(batch: string, limit = 10_000, at = NOW): ClaimOptions {
  return { batch, limit, at, actor: 'ann' }
}

async function statuses(store: FailureStore): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {}
  for (const status of ['failed', 'retrying', 'retried', 'discarded']) {
    const count = await store.count(parseQuery(`status:${status}`))
    if (count > 0) counts[status] = count
  }
  return counts
}

async function idsOf(store: FailureStore, batch: string): Promise<readonly string[]> {
  return (await store.claimed(batch, 1_000)).map(({ id }) => id)
}

/** What is claimed, sent back, let go of, taken over and forgotten. */
export const sendingBack: readonly FailureStoreTest[] = [
  {
    title: 'a claim takes the eldest that match and are failed, as many as asked for, and notes whose it is',
    run: async (open) => {
      const store = await open()
      await store.keep([...failures('a', 5), ...failures('b', 5, { queue: 'low' })])
      assert.equal(await store.claim(parseQuery('queue:low'), by('one', 3)), 3)
      assert.deepEqual(await idsOf(store, 'one'), ['b-0.0', 'b-1.0', 'b-2.0'])
      const [first] = await store.claimed('one', 1)
      assert.deepEqual(
        [first?.status, first?.batch, first?.claimedAt, first?.retriedBy, first?.retriedAt],
        ['retrying', 'one', NOW, 'ann', undefined],
      )
      assert.equal(await store.claim(parseQuery('queue:low'), by('two')), 2)
      assert.equal(await store.claim(parseQuery('queue:low'), by('three')), 0)
      assert.deepEqual(await idsOf(store, 'three'), [])
      assert.deepEqual(await statuses(store), { failed: 5, retrying: 5 })
    },
  },
  {
    title: 'who claims at the same time gets different ones, and together they get all',
    run: async (open) => {
      const stores = [await open(), await open(), await open()]
      await stores[0]?.keep(failures('a', 1_200))
      const counts = await Promise.all(
        stores.flatMap((store, at) => [store.claim(ALL, by(`x${at}`)), store.claim(ALL, by(`y${at}`, 300))]),
      )
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        1_200,
      )
      const [store] = stores
      assert.ok(store)
      const ids: string[] = []
      for (const batch of ['x0', 'x1', 'x2', 'y0', 'y1', 'y2'])
        for (const { id } of await store.claimed(batch, 5_000)) ids.push(id)
      assert.equal(new Set(ids).size, 1_200)
      assert.equal(ids.length, 1_200)
    },
  },
  {
    title: 'what fails while it is claimed is kept',
    run: async (open) => {
      const [store, other] = [await open(), await open()]
      await store.keep(failures('old', 600))
      const [claimed] = await Promise.all([
        store.claim(parseQuery('jobId:old-*'), by('one')),
        ...failures('new', 50).map((one) => other.keep([one])),
      ])
      assert.equal(claimed, 600)
      assert.deepEqual(await statuses(store), { failed: 50, retrying: 600 })
    },
  },
  {
    title: 'what was sent back is retried, once, with who did it and what it came back as',
    run: async (open) => {
      const store = await open()
      await store.keep(failures('a', 3))
      await store.claim(ALL, by('one', 2))
      const sent = [
        { id: 'a-0.0', retryJobId: 'a-0' },
        { id: 'a-2.0', retryJobId: 'never claimed' },
      ]
      await store.retried(sent, { actor: 'bob', at: NOW + 1 })
      await store.retried([{ id: 'a-0.0', retryJobId: 'again' }], { actor: 'eve', at: NOW + 2 })
      const kept = await store.get('a-0.0')
      assert.deepEqual(
        [kept?.status, kept?.batch, kept?.retriedAt, kept?.retriedBy, kept?.retryJobId],
        ['retried', 'one', NOW + 1, 'bob', 'a-0'],
      )
      assert.deepEqual(await idsOf(store, 'one'), ['a-1.0'])
      assert.equal((await store.get('a-2.0'))?.status, 'failed')
      await store.retried([], { actor: 'bob', at: NOW })
    },
  },
  {
    title: 'what is let go of is failed again, as if nobody had claimed it',
    run: async (open) => {
      const store = await open()
      await store.keep(failures('a', 2))
      const before = await store.get('a-0.0')
      await store.claim(ALL, by('one'))
      await store.retried([{ id: 'a-1.0', retryJobId: 'a-1' }], { actor: 'ann', at: NOW })
      await store.release(['a-0.0', 'a-1.0', 'none.0'])
      await store.release([])
      assert.deepEqual(await store.get('a-0.0'), before)
      assert.deepEqual(await statuses(store), { failed: 1, retried: 1 })
      assert.equal(await store.claim(ALL, by('two')), 1)
    },
  },
  {
    title: 'what somebody claimed and died over is taken over, the eldest first, and what was renewed is not',
    run: async (open) => {
      const [store, other] = [await open(), await open()]
      await store.keep([...failures('a', 4), ...failures('b', 2)])
      await store.claim(parseQuery('jobId:a-*'), by('dead', 10, NOW - 90_000))
      await store.claim(parseQuery('jobId:b-*'), by('alive', 10, NOW - 90_000))
      assert.equal(await store.renew('alive', NOW - 5_000), 2)
      assert.equal(await store.renew('none', NOW), 0)
      assert.equal(await other.reclaim(NOW - 90_000, by('too early')), 0)
      assert.equal(await other.reclaim(NOW - 60_000, by('heir', 3)), 3)
      assert.deepEqual(await idsOf(other, 'heir'), ['a-0.0', 'a-1.0', 'a-2.0'])
      assert.deepEqual(await idsOf(store, 'dead'), ['a-3.0'])
      assert.deepEqual(await idsOf(store, 'alive'), ['b-0.0', 'b-1.0'])
      assert.equal((await store.get('a-0.0'))?.claimedAt, NOW)
      const counts = await Promise.all([store, other].map((one, at) => one.reclaim(NOW - 60_000, by(`last ${at}`))))
      assert.deepEqual(
        counts.sort((one, other) => one - other),
        [0, 1],
      )
    },
  },
  {
    title: 'of what was left behind that of some claims alone is taken over where their names begin so',
    run: async (open) => {
      const store = await open()
      await store.keep([...failures('a', 2), ...failures('b', 2)])
      await store.claim(parseQuery('jobId:a-*'), by('finish-%', 10, NOW - 90_000))
      await store.claim(parseQuery('jobId:b-*'), by('release-1', 10, NOW - 90_000))
      assert.equal(await store.reclaim(NOW - 60_000, { ...by('none'), of: 'Finish-' }), 0)
      assert.equal(await store.reclaim(NOW - 60_000, { ...by('none'), of: '%' }), 0)
      assert.equal(await store.reclaim(NOW - 60_000, { ...by('none'), of: 'finish-%%' }), 0)
      assert.equal(await store.reclaim(NOW - 60_000, { ...by('heir'), of: 'finish-' }), 2)
      assert.deepEqual(await idsOf(store, 'heir'), ['a-0.0', 'a-1.0'])
      assert.deepEqual(await idsOf(store, 'release-1'), ['b-0.0', 'b-1.0'])
      assert.equal(await store.reclaim(NOW - 60_000, { ...by('rest'), of: undefined }), 2)
    },
  },
  {
    title: 'the success of a job that was sent back is noted at the failure that it was sent back from, once',
    run: async (open) => {
      const store = await open()
      await store.keep([
        failure({ jobId: 'a', requeues: 0 }),
        failure({ jobId: 'a', requeues: 1 }),
        failure({ jobId: 'b' }),
      ])
      await store.claim(ALL, by('one'))
      await store.retried(
        [
          { id: 'a.1', retryJobId: 'a' },
          { id: 'a.0', retryJobId: 'a' },
        ],
        { actor: 'ann', at: NOW },
      )
      await store.resolved('a', 2, NOW + 5)
      await store.resolved('a', 2, NOW + 6)
      await store.resolved('none', 1, NOW)
      assert.equal((await store.get('a.1'))?.resolvedAt, NOW + 5)
      assert.equal((await store.get('a.0'))?.resolvedAt, undefined)
      // A worker may be faster than the one who notes that it was sent.
      await store.resolved('b', 1, NOW + 7)
      await store.retried([{ id: 'b.0', retryJobId: 'b' }], { actor: 'ann', at: NOW + 8 })
      const kept = await store.get('b.0')
      assert.deepEqual([kept?.status, kept?.resolvedAt], ['retried', NOW + 7])
    },
  },
  {
    title: 'a success resolves the failure that an edited job came back from, and never one that is not sent back',
    run: async (open) => {
      const store = await open()
      await store.keep([failure({ jobId: 'a' }), failure({ jobId: 'b' })])
      await store.claim(parseQuery('jobId:a'), by('one'))
      await store.retried([{ id: 'a.0', retryJobId: 'edited' }], { actor: 'ann', at: NOW })
      await store.resolved('edited', 1, NOW + 1)
      await store.resolved('b', 1, NOW + 1)
      assert.equal((await store.get('a.0'))?.resolvedAt, NOW + 1)
      assert.equal((await store.get('b.0'))?.resolvedAt, undefined)
    },
  },
  {
    title:
      'a success that comes before its edited job is marked finds it by what was noted, also once it is given back',
    run: async (open) => {
      const store = await open()
      await store.keep([failure({ jobId: 'a' }), failure({ jobId: 'b' }), failure({ jobId: 'c' })])
      const one = by('one')
      await store.claim(ALL, one)
      const { batch } = one
      assert.equal(await store.sendingAs('a.0', { batch, retryJobId: 'edited-a' }), true)
      assert.equal(await store.sendingAs('a.0', { batch, retryJobId: 'edited-a' }), true)
      assert.equal(await store.sendingAs('a.0', { batch: 'another', retryJobId: 'x' }), false)
      assert.equal(await store.sendingAs('none', { batch, retryJobId: 'x' }), false)
      await store.resolved('a', 1, NOW + 1)
      assert.equal((await store.get('a.0'))?.resolvedAt, undefined, 'it is not sent back as itself')
      await store.resolved('edited-a', 1, NOW + 2)
      await store.retried([{ id: 'a.0', retryJobId: 'edited-a' }], { actor: 'ann', at: NOW + 3 })
      const a = await store.get('a.0')
      assert.deepEqual([a?.status, a?.retryJobId, a?.resolvedAt], ['retried', 'edited-a', NOW + 2])

      for (const id of ['b', 'c']) await store.sendingAs(`${id}.0`, { batch, retryJobId: `edited-${id}` })
      await store.reclaim(NOW + 1_000_000, { ...one, batch: 'two' })
      await store.release(['b.0', 'c.0'])
      const b = await store.get('b.0')
      assert.deepEqual([b?.status, b?.retryJobId], ['failed', 'edited-b'])
      await store.resolved('edited-b', 7, NOW + 4)
      assert.equal((await store.get('b.0'))?.status, 'failed', 'that is another life of it')
      await store.resolved('edited-b', 1, NOW + 4)
      const gone = await store.get('b.0')
      assert.deepEqual([gone?.status, gone?.retriedAt, gone?.resolvedAt], ['retried', NOW + 4, NOW + 4])

      await store.claim(ALL, { ...one, batch: 'three' })
      assert.equal((await store.get('c.0'))?.retryJobId, undefined, 'it goes as itself now')
      await store.sendingAs('c.0', { batch: 'three', retryJobId: 'again' })
      await store.sendingAs('c.0', { batch: 'three', retryJobId: undefined })
      await store.resolved('c', 1, NOW + 5)
      assert.equal((await store.get('c.0'))?.resolvedAt, NOW + 5)
    },
  },
  {
    title: 'discarding touches what is failed, and removing all but what is being sent back',
    run: async (open) => {
      const store = await open()
      await store.keep([...failures('a', 3), ...failures('b', 4), ...failures('c', 600)])
      await store.claim(parseQuery('jobId:a-*'), by('one'))
      await store.retried([{ id: 'a-0.0', retryJobId: 'a-0' }], { actor: 'ann', at: NOW })
      assert.equal(await store.discard(parseQuery('-jobId:c-*')), 4)
      assert.equal(await store.discard(parseQuery('-jobId:c-*')), 0)
      assert.deepEqual(await statuses(store), { failed: 600, retrying: 2, retried: 1, discarded: 4 })
      assert.equal(await store.claim(parseQuery('status:discarded'), by('two')), 0)
      assert.equal(await store.remove(parseQuery('jobId:c-*')), 600)
      assert.equal(await store.remove(ALL), 5)
      assert.deepEqual(await statuses(store), { retrying: 2 })
      assert.equal(await store.count(parseQuery('failed')), 2)
      assert.equal(await store.get('b-0.0'), undefined)
    },
  },
  {
    title: 'what was removed may be kept again, and is found again',
    run: async (open) => {
      const store = await open()
      await store.keep([failure({ jobId: 'a', errorMessage: 'first words' })])
      await store.remove(ALL)
      await store.keep([failure({ jobId: 'a', errorMessage: 'second words' })])
      assert.equal(await store.count(parseQuery('first')), 0)
      assert.equal(await store.count(parseQuery('second')), 1)
    },
  },
  {
    title: 'audits come the latest first, as many as asked for',
    run: async (open) => {
      const store = await open()
      const entries = [1, 2, 3].map((at) => ({
        at,
        actor: 'ann',
        action: 'requeue',
        target: `query "${at}" 'ü'`,
        count: at,
      }))
      for (const entry of entries) await store.audit(entry)
      assert.deepEqual(await store.audits(10), entries.toReversed())
      assert.deepEqual(await store.audits(1), entries.slice(2))
    },
  },
  {
    title: 'a paused queue is paused for everybody until it is resumed',
    run: async (open) => {
      const [store, other] = [await open(), await open()]
      assert.deepEqual(await store.paused(), [])
      await store.setPaused('images', true)
      await store.setPaused('images', true)
      await store.setPaused('low', true)
      await other.setPaused('none', false)
      assert.deepEqual([...(await other.paused())].sort(), ['images', 'low'])
      await other.setPaused('images', false)
      assert.deepEqual(await store.paused(), ['low'])
    },
  },
]
