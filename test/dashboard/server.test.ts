import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createConnection, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { connect } from '../../src/connect.ts'
import { createDashboard } from '../../src/dashboard/dashboard.ts'
import { serve, type ServeOptions } from '../../src/dashboard/server.ts'
import { systemClock } from '../../src/clock.ts'
import { silentLogger } from '../../src/logger.ts'

const answering: RequestListener = (request, response) => void request.resume().once('end', () => response.end('done'))

/** A connection to a server with these limits. */
async function connected(
  context: TestContext,
  limits: ServeOptions['limits'] = {},
  listener: RequestListener = answering,
): Promise<Socket> {
  const options = { host: '127.0.0.1', port: 0, clock: systemClock, logger: silentLogger, endStreams: () => {} }
  const server = await serve(listener, { ...options, limits: { lookMs: 20, ...limits } })
  const socket = createConnection(server.port, '127.0.0.1')
  context.after(async () => {
    socket.destroy()
    await server.close()
  })
  await once(socket, 'connect')
  return socket
}

describe('the server of a dashboard', () => {
  it('answers who is not slow', async (context) => {
    const socket = await connected(context)
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx')
    assert.match(await text(socket), /^HTTP\/1\.1 200 OK[^]*done$/)
  })

  it('waits no longer than it is told for the headers of a request', async (context) => {
    const socket = await connected(context, { headersMs: 50 })
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n')
    assert.match(await text(socket), /^HTTP\/1\.1 408 /)
  })

  it('waits no longer than it is told for the body of a request', async (context) => {
    const socket = await connected(context, { headersMs: 50, requestMs: 100 })
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx')
    assert.match(await text(socket), /^HTTP\/1\.1 408 /)
  })

  it('lets go of who neither asks nor reads', async (context) => {
    const written = Promise.withResolvers<void>()
    const socket = await connected(context, { silentMs: 100 }, (_, response) => {
      response.once('close', () => written.resolve())
      response.write(new Uint8Array(64 * 1024 * 1024))
    })
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await written.promise
  })

  it('is gone when the dashboard was closed while it came up', async () => {
    await using connection = await connect('memory:closed-while-it-came-up')
    const dashboard = createDashboard({ connection })
    const listening = dashboard.listen({ port: 0 })
    await Promise.all([dashboard.close(), assert.rejects(listening, { code: 'closed' })])
    await assert.rejects(dashboard.listen({ port: 0 }), { code: 'closed' })
  })

  it('says in one line that its address is taken', async () => {
    await using connection = await connect('memory:taken')
    await using dashboard = createDashboard({ connection })
    const { url } = await dashboard.listen({ port: 0 })
    const port = Number(new URL(url).port)
    const message = `cannot listen on 127.0.0.1:${port}: the port is taken`
    await assert.rejects(dashboard.listen({ port }), { code: 'invalid-option', message })
  })
})
