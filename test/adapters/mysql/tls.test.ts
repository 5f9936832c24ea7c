import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { mysqlFailures } from '../../../src/stores.ts'
import { failure } from '../../../src/testing/failure-store/place.ts'
import { authority } from '../../support/certificates.ts'
import { startMariadb } from '../../support/mariadb.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { ownDatabase, skip } from './place.ts'

it('connections are encrypted where TLS is asked for, and the server has to be who it should be', {
  skip,
}, async (context) => {
  const own = authority('ours')
  const { certificate, key } = own.issue('localhost')
  const files = temporaryFolder('mariadb-tls', context)
  const [certificateFile, keyFile] = [join(files, 'certificate.pem'), join(files, 'key.pem')]
  writeFileSync(certificateFile, certificate)
  writeFileSync(keyFile, key)
  const server = await startMariadb([`--ssl-cert=${certificateFile}`, `--ssl-key=${keyFile}`])
  context.after(async () => await server.remove())
  const uri = (await server.database('encrypted')).replace('127.0.0.1', 'localhost')
  await server.run("ALTER USER 'tester'@'127.0.0.1' REQUIRE SSL")

  await using store = mysqlFailures({ uri, tls: { ca: own.certificate } })
  await store.keep([failure({ jobId: 'a' })])
  assert.equal((await store.get('a.0'))?.jobId, 'a')

  const byAddress = uri.replace('localhost', '127.0.0.1')
  await using named = mysqlFailures({ uri: byAddress, tls: { ca: own.certificate, serverName: 'localhost' } })
  assert.equal((await named.get('a.0'))?.jobId, 'a')
  await using nameless = mysqlFailures({ uri: byAddress, tls: { ca: own.certificate } })
  await assert.rejects(nameless.open(), {
    code: 'invalid-option',
    message: /127\.0\.0\.1 is none; give tls\.serverName/,
  })

  for (const tls of [{}, { ca: authority('theirs').certificate }, { ca: own.certificate, serverName: 'elsewhere' }]) {
    await using stranger = mysqlFailures({ uri, tls })
    await assert.rejects(stranger.open(), (error: Error & { code?: string; retriable?: boolean }) => {
      assert.equal(error.code, 'storage')
      assert.match(error.message, /^mysql:\/\/localhost:\d+\/encrypted is not trusted: /)
      assert.equal(error.retriable, false)
      return true
    })
  }
  await using open = mysqlFailures({ uri })
  await assert.rejects(open.open(), { code: 'storage', retriable: false })
})

it('a server without TLS is refused where TLS is asked for', { skip }, async () => {
  const uri = (await ownDatabase()).replace('127.0.0.1', 'localhost')
  await using store = mysqlFailures({ uri, tls: {} })
  await assert.rejects(store.open(), {
    code: 'storage',
    retriable: false,
    message: / is not trusted: .*does not support/,
  })
})
