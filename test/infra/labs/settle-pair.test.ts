import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { type TestContext, describe, it } from 'node:test'
import type { SignalControl } from '../../../src/drill/process-faults.ts'
import { settlePair } from '../../../infra/labs/settle-pair.ts'

/** Two brokers that only listen or do not, with a lock that is a variable. */
class Pair {
  holder: string | undefined
  readonly calls: string[] = []
  /** Called at each look at the lock. */
  onLook: () => void = () => {}
  readonly #servers = new Map<string, Server>()
  readonly #ports = new Map<string, number>()
  readonly #gone = new Set<string>()

  static async of(context: TestContext, listening: readonly string[], gone: readonly string[]): Promise<Pair> {
    const pair = new Pair()
    context.after(() => pair.#servers.forEach((server) => server.close()))
    for (const name of ['a', 'b']) await pair.open(name)
    for (const name of ['a', 'b']) if (!listening.includes(name)) await pair.close(name)
    for (const name of gone) pair.#gone.add(name)
    return pair
  }

  async open(name: string): Promise<void> {
    const server = createServer((socket) => socket.destroy())
    server.listen(this.#ports.get(name) ?? 0, '127.0.0.1')
    await once(server, 'listening')
    this.#ports.set(name, (server.address() as AddressInfo).port)
    this.#servers.set(name, server)
  }

  /** Serves until it was asked so many times. */
  closeWhenAsked(name: string, times: number): void {
    let asked = 0
    this.#servers.get(name)?.on('connection', () => {
      if (++asked === times) void this.close(name)
    })
  }

  async close(name: string): Promise<void> {
    const server = this.#servers.get(name)
    this.#servers.delete(name)
    if (server) await new Promise((resolve) => server.close(resolve))
  }

  get control(): SignalControl {
    const no = async (): Promise<void> => {
      throw new Error('not asked for')
    }
    return {
      nodes: ['a', 'b'].map((name) => {
        const port = this.#ports.get(name) ?? 0
        return { name, product: 'p', host: '127.0.0.1', port, endpoint: `stomp://127.0.0.1:${port}` }
      }),
      active: async () => {
        this.onLook()
        return this.holder
      },
      state: (name) => (this.#gone.has(name) ? 'gone' : 'running'),
      kill: async (name) => {
        this.calls.push(`kill ${name}`)
        this.#gone.add(name)
        await this.close(name)
      },
      start: async (name) => {
        this.calls.push(`start ${name}`)
        this.#gone.delete(name)
      },
      stop: no,
      pause: no,
      resume: no,
    }
  }
}

const NEVER = new AbortController().signal

describe('settling a pair of brokers', () => {
  it('does nothing where the holder of the lock is the only one that serves', async (context) => {
    const pair = await Pair.of(context, ['a'], [])
    pair.holder = 'a'
    assert.equal(await settlePair(pair.control, 60_000, NEVER), undefined)
    assert.deepEqual(pair.calls, [])
  })

  it('starts whoever is gone', async (context) => {
    const pair = await Pair.of(context, ['b'], ['a'])
    pair.holder = 'b'
    assert.equal(await settlePair(pair.control, 60_000, NEVER), 'a was started again')
    assert.deepEqual(pair.calls, ['start a'])
  })

  it('leaves them time to come to it by themselves', async (context) => {
    const pair = await Pair.of(context, ['a', 'b'], [])
    pair.holder = 'b'
    pair.closeWhenAsked('a', 2)
    assert.equal(await settlePair(pair.control, 60_000, NEVER), undefined)
    assert.deepEqual(pair.calls, [])
  })

  it('kills a broker that serves without the lock when their time is up, and starts it again', async (context) => {
    const pair = await Pair.of(context, ['a', 'b'], [])
    pair.holder = 'b'
    assert.match((await settlePair(pair.control, 0, NEVER)) ?? '', /^a, which served without the lock, was killed/)
    assert.deepEqual(pair.calls, ['kill a', 'start a'])
  })

  it('does not wait when the drill is given up, also while it waits', async (context) => {
    const pair = await Pair.of(context, ['a'], [])
    const drill = new AbortController()
    pair.onLook = () => drill.abort()
    assert.match((await settlePair(pair.control, 600_000, drill.signal)) ?? '', /^a, which served without the lock/)
    assert.deepEqual(pair.calls, ['kill a', 'start a'])
  })

  it('kills nobody while the lock cannot be read', async (context) => {
    const pair = await Pair.of(context, ['a'], [])
    pair.onLook = () => {
      throw new Error('the database is away')
    }
    await assert.rejects(settlePair(pair.control, 0, NEVER), /database is away/)
    assert.deepEqual(pair.calls, [])
  })
})
