import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { withTls } from '../../src/failover/tls-files.ts'
import { parseFailoverUri } from '../../src/failover/uri.ts'
import type { Endpoint } from '../../src/transport/endpoint.ts'
import type { TlsSettings } from '../../src/transport/tls-settings.ts'
import { authority } from '../support/certificates.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ours = authority('an authority of this test')
const client = ours.issue('a client')

function endpointOf(options: Readonly<Record<string, string>>, scheme = 'stomp+ssl'): Endpoint {
  const query = Object.entries(options).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  const [endpoint] = parseFailoverUri(`${scheme}://user:secret@broker?${query.join('&')}`).endpoints
  assert.ok(endpoint)
  return endpoint
}

function files(context: TestContext): (name: string, text: string) => string {
  const folder = temporaryFolder('tls-files', context)
  return (name, text) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
}

async function refusal(endpoint: Endpoint, given?: TlsSettings): Promise<UnderstudyError> {
  const error: unknown = await withTls(endpoint, given).then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof UnderstudyError, String(error))
  assert.equal(error.code, 'invalid-option')
  assert.doesNotMatch(error.message, /secret|PRIVATE KEY|hunter2/)
  return error
}

test('an endpoint without TLS is left as it is, whatever the application gives', async () => {
  const endpoint = endpointOf({}, 'stomp')
  assert.equal(await withTls(endpoint, { ca: ours.certificate }), endpoint)
})

test('files of the URI are read, and stand no longer among its options', async (context) => {
  const file = files(context)
  const endpoint = endpointOf({
    caFile: file('ca.pem', ours.certificate),
    certFile: file('cert.pem', client.certificate),
    keyFile: file('key.pem', client.key),
    serverName: 'broker.example',
    vhost: 'x',
  })
  const { tls, options } = await withTls(endpoint, undefined)
  assert.deepEqual(tls, {
    ca: Buffer.from(ours.certificate),
    cert: Buffer.from(client.certificate),
    key: Buffer.from(client.key),
    serverName: 'broker.example',
  })
  assert.deepEqual(options, { vhost: 'x' })
})

test("what the URI names goes before the application's own, field by field", async (context) => {
  const other = authority('another')
  const endpoint = endpointOf({ caFile: files(context)('ca.pem', other.certificate) })
  const given = { ca: ours.certificate, cert: client.certificate, key: client.key, serverName: 'given' }
  const { tls } = await withTls(endpoint, given)
  assert.deepEqual(tls, { ...given, ca: Buffer.from(other.certificate) })
})

test('an endpoint with TLS and no settings has the defaults of Node', async () => {
  assert.deepEqual((await withTls(endpointOf({}), undefined)).tls, {})
})

test('an encrypted key is accepted with its passphrase, and refused with another or none', async () => {
  const key = createPrivateKey(client.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' })
    .toString()
  const given = { cert: client.certificate, key }
  assert.equal((await withTls(endpointOf({}), { ...given, passphrase: 'hunter2' })).tls?.passphrase, 'hunter2')
  await refusal(endpointOf({}), { ...given, passphrase: 'wrong' })
  await refusal(endpointOf({}), given)
})

test('TLS options on a scheme without TLS are refused by name', async () => {
  for (const scheme of ['stomp', 'amqp', 'memory']) {
    const { message } = await refusal(endpointOf({ serverName: 'x' }, scheme))
    assert.match(message, /^option serverName of .* needs a scheme with TLS/)
  }
})

test('a file that is not there, cannot be read, or is a folder is named by its option', async (context) => {
  const file = files(context)
  const missing = await refusal(endpointOf({ caFile: '/nonexistent/ca.pem' }))
  assert.match(
    missing.message,
    /^option caFile of stomp\+ssl:\/\/broker:61614: the file cannot be read: there is no such file or folder$/,
  )
  const folder = await refusal(endpointOf({ keyFile: temporaryFolder('folder', context) }))
  assert.match(folder.message, /^option keyFile .* cannot be read: it is a folder$/)
  if (process.getuid?.() === 0) return
  const path = file('secret.pem', client.key)
  chmodSync(path, 0)
  assert.match((await refusal(endpointOf({ keyFile: path }))).message, /cannot be read: permission denied$/)
})

test('a certificate without its key, a key without its certificate, and a pair that is none are refused', async (context) => {
  const file = files(context)
  const certFile = file('cert.pem', client.certificate)
  const keyFile = file('key.pem', client.key)
  assert.match((await refusal(endpointOf({ certFile }))).message, /has a client certificate and no key$/)
  assert.match((await refusal(endpointOf({ keyFile }))).message, /has a client key and no certificate$/)
  const otherKey = file('other.pem', ours.issue('another').key)
  assert.match((await refusal(endpointOf({ certFile, keyFile: otherKey }))).message, /cannot be used/)
})

test('a file that holds no certificate or no key is refused before anything is dialled', async (context) => {
  const file = files(context)
  const certFile = file('cert.pem', client.certificate)
  const nonsense = file('nonsense.pem', 'nonsense')
  assert.match((await refusal(endpointOf({ certFile: nonsense, keyFile: nonsense }))).message, /cannot be used/)
  assert.match((await refusal(endpointOf({ certFile, keyFile: nonsense }))).message, /cannot be used/)
})
