import assert from 'node:assert/strict'
import { get } from 'node:http'
import { connect } from 'node:net'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { type MetricsEndpoint, serveMetrics } from '../../src/telemetry/metrics-endpoint.ts'

const text = async (): Promise<{ contentType: string; body: string }> => ({
  contentType: 'text/plain; x=1',
  body: 'a 1\n',
})

async function served(read: typeof text = text, host = '127.0.0.1'): Promise<MetricsEndpoint & AsyncDisposable> {
  const endpoint = await serveMetrics({ host, port: 0, text: read })
  return { ...endpoint, [Symbol.asyncDispose]: () => endpoint.close() }
}

test('/metrics answers GET and HEAD, and nothing else is there', async () => {
  await using endpoint = await served()
  const found = await fetch(endpoint.url)
  assert.equal(found.status, 200)
  assert.equal(found.headers.get('content-type'), 'text/plain; x=1')
  assert.equal(await found.text(), 'a 1\n')
  const head = await fetch(`${endpoint.url}?x=1`, { method: 'HEAD' })
  assert.deepEqual([head.status, await head.text()], [200, ''])
  const changed = await fetch(endpoint.url, { method: 'POST', body: 'x' })
  assert.deepEqual([changed.status, changed.headers.get('allow')], [405, 'GET, HEAD'])
  for (const path of ['/', '/metrics/', '/metrics/../etc/passwd', '/x'])
    assert.equal((await fetch(new URL(path, endpoint.url))).status, 404, path)
})

test('metrics that throw are a 500 without a word of it, and the next scrape is answered', async () => {
  let isBroken = true
  await using endpoint = await served(async () => {
    if (isBroken) throw new Error('secret')
    return await text()
  })
  const broken = await fetch(endpoint.url)
  assert.equal(broken.status, 500)
  assert.doesNotMatch(await broken.text(), /secret/)
  isBroken = false
  assert.equal((await fetch(endpoint.url)).status, 200)
})

/** The status of a scrape that calls the server by this name. */
function calledBy(host: string, { url }: MetricsEndpoint): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { headers: { host }, agent: false }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode))
    })
    asked.once('error', reject)
  })
}

test('on loopback nobody is answered who has a name of another site lead there', async () => {
  await using endpoint = await served()
  for (const host of ['localhost', 'localhost:9464', '127.0.0.1', '[::1]:9464'])
    assert.equal(await calledBy(host, endpoint), 200, host)
  for (const host of ['example.org', 'example.org:9464', 'localhost.example.org', '10.0.0.1'])
    assert.equal(await calledBy(host, endpoint), 403, host)
})

test('where others may read, they call it as they know it', async () => {
  await using endpoint = await served(text, '0.0.0.0')
  assert.equal(await calledBy('worker-1.example.org:9464', endpoint), 200)
})

test('a port that is taken is told in one line, and a close ends those that say nothing', async () => {
  const endpoint = await served()
  const port = Number(new URL(endpoint.url).port)
  await assert.rejects(serveMetrics({ host: '127.0.0.1', port, text }), (error) => {
    assert.ok(error instanceof UnderstudyError)
    assert.equal(error.code, 'invalid-option')
    assert.equal(error.message, `metrics cannot be served at 127.0.0.1:${port}: the port is taken`)
    return true
  })
  const silent = connect(port, '127.0.0.1')
  const ended = new Promise((resolve) => silent.once('close', resolve))
  await new Promise((resolve) => silent.once('connect', resolve))
  await endpoint.close()
  await ended
  await endpoint.close()
})
