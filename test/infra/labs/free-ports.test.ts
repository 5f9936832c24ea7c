import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { freePorts } from '../../../infra/labs/free-ports.ts'

it('free ports are all different, can be listened on, and are none that is taken', async () => {
  const taken = new Set(await freePorts(50))
  const ports = await freePorts(50, taken)
  assert.equal(new Set([...taken, ...ports]).size, 100)
  for (const port of ports.slice(0, 5)) {
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
  }
})
