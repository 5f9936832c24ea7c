import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isTlsCode, serverNameOf } from '../../src/transport/tls-settings.ts'

describe('the server name that TLS sends', () => {
  it('is the name that was given, else that of the host, and never an address', () => {
    assert.equal(serverNameOf('a.example', {}), 'a.example')
    assert.equal(serverNameOf('10.0.0.7', {}), undefined)
    assert.equal(serverNameOf('::1', {}), undefined)
    assert.equal(serverNameOf('10.0.0.7', { serverName: 'b.example' }), 'b.example')
  })
})

describe('a code of TLS', () => {
  it('is told from those of sockets and names', () => {
    const codes = ['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'ERR_OSSL_PEM_NO_START_LINE', 'EPROTO']
    for (const code of codes) assert(isTlsCode(code), code)
    for (const code of ['', 'ECONNRESET', 'ENOTFOUND', 'ERR_INVALID_ARG_TYPE']) assert(!isTlsCode(code), code)
  })
})
