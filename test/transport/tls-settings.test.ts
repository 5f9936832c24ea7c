import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isTlsCode, tlsOptionsOf } from '../../src/transport/tls-settings.ts'

describe('the server name that TLS sends', () => {
  it('is the name that was given, else that of the host, and never an address', () => {
    assert.equal(tlsOptionsOf('a.example', {}).servername, 'a.example')
    assert.equal(tlsOptionsOf('10.0.0.7', {}).servername, undefined)
    assert.equal(tlsOptionsOf('::1', {}).servername, undefined)
    assert.equal(tlsOptionsOf('10.0.0.7', { serverName: 'b.example' }).servername, 'b.example')
  })
})

describe('a code of TLS', () => {
  it('is told from those of sockets and names', () => {
    const codes = ['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'ERR_OSSL_PEM_NO_START_LINE', 'EPROTO']
    for (const code of codes) assert(isTlsCode(code), code)
    for (const code of ['', 'ECONNRESET', 'ENOTFOUND', 'ERR_INVALID_ARG_TYPE']) assert(!isTlsCode(code), code)
  })
})
