import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Lab } from '../../infra/labs/lab.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { connect } from '../../src/connect.ts'
import type { Connection } from '../../src/connection.ts'
import { RequestError } from '../../src/errors.ts'
import { brokerSkip } from '../support/brokers.ts'
import { newLabRoot } from '../support/lab-root.ts'

/** What holds on every kind of broker. */
function promises(uriOf: () => string): void {
  it('answers a request, tells a failure, and reports progress', async () => {
    await using world = open(uriOf())
    const [asking, answering] = [await world.connect(), await world.connect()]
    const responder = answering.respond('queue://myapp.sums', async (request) => {
      const { of } = request.json<{ of: number[] }>()
      if (of.length === 0) throw Object.assign(new Error('nothing to add'), { code: 'EMPTY' })
      for (const done of of.keys()) await request.progress({ done })
      return { sum: of.reduce((sum, term) => sum + term) }
    })
    await responder.ready
    const seen: unknown[] = []
    const reply = await asking.request(
      'queue://myapp.sums',
      { of: [1, 2, 3] },
      { onProgress: (news) => seen.push(news.json()) },
    )
    assert.deepEqual(reply.value(), { sum: 6 })
    assert.deepEqual(seen, [{ done: 0 }, { done: 1 }, { done: 2 }])
    await assert.rejects(
      asking.request('queue://myapp.sums', { of: [] }),
      (error) => error instanceof RequestError && error.message === 'nothing to add' && error.remoteCode === 'EMPTY',
    )
    const many = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => (await asking.request('queue://myapp.sums', { of: [n, 1] })).json()),
    )
    assert.deepEqual(
      many,
      many.map((_, n) => ({ sum: n + 1 })),
    )
    assert.deepEqual(asking.requests, { open: 0, unmatched: 0, passedOn: 0 })
  })

  it('gathers the answers of everyone on a topic, each to its request and after its progress, in order', async () => {
    await using world = open(uriOf())
    const master = await world.connect()
    const slaves = ['slave-1', 'slave-2']
    const asked: string[] = []
    for (const name of slaves) {
      const slave = await world.connect()
      await slave.respond(
        'topic://myapp.work',
        async (request) => {
          asked.push(`${name} ${request.id}`)
          for (const done of [10, 20, 30]) await request.progress({ done })
          return { by: name, got: request.value() }
        },
        { name, prefetch: 2 },
      ).ready
    }
    // Two at once: whatever a slave answers belongs to one of them.
    const gatherings = [7, 8].map((job) =>
      master.scatter('topic://myapp.work', { job }, { expect: 2, replyTo: 'queue://myapp.reply' }),
    )
    await Promise.all(
      gatherings.map(async (gathering, index) => {
        const told: string[] = []
        for await (const reply of gathering) {
          assert.equal(reply.requestId, gathering.requestId)
          told.push(`${reply.from} ${reply.kind} ${reply.text()}`)
        }
        for (const name of slaves)
          assert.deepEqual(
            told.filter((line) => line.startsWith(name)),
            [
              ...[10, 20, 30].map((done) => `${name} progress {"done":${done}}`),
              `${name} result {"by":"${name}","got":{"job":${7 + index}}}`,
            ],
          )
        assert.deepEqual(await gathering.summary, {
          endedBy: 'complete',
          results: 2,
          errors: 0,
          missing: 0,
          repeated: 0,
          dropped: 0,
        })
      }),
    )
    const ids = gatherings.map(({ requestId }) => requestId)
    assert.deepEqual(asked.toSorted(), slaves.flatMap((name) => ids.map((id) => `${name} ${id}`)).toSorted())
    assert.equal(master.requests.unmatched, 0)
  })

  it('brings every reply to the process that asked, where two share one reply queue', async () => {
    await using world = open(uriOf())
    const [one, two, answering] = [await world.connect(), await world.connect(), await world.connect()]
    await answering.respond('queue://myapp.echo', (request) => request.json<number>()).ready
    const ask = async (connection: Connection, n: number): Promise<unknown> => {
      return (await connection.request('queue://myapp.echo', n, { replyTo: 'queue://myapp.reply' })).json()
    }
    const numbers = Array.from({ length: 20 }, (_, n) => n)
    const answers = await Promise.all(numbers.map((n) => ask(n % 2 === 0 ? one : two, n)))
    assert.deepEqual(answers, numbers)
    assert.deepEqual([one.requests.unmatched, two.requests.unmatched], [0, 0])
  })
}

interface World extends AsyncDisposable {
  readonly connect: () => Promise<Connection>
}

function open(uri: string): World {
  const opened = new AsyncDisposableStack()
  return {
    connect: async () => opened.use(await connect(uri)),
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  }
}

describe('requests in memory', () => {
  promises(() => 'memory:requests')
})

for (const name of ['embedded', 'activemq-jdbc', 'activemq-kahadb', 'rabbitmq-quorum', 'rabbitmq-classic']) {
  describe(`requests on ${name}`, { skip: brokerSkip(name) }, () => {
    let lab: Lab
    before(async () => {
      lab = await createLabs({ root: newLabRoot('requests') }).up(name)
    })
    after(() => lab.down())

    promises(() => drillUri(lab, {}))

    // Queues that live on one node wait for it to come back.
    const moves = name !== 'rabbitmq-classic'
    it('brings the answer of a request whose broker was killed before it was given', { skip: !moves }, async () => {
      const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
      const { promise: killed, resolve: isKilled } = Promise.withResolvers<void>()
      await using world = open(drillUri(lab, {}))
      const [asking, answering] = [await world.connect(), await world.connect()]
      const responder = answering.respond('queue://myapp.slow', async (request) => {
        isAsked()
        await killed
        return { to: request.value() }
      })
      await responder.ready
      const answer = asking.request('queue://myapp.slow', 'hello', { timeoutMs: 120_000 })
      await asked
      const active = await lab.active()
      assert.ok(active)
      await lab.kill(active)
      isKilled()
      assert.deepEqual((await answer).value(), { to: 'hello' })
    })
  })
}
