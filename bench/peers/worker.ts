// One client in a process of its own, which does what it is told over the channel of its parent.
import { messageOf } from '../../src/errors.ts'
import { consume, publish, request, respond, type Done, type Work } from '../throughput/work.ts'
import type { BenchClient, Target } from './client.ts'
import { CLIENTS, type ClientName } from './clients.ts'

/** What a worker is asked. Each is answered once. */
export type Order =
  | { readonly client: ClientName; readonly target: Target; readonly work: Work }
  | { readonly stop: 'responding' }

export type Answer = { readonly done: Done } | { readonly error: string }

const NOTHING: Done = { count: 0, elapsedMs: 0, cpuUs: 0, roundTripsMs: [] }
let responding: BenchClient | undefined

process.on('message', (order: Order) => {
  obey(order).then(
    (done) => answer({ done }),
    (error: unknown) => answer({ error: messageOf(error) }),
  )
})

function answer(said: Answer): void {
  process.send?.(said)
}

async function obey(order: Order): Promise<Done> {
  if ('stop' in order) {
    await responding?.close()
    responding = undefined
    return NOTHING
  }
  const { client: name, target, work } = order
  const { open } = await CLIENTS[name].load()
  let fail: (error: unknown) => void = () => {}
  const failed = new Promise<never>((_, reject) => (fail = reject))
  failed.catch(() => {})
  const client = await open(target, (error) => fail(error ?? new Error('the connection was lost')))
  if (work.kind === 'respond') {
    responding = client
    await respond(client, work, fail)
    return NOTHING
  }
  const done = await { publish, consume, request }[work.kind](client, work, failed)
  await client.close()
  return done
}
