import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { activemqTransport } from '../../adapters/activemq/transport.ts'
import { rabbitmqTransport } from '../../adapters/rabbitmq/transport.ts'
import { failoverOptionNames, readFailoverOptions } from '../../src/failover/options.ts'

const DOCUMENT = readFileSync(new URL('../../docs/failover-uri.md', import.meta.url), 'utf8')
/** Name and default of every row of its tables. */
const ROWS = new Map(
  [...DOCUMENT.matchAll(/^\| ([a-zA-Z]+) \| ([^|]+) \|/gm)]
    .map(([, name = '', fallback = '']): [string, string] => [name, fallback.trim()])
    .filter(([name]) => name !== 'option'),
)

test('every documented option exists, and its documented default is the default', () => {
  const defaults = readFailoverOptions(new Map())
  const byOption: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(defaults).map(([field, value]) => [field.replace(/Ms$/, '').replace('Uris', 'URIs'), value]),
  )
  assert.ok(ROWS.size > 20)
  for (const [name, written] of ROWS) {
    assert.ok(Object.hasOwn(byOption, name), `${name} is documented and unknown`)
    if (name === 'priorityURIs') assert.equal(written, 'the first')
    else if (typeof byOption[name] === 'number') assert.equal(Number(written), byOption[name], name)
    else assert.equal(written, String(byOption[name]), name)
  }
})

test('every option is documented: in a table, or by its name where it is an alias, refused or of an adapter', () => {
  const names = [...failoverOptionNames, ...activemqTransport().optionNames, ...rabbitmqTransport().optionNames]
  for (const name of names) assert.ok(ROWS.has(name) || DOCUMENT.includes(`\`${name}\``), `${name} is not documented`)
})
