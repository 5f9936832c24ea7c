import assert from 'node:assert/strict'
import type { Lab } from '../../infra/labs/lab.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { withCredentials } from '../../src/cli/credentials.ts'
import { connect } from '../../src/connect.ts'
import { createApp } from '../../src/jobs/app.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import { replyResults } from '../../src/jobs/results/reply.ts'
import { eventually } from '../../src/testing/contract/waiting.ts'
import { openDoor } from '../contract/lab-door.ts'

const FAILOVERS = 20
const RESULT = { timeout: 120_000 }

/** Brokers of which the one in use can be taken away, as long as another one is there. */
interface Pair extends AsyncDisposable {
  readonly uri: string
  /** The one in use, by its endpoint, is gone when this resolves; it comes back as one that is not. */
  readonly failOver: (used: string) => Promise<void>
}

/** Two brokers over one lock: each kill is a failover to the other one. */
export function lockedPair(lab: Lab): Pair {
  let returning: Promise<void> | undefined
  return {
    // They come faster here than links count as stable, which the client would take for brokers that flap.
    uri: drillUri(lab, { stabilityWindow: '100' }),
    failOver: async () => {
      await returning
      const active = await eventually('a broker that serves', async () => await lab.active())
      await lab.kill(active)
      returning = lab.start(active)
      returning.catch(() => {})
    },
    [Symbol.asyncDispose]: async () => await returning,
  }
}

/** Nodes that all serve, each behind a door: the one in use is shut. */
export async function shutDoors(lab: Lab): Promise<Pair> {
  const doors = await Promise.all(
    lab.nodes.map(async ({ host, port, endpoint }) => await openDoor(endpoint.split(':')[0] ?? '', { host, port })),
  )
  const addresses = doors.map(({ address }) => withCredentials(address, lab.credentials))
  const options = new URLSearchParams({ ...lab.clientOptions, initialReconnectDelay: '1', maxReconnectDelay: '20' })
  let shut: (typeof doors)[number] | undefined
  return {
    uri: `failover:(${addresses.join(',')})?${options.toString()}`,
    failOver: async (endpoint) => {
      // Whoever sends may be behind another one.
      const used = doors.find(({ address }) => address === endpoint)
      assert.ok(used, endpoint)
      await used.refuse()
      used.cut()
      await shut?.heal()
      shut = used
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(doors.map((door) => door.close()))
    },
  }
}

/** A worker is subscribed anew after each of 20 failovers, at another broker each time, and gets what comes then. */
export async function resubscribes(pair: Pair): Promise<void> {
  await using connection = await connect(pair.uri)
  await using app = createApp({ connection })
  const done: number[] = []
  const job = defineJob({ name: 'failovers', queue: 'failovers', perform: (n: number) => void done.push(n) })
  const subscribed: string[] = []
  connection.observe((event) => {
    if (event.type === 'subscribed' && event.destination === 'queue://failovers') subscribed.push(event.endpoint)
  })
  await app.worker({ jobs: [job] }).start()
  await eventually('the first subscription', () => subscribed.length === 1)
  for (let failover = 1; failover <= FAILOVERS; failover++) {
    const before = subscribed.length
    await pair.failOver(subscribed.at(-1) ?? '')
    await app.enqueue(job, failover)
    await eventually(`failover ${failover}: it is subscribed anew`, () => subscribed.length > before)
    await eventually(`failover ${failover}: it is worked on`, () => done.includes(failover))
    assert.notEqual(subscribed.at(-1), subscribed[before - 1], `failover ${failover}: at another broker`)
  }
  assert.deepEqual(
    [...new Set(done)],
    Array.from({ length: FAILOVERS }, (_, n) => n + 1),
  )
  await eventually('all are acknowledged', async () => ((await connection.inspect('failovers'))?.ready ?? 0) === 0)
}

/** Of three nodes the one that leads the jobs' queue dies under a worker and an enqueuer, and is not replaced. */
export async function losesOneOfThree(lab: Lab): Promise<void> {
  await using connection = await connect(drillUri(lab, {}))
  await using app = createApp({ connection, results: replyResults() })
  await using working = await connect(drillUri(lab, {}))
  await using there = createApp({ connection: working, results: replyResults() })
  const double = defineJob<number, number>({ name: 'double', queue: 'two-of-three', perform: (n) => 2 * n })
  await there.worker({ jobs: [double], concurrency: 5 }).start()
  const results: Promise<number>[] = []
  const stop = new AbortController()
  const enqueuing = (async () => {
    while (!stop.signal.aborted) {
      const handle = await app.enqueue(double, results.length)
      results.push(handle.result(RESULT))
    }
  })()
  const many = (count: number): Promise<unknown> =>
    Promise.race([eventually('jobs that are enqueued', () => results.length >= count), enqueuing])
  await many(50)
  await results[49]
  const leader = await eventually('a leader', async () => await lab.active(double.queue))
  await lab.kill(leader)
  await many(results.length + 200)
  stop.abort()
  await enqueuing
  assert.deepEqual(
    await Promise.all(results),
    results.map((_, n) => 2 * n),
  )
  assert.equal(lab.state(leader), 'gone')
  await lab.start(leader)
}
