import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { findRedis } from '../../../infra/redis/find-server.ts'
import { startRedis } from '../../../infra/redis/start-server.ts'
import { isPortOpen, newLabRoot } from '../../support/lab-root.ts'
import { redisFor, redisSkip } from '../../support/redis.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** A folder that holds a program of that name, which says that line. */
function folderWith(context: TestContext, name: string, says: string): string {
  const folder = temporaryFolder('redis', context)
  writeFileSync(join(folder, name), `#!/bin/sh\necho '${says}'\n`)
  chmodSync(join(folder, name), 0o755)
  return folder
}

const REDIS = 'Redis server v=7.2.4 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0'
const VALKEY = 'Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=0'

describe('a Redis on this machine', () => {
  it('is found on the PATH with its version, Valkey before Redis', (context) => {
    const redis = folderWith(context, 'redis-server', REDIS)
    const valkey = folderWith(context, 'valkey-server', VALKEY)
    assert.deepEqual(findRedis({ PATH: redis }), { product: 'Redis 7.2.4', server: join(redis, 'redis-server') })
    assert.deepEqual(findRedis({ PATH: `${redis}:${valkey}` }), {
      product: 'Valkey 8.1.1',
      server: join(valkey, 'valkey-server'),
    })
  })

  it('is none when the program says nothing that is a version', (context) => {
    assert.equal(findRedis({ PATH: folderWith(context, 'valkey-server', 'something else') }), undefined)
  })

  it('that does not start is told of with its own last words, and leaves nothing', async (context) => {
    const folder = folderWith(context, 'redis-server', 'FATAL: no luck today')
    const root = newLabRoot('redis')
    await assert.rejects(startRedis({ product: 'Redis 0', server: join(folder, 'redis-server') }, { root }), {
      code: 'unsupported',
      message: 'Redis 0 did not start (it ended with code 0): FATAL: no luck today',
    })
  })

  it('is killed, started again with what it had answered, stopped and removed', { skip: redisSkip() }, async () => {
    const server = await redisFor()
    assert.equal(await isPortOpen(server.port), true)
    await server.kill()
    assert.equal(server.state(), 'gone')
    await server.start()
    assert.equal(server.state(), 'running')
    await server.pause()
    assert.equal(server.state(), 'paused')
    await server.remove()
    await server.remove()
    assert.equal(server.state(), 'gone')
    assert.equal(await isPortOpen(server.port), false)
  })
})
