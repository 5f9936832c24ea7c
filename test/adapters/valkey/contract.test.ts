import { after } from 'node:test'
import { valkeyResults } from '../../../adapters/valkey/results.ts'
import type { RedisServer } from '../../../infra/redis/start-server.ts'
import { keptResultsSuite } from '../../../src/testing/results/results-suite.ts'
import { redisFor, redisSkip } from '../../support/redis.ts'

let server: Promise<RedisServer> | undefined
after(async () => await (await server)?.remove())

keptResultsSuite({
  name: 'Redis',
  skip: redisSkip(),
  results: async (options) => {
    server ??= redisFor()
    return valkeyResults({ url: (await server).url, ...options })
  },
})
