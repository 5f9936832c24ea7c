import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { prepare } from '../../../src/connect.ts'
import type { Connection } from '../../../src/connection.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import { Recording } from '../../../src/drill/runner/recording.ts'
import { Workload } from '../../../src/drill/runner/workload.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'

const NEVER = new AbortController().signal

interface Running {
  readonly workload: Workload
  readonly events: HistoryEvent[]
}

/** A workload on a queue in memory; `change` may put something between it and its client. */
async function started(context: TestContext, change = (client: Connection): Connection => client): Promise<Running> {
  const events: HistoryEvent[] = []
  const workload = new Workload({
    runId: 'run',
    everyMs: 10,
    destination: 'queue://jobs',
    prefetch: 10,
    clock: systemClock,
    recording: new Recording(systemClock, [(event) => events.push(event)]),
    prepare: async (observer) =>
      change(await prepare(`memory:${context.name.replaceAll(/\W/g, '-')}`, { observer, clock: systemClock })),
  })
  context.after(() => workload.close())
  await workload.start()
  await waitUntil(() => workload.delivered >= 3 || undefined, { what: 'jobs', withinMs: 10_000 })
  workload.stopTicking()
  await waitUntil(() => workload.undelivered + workload.unconfirmed + workload.unsettled === 0 || undefined, {
    what: 'the acknowledge of the last job',
    withinMs: 10_000,
  })
  return { workload, events }
}

/** The same client, whose sends are confirmed and go nowhere once `isHole` says so. */
function swallowing(client: Connection, isHole: () => boolean): Connection {
  return new Proxy(client, {
    get: (target, name) => {
      if (name === 'send' && isHole()) return () => Promise.resolve()
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('the message behind all jobs of a drill', () => {
  it('passes through a queue that hands out what it takes, and is no job', async (context) => {
    const { workload, events } = await started(context)
    const before = events.length
    assert.equal(await workload.passesThrough(10_000, NEVER), true)
    assert.deepEqual(events.slice(before), [])
    assert.equal(workload.undelivered + workload.unconfirmed, 0)
  })

  it('does not pass where what is confirmed goes nowhere', async (context) => {
    let isHole = false
    const { workload } = await started(context, (client) => swallowing(client, () => isHole))
    isHole = true
    assert.equal(await workload.passesThrough(50, NEVER), false)
  })

  it('is given up when the drill is', async (context) => {
    let isHole = false
    const { workload } = await started(context, (client) => swallowing(client, () => isHole))
    isHole = true
    assert.equal(await workload.passesThrough(600_000, AbortSignal.timeout(20)), false)
  })
})

describe('a workload that is closed while it starts', () => {
  it('closes the client that was still being prepared, and never connects it', async () => {
    const prepared = Promise.withResolvers<Connection>()
    const workload = new Workload({
      runId: 'run',
      everyMs: 10,
      destination: 'queue://jobs',
      prefetch: 10,
      clock: systemClock,
      recording: new Recording(systemClock, []),
      prepare: () => prepared.promise,
    })
    const started = workload.start()
    const closed = workload.close()
    const client = await prepare('memory:closed-while-it-starts', { clock: systemClock })
    prepared.resolve(client)
    await assert.rejects(started, { code: 'aborted' })
    await closed
    assert.equal(workload.connected, false)
    // Of a client that is closed nobody can wait for the first broker.
    await assert.rejects(client.connected())
  })
})
