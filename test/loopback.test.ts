import assert from 'node:assert/strict'
import test from 'node:test'
import { isLoopbackHost } from '../src/loopback.ts'

test('loopback is what every machine calls itself, with or without a port', () => {
  for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1', '127.9.9.9:9464', '::1', '[::1]', '[::1]:9464'])
    assert.equal(isLoopbackHost(host), true, host)
  for (const host of ['', '0.0.0.0', '10.0.0.1:80', '::', '::1:9464', 'localhost.example.org', '127.0.0.1.example.org'])
    assert.equal(isLoopbackHost(host), false, host)
})
