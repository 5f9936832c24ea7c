// One client in a process of its own, started with --expose-gc, which tells what it takes of memory.
import { randomUUID } from 'node:crypto'
import { messageOf } from '../../src/errors.ts'
import type { MemorySample } from '../footprint/slope.ts'
import type { BenchClient, Target } from './client.ts'
import { CLIENTS, type ClientName } from './clients.ts'

export type FootprintOrder = { readonly client: ClientName; readonly target: Target } & (
  | { readonly kind: 'idle'; readonly connections: number }
  | {
      readonly kind: 'memory'
      readonly queue: string
      readonly messages: number
      readonly every: number
      readonly bodyBytes: number
      readonly window: number
    }
)

export type FootprintAnswer =
  | { readonly sample: MemorySample }
  | { readonly idleBytes: number; readonly idleRssBytes: number }
  | { readonly done: true }
  | { readonly error: string }

process.once('message', (order: FootprintOrder) => {
  obey(order).then(
    () => answer({ done: true }),
    (error: unknown) => answer({ error: messageOf(error) }),
  )
})

function answer(said: FootprintAnswer): void {
  process.send?.(said)
}

async function obey(order: FootprintOrder): Promise<void> {
  const { open } = await CLIENTS[order.client].load()
  let fail: (error: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => (fail = reject))
  failed.catch(() => {})
  const dial = async (): Promise<BenchClient> => await open(order.target, fail)
  await Promise.race([failed, order.kind === 'idle' ? idle(dial, order.connections) : memory(await dial(), order)])
}

/** What `connections` more cost, beside the one that loads and compiles everything. */
async function idle(dial: () => Promise<BenchClient>, connections: number): Promise<void> {
  const clients = [await dial()]
  const before = await settledMemory()
  // One at a time: how many a broker greets at once is not what is measured.
  for (let count = 0; count < connections; count++) clients.push(await dial())
  const after = await settledMemory()
  const used = (memory: NodeJS.MemoryUsage): number => memory.heapUsed + memory.external
  answer({
    idleBytes: (used(after) - used(before)) / connections,
    idleRssBytes: (after.rss - before.rss) / connections,
  })
  await Promise.all(clients.map((client) => client.close()))
}

/** Every message is sent, confirmed, delivered and acknowledged; measured whenever none is under way. */
async function memory(client: BenchClient, order: Extract<FootprintOrder, { kind: 'memory' }>): Promise<void> {
  const { queue, messages, every, bodyBytes, window } = order
  let acknowledged = 0
  let onProgress: () => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const count = (error?: unknown): void => {
    if (error !== undefined) fail(error)
    acknowledged++
    onProgress()
  }
  await client.consume(queue, window, (message) => message.ack(count))
  await sampleNow(0)
  let sent = 0
  let confirmed = 0
  for (let from = 0; from < messages; from += every) {
    const target = Math.min(messages, from + every)
    await new Promise<void>((resolve, reject) => {
      fail = reject
      const confirm = (error?: unknown): void => {
        if (error !== undefined) reject(error)
        confirmed++
        onProgress()
      }
      // No more than the window may be anywhere between here and the acknowledge: the queue stays short.
      onProgress = () => {
        while (sent < target && sent - Math.min(confirmed, acknowledged) < window) {
          sent++
          // As an application has them: a body of its own each time.
          client.send(queue, Buffer.alloc(bodyBytes, randomUUID()), confirm)
        }
        if (confirmed === target && acknowledged >= target) resolve()
      }
      onProgress()
    })
    await sampleNow(target)
  }
  await client.close()
}

async function sampleNow(messages: number): Promise<void> {
  const { heapUsed, external, rss } = await settledMemory()
  answer({ sample: { messages, heapBytes: heapUsed, externalBytes: external, rssBytes: rss } })
}

/** After collections, with a turn of the event loop between them for what closes late. */
async function settledMemory(): Promise<NodeJS.MemoryUsage> {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage()
}
