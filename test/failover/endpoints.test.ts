import assert from 'node:assert/strict'
import test from 'node:test'
import { seededRandom } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { EndpointList } from '../../src/failover/endpoints.ts'
import { parseFailoverUri } from '../../src/failover/uri.ts'
import type { Endpoint } from '../../src/transport/endpoint.ts'

function listOf(uri: string, random = seededRandom(1)): { list: EndpointList; at: (host: string) => Endpoint } {
  const parsed = parseFailoverUri(uri)
  const at = (host: string): Endpoint => {
    const found = parsed.endpoints.find((endpoint) => endpoint.host === host)
    assert.ok(found)
    return found
  }
  return { list: new EndpointList(parsed, random), at }
}

const hosts = (pass: readonly Endpoint[]): string => pass.map(({ host }) => host).join('')
const ABC = '(stomp://a,stomp://b,stomp://c)'

test('without randomize the list is tried in the order written', () => {
  const { list } = listOf(`failover:${ABC}?randomize=false`)
  assert.deepEqual([hosts(list.pass()), hosts(list.pass())], ['abc', 'abc'])
})

test('the broker that was just lost comes last', () => {
  const { list, at } = listOf(`failover:${ABC}?randomize=false`)
  assert.equal(hosts(list.pass(at('a'))), 'bca')
  assert.equal(hosts(list.pass(at('b'))), 'acb')
})

test('randomize covers the first pick: every order comes up about equally often', () => {
  const { list } = listOf(`failover:${ABC}`)
  const counts = new Map<string, number>()
  for (let times = 0; times < 6000; times++) {
    const order = hosts(list.pass())
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  assert.deepEqual([...counts.keys()].sort(), ['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])
  for (const [order, count] of counts) assert.ok(count > 850 && count < 1150, `${order}: ${count}`)
})

test('a preferred broker comes first, but not where it was the one that was lost', () => {
  const { list, at } = listOf(`failover:${ABC}?priorityBackup=true`)
  for (let times = 0; times < 20; times++) {
    assert.equal(hosts(list.pass())[0], 'a')
    assert.equal(hosts(list.pass(at('a')))[2], 'a')
  }
})

test('priorityURIs names the preferred ones, with or without default port, slash and case', () => {
  for (const named of ['stomp://b:61613,stomp://c:61613', 'stomp://b,stomp://c/', 'STOMP://B:61613, stomp://C']) {
    const { list, at } = listOf(`failover:${ABC}?randomize=false&priorityBackup=true&priorityURIs=${named}`)
    assert.equal(hosts(list.pass()), 'bca')
    assert.equal(hosts(list.betterThan(at('a'))), 'bc')
    assert.equal(hosts(list.betterThan(at('b'))), '')
  }
})

test('nothing is better where no priority was asked for', () => {
  const { list, at } = listOf(`failover:${ABC}`)
  assert.deepEqual(list.betterThan(at('c')), [])
})

test('priorityURIs that names a broker outside the list is refused, without showing what it named', () => {
  assert.throws(
    () => listOf(`failover:${ABC}?priorityBackup=true&priorityURIs=stomp://elsewhere`),
    (error) => {
      assert.ok(error instanceof UnderstudyError)
      assert.equal(error.code, 'invalid-option')
      assert.match(error.message, /listed are stomp:\/\/a:61613, stomp:\/\/b:61613, stomp:\/\/c:61613/)
      return true
    },
  )
})
