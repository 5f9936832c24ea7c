import type { TestContext } from 'node:test'
import { findRedis } from '../../infra/redis/find-server.ts'
import { type RedisServer, type StartRedisOptions, startRedis } from '../../infra/redis/start-server.ts'
import { newLabRoot } from './lab-root.ts'

/** Why tests against Redis are skipped here, or false; a failure with `UNDERSTUDY_REQUIRE_BROKERS=1`. */
export function redisSkip(): string | false {
  if (findRedis() !== undefined) return false
  const reason = 'neither Redis nor Valkey is installed; run `understudy lab install`'
  if (process.env['UNDERSTUDY_REQUIRE_BROKERS'] === '1') throw new Error(`UNDERSTUDY_REQUIRE_BROKERS is set: ${reason}`)
  return reason
}

/** A server of this test's own, which ends with it, or with the process where no test is given. */
export async function redisFor(
  context?: Pick<TestContext, 'after'>,
  options: Omit<StartRedisOptions, 'root'> = {},
): Promise<RedisServer> {
  const program = findRedis()
  if (program === undefined) throw new Error('no Redis here')
  const server = await startRedis(program, { ...options, root: newLabRoot('redis') })
  context?.after(async () => await server.remove())
  return server
}
