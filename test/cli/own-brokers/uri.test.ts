import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readOwnUri, withoutSecrets } from '../../../src/cli/own-brokers/uri.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'

const SECRET = 'p@ss,w(o)rd'
const LOGIN = `me:${encodeURIComponent(SECRET).replaceAll('(', '%28').replaceAll(')', '%29')}`

describe('a URI of brokers of the user’s own', () => {
  it('keeps credentials, path and options of each broker wherever it is found', () => {
    const own = readOwnUri(
      `failover:(amqp://${LOGIN}@a:5672/jobs?nested,amqp://b:5673)?randomize=true`.replace('?nested', ''),
    )
    assert.deepEqual(
      own.addresses.map(({ endpoint, host, port }) => [endpoint, host, port]),
      [
        ['amqp://a:5672', 'a', 5672],
        ['amqp://b:5673', 'b', 5673],
      ],
    )
    assert.deepEqual(own.options, { randomize: 'true' })
    const [first] = own.addresses
    const [moved] = parseFailoverUri(first?.at('amqp://127.0.0.1:9999') ?? '').endpoints
    assert.equal(moved?.host, '127.0.0.1')
    assert.equal(moved?.port, 9999)
    assert.equal(moved?.username, 'me')
    assert.equal(moved?.password, SECRET)
    assert.equal(moved?.path, 'jobs')
  })

  it('tells the options of the list from those of the last broker where no parentheses do', () => {
    const own = readOwnUri('stomp://a:1?randomize=false&heartbeat=2000')
    assert.equal(own.options['randomize'], 'false')
    const again = own.addresses[0]?.at('stomp://127.0.0.1:2') ?? ''
    const query = new URLSearchParams(own.options).toString()
    const { endpoints, options } = parseFailoverUri(`failover:(${again})?${query}`)
    assert.equal(options.randomize, false)
    assert.equal(endpoints[0]?.heartbeatMs, 2000)
  })

  it('is shown without credentials', () => {
    const { shown, secrets } = readOwnUri(`failover:(stomp://${LOGIN}@a:1,stomp://b:2)?timeout=5000`)
    assert.equal(shown, 'failover:(stomp://USER:PASSWORD@a:1,stomp://b:2)?timeout=5000')
    assert(secrets.includes(SECRET))
  })

  it('is refused when it mixes protocols or names a broker in memory', () => {
    assert.throws(() => readOwnUri('failover:(stomp://a:1,amqp://b:2)'), /stomp: and amqp:/)
    assert.throws(() => readOwnUri('memory://x'), /in memory/)
  })

  it('knows its passwords as they were written too, and takes the longer of two out first', () => {
    const { secrets } = readOwnUri('failover:(stomp://me:a%2fb!@a:1,stomp://me:a%2fb!c@b:2)')
    assert.equal(withoutSecrets('a%2fb! a%2Fb! a/b! a%2fb!c a/b!c', secrets), '*** *** *** *** ***')
  })

  it('takes every password out of a text, and the credentials of any address', () => {
    const text = withoutSecrets(`curl -u me:${SECRET} https://root:hidden@host/x`, [SECRET])
    assert.equal(text, 'curl -u me:*** https://***@host/x')
  })
})
