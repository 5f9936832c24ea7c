import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from '../../src/testing/contract/waiting.ts'
import { form, stage } from './stage.ts'

const HEARTBEATS = 'topic://understudy.heartbeats'

const HEARTBEAT = {
  id: 'far:1:1',
  name: 'far',
  host: 'far',
  pid: 1,
  state: 'running',
  queues: [{ queue: 'orders', paused: false, waiting: 0 }],
  concurrency: 1,
  slots: [{ job: 'pay', jobId: 'j', queue: 'orders', attempt: 1, since: 1 }],
  done: { succeeded: 0, failed: 0, retried: 0, deduplicated: 0, interrupted: 0 },
  since: 1,
  at: Date.now(),
  heartbeatMs: 60_000,
}

describe('what strangers send over the broker', () => {
  it('is neither markup nor the end of a page, whatever its fields hold', async (context) => {
    const on = await stage(context)
    const markup = { markup: '<form action="/logout">' }
    for (const odd of [
      { queues: [null] },
      { queues: [{ queue: markup, paused: false, waiting: 0 }] },
      { slots: [{ ...HEARTBEAT.slots[0], jobId: markup }] },
      { slots: [{ ...HEARTBEAT.slots[0], job: markup, attempt: markup }] },
      { done: { ...HEARTBEAT.done, failed: markup } },
      { name: markup },
    ])
      await on.connection.send(HEARTBEATS, { ...HEARTBEAT, id: 'odd:1:1', ...odd })
    await eventually('who is in order is known', async () => {
      await on.connection.send(HEARTBEATS, HEARTBEAT)
      return (await (await on.ask('/workers')).text()).includes('far:1:1')
    })
    for (const path of ['/', '/workers', '/working', '/queues', '/metrics']) {
      const page = await on.ask(path)
      const text = await page.text()
      assert.equal(page.status, 200, path)
      assert(!text.includes('<form action="/logout">') && !text.includes('odd:1:1'), path)
    }
  })

  it('is acted on by its own name, whatever cannot be seen of it', async (context) => {
    const queue = 'orders\u200b\u202e'
    const job = `j-\u200b${'x'.repeat(3000)}`
    const on = await stage(context)
    await eventually('it is known', async () => {
      await on.connection.send(HEARTBEATS, {
        ...HEARTBEAT,
        queues: [{ queue, paused: false, waiting: 0 }],
        slots: [{ ...HEARTBEAT.slots[0], jobId: job }],
      })
      return (await (await on.ask('/queues')).text()).includes('Pause orders')
    })
    const fieldOf = async (path: string, name: string): Promise<readonly string[]> =>
      [...(await (await on.ask(path)).text()).matchAll(new RegExp(`name="${name}" value="([^"]*)"`, 'g'))].map(
        ([, value = '']) => value.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))),
      )
    const [field = ''] = await fieldOf('/queues', 'queue')
    assert.equal(field, queue)
    await on.ask('/queues/pause', 'otto', form({ queue: field }))
    assert.deepEqual(await on.store.paused(), [queue])
    assert.deepEqual(await fieldOf('/working', 'job'), [job])
    assert.deepEqual(await fieldOf(`/working/abort?job=${encodeURIComponent(job)}`, 'job'), [job])
  })
})
