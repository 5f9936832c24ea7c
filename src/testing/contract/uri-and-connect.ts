import assert from 'node:assert/strict'
import { seededRandom } from '../../clock.ts'
import type { ContractGroup } from './contract-test.ts'
import { eventOf, type Stage } from './stage.ts'

async function dialsOf(stage: Stage, action: () => Promise<unknown>): Promise<[front: number, back: number]> {
  const before = [stage.front.dials, stage.back.dials] as const
  await action()
  return [stage.front.dials - before[0], stage.back.dials - before[1]]
}

/** What is said in a URI, and to whom it is said first. */
export const uriAndConnect: ContractGroup = {
  name: 'URI and connect',
  tests: [
    {
      item: 1,
      title: 'a list with parentheses, one without, and a single plain URI all connect',
      needs: [],
      run: async (stage) => {
        const front = stage.login(stage.front.address)
        const back = stage.login(stage.back.address)
        const lists = [`failover:(${front},${back})`, `failover:${front},${back}`, `failover:(${front})`, front]
        for (const list of lists) {
          const connection = await stage.dial(list + stage.query())
          assert.equal(await connection.send(stage.queue(), 'x', { id: 'one' }), 'one')
        }
      },
    },
    {
      item: 2,
      title: "an inner URI's own option wins over nested.*, which wins over that of the list",
      needs: ['silence'],
      run: async (stage) => {
        stage.front.mute()
        const front = stage.login(stage.front.address)
        const never = '600000'
        const own = stage.query({ 'nested.connectTimeout': never, maxReconnectAttempts: '0' })
        await assert.rejects(stage.dial(`failover:(${front}?connectTimeout=150)${own}`), { code: 'attempts-exhausted' })
        const nested = { connectTimeout: never, 'nested.connectTimeout': '150', maxReconnectAttempts: '0' }
        await assert.rejects(stage.enter(nested), { code: 'attempts-exhausted' })
      },
    },
    {
      item: 3,
      title: 'an unknown option is refused by name, with the nearest known one, before anything is dialled',
      needs: [],
      run: async (stage) => {
        const front = stage.login(stage.front.address)
        const dials = await dialsOf(stage, async () => {
          const list = stage.dial(`failover:(${front})${stage.query({ maxReconectDelay: '5' })}`)
          await assert.rejects(list, { code: 'invalid-option', message: /maxReconectDelay.*maxReconnectDelay/ })
          const inner = stage.dial(`failover:(${front}?hartbeat=5)${stage.query()}`)
          await assert.rejects(inner, { code: 'invalid-option', message: /hartbeat.*heartbeat/ })
          const malformed = stage.dial(`failover:(${front})${stage.query({ randomize: 'perhaps' })}`)
          await assert.rejects(malformed, { code: 'invalid-option', message: /randomize/ })
        })
        assert.deepEqual(dials, [0, 0])
      },
    },
    {
      item: 4,
      title: 'a user name and a password are percent-decoded before the broker sees them',
      needs: ['credentials'],
      run: async (stage) => {
        const { username = '', password = '' } = stage.broker.credentials ?? {}
        const login = `${everyByteEncoded(username)}:${everyByteEncoded(password)}@`
        const address = stage.front.address.replace('://', `://${login}`)
        const connection = await stage.dial(`failover:(${address})${stage.query()}`)
        await connection.send(stage.queue(), 'x')
      },
    },
    {
      item: 4,
      title: 'an IPv6 host is dialled',
      needs: ['ipv6'],
      run: async (stage) => {
        const address = stage.broker.ipv6()
        assert.match(address, /:\/\/\[::1\]:\d+$/)
        const { connection } = await stage.through([address])
        await connection.send(stage.queue(), 'x')
      },
    },
    {
      item: 5,
      title: 'a broker whose certificate is vouched for is spoken to over TLS',
      needs: ['tls'],
      run: async (stage) => {
        const { address, authority } = stage.broker.tls()
        const { connection } = await stage.through([address], {}, { tls: { ca: authority } })
        await connection.send(stage.queue(), 'x')
      },
    },
    {
      item: 5,
      title: 'a certificate that nobody vouches for, or for another name, is refused for good',
      needs: ['tls'],
      run: async (stage) => {
        const { address, authority } = stage.broker.tls()
        const strange = stage.through([address])
        await assert.rejects(strange, { code: 'tls', retriable: false })
        const byAddress = address.replace('localhost', '127.0.0.1')
        const misnamed = stage.through([byAddress], {}, { tls: { ca: authority } })
        await assert.rejects(misnamed, { code: 'tls', retriable: false })
      },
    },
    {
      item: 5,
      title: 'TLS towards a plain port fails, and nothing is sent in the clear',
      needs: ['tls'],
      run: async (stage) => {
        const { address, authority } = stage.broker.tls()
        const scheme = address.slice(0, address.indexOf(':'))
        const plain = stage.front.address.replace(/^[^:]+/, scheme)
        const options = { maxReconnectAttempts: '0', connectTimeout: '1500' }
        await assert.rejects(stage.through([plain], options, { tls: { ca: authority } }), (error: { code: string }) =>
          ['tls', 'attempts-exhausted'].includes(error.code),
        )
      },
    },
    {
      item: 6,
      title: 'randomize covers the first pick, and its absence keeps the order',
      needs: [],
      run: async (stage) => {
        const both = [stage.front.address, stage.back.address]
        const first = { front: 0, back: 0 }
        for (let seed = 0; seed < 12; seed++) {
          const random = seededRandom(seed)
          const [front] = await dialsOf(stage, async () => {
            const { connection } = await stage.through(both, { randomize: 'true' }, { random })
            await connection.close()
          })
          first[front === 1 ? 'front' : 'back']++
        }
        assert.ok(first.front > 0 && first.back > 0, JSON.stringify(first))
        for (let times = 0; times < 3; times++) {
          assert.deepEqual(await dialsOf(stage, async () => await stage.through(both)), [1, 0])
        }
      },
    },
    {
      item: 7,
      title: 'a broker that refuses connections is passed over',
      needs: [],
      run: async (stage) => {
        await stage.front.refuse()
        const { connection } = await stage.through([stage.front.address, stage.back.address])
        await connection.send(stage.queue(), 'x')
        assert.equal(stage.back.open, 1)
      },
    },
    {
      item: 7,
      title: 'a lost link moves to the next broker',
      needs: [],
      run: async (stage) => {
        const entered = await stage.through([stage.front.address, stage.back.address])
        await stage.front.refuse()
        stage.front.cut()
        await eventOf(entered, 'resumed')
        await entered.connection.send(stage.queue(), 'x')
        assert.ok(stage.back.open > 0)
      },
    },
    {
      item: 8,
      title: 'a broker that accepts and stays mute is left when its own deadline is over',
      needs: ['silence'],
      run: async (stage) => {
        stage.front.mute()
        const { connection } = await stage.through([stage.front.address, stage.back.address], { connectTimeout: '300' })
        await connection.send(stage.queue(), 'x')
        assert.ok(stage.back.open > 0)
      },
    },
    {
      item: 9,
      title: 'wrong credentials are fatal, and no broker is asked again',
      needs: ['wrong-login'],
      run: async (stage) => {
        const wrong = stage.broker.wrongLogin()
        const both = [stage.front.address, stage.back.address].map((address) => stage.login(address, wrong)).join(',')
        const dials = await dialsOf(stage, async () => {
          const refused = stage.dial(`failover:(${both})${stage.query({ randomize: 'false' })}`)
          await assert.rejects(refused, (error: Error & { code: string; retriable: boolean }) => {
            assert.equal(error.code, 'authentication')
            assert.equal(error.retriable, false)
            assert.ok(!`${error.message} ${error.stack}`.includes(wrong.password))
            return true
          })
        })
        assert.deepEqual(dials, [1, 0])
      },
    },
  ],
}

function everyByteEncoded(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}
