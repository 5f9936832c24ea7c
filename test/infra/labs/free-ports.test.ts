import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { promisify } from 'node:util'
import { freePorts, reservePorts } from '../../../infra/labs/free-ports.ts'

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

const NO_CLAIMS = process.platform === 'linux' ? false : 'only Linux has names that end with their process'

it('a reserved port is given to no other process before it is released', { skip: NO_CLAIMS }, async () => {
  const { ports, release } = await reservePorts(500)
  try {
    const source = new URL('../../../infra/labs/free-ports.ts', import.meta.url).href
    const script = `const { freePorts } = await import('${source}'); console.log(JSON.stringify(await freePorts(500)))`
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
    const others = JSON.parse(stdout) as number[]
    assert.equal(others.length, 500)
    const reserved = new Set(ports)
    assert.deepEqual(
      others.filter((port) => reserved.has(port)),
      [],
    )
  } finally {
    await release()
  }
  const [first = 0] = ports
  const again = createServer().listen({ path: `\0understudy-port-${first}` })
  await once(again, 'listening')
  again.close()
  await once(again, 'close')
})
