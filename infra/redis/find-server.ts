import { spawnSync } from 'node:child_process'
import { findProgram } from '../mariadb/find-server.ts'

/** A Redis or Valkey server program found on this machine. */
export interface RedisProgram {
  /** Such as `Redis 7.0.15`. */
  readonly product: string
  readonly server: string
}

const USUAL_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']

/** Looks on `PATH`, then in the usual places; Valkey before Redis. */
export function findRedis(env: Readonly<Record<string, string | undefined>> = process.env): RedisProgram | undefined {
  const onPath = (env['PATH'] ?? '').split(':').filter((part) => part !== '')
  const server = findProgram(['valkey-server', 'redis-server'], [...onPath, ...USUAL_FOLDERS])
  if (server === undefined) return undefined
  const said = spawnSync(server, ['--version'], { encoding: 'utf8', timeout: 5000 }).stdout ?? ''
  const [, name, version] = /^(Redis|Valkey) server v=(\d+(?:\.\d+)+)/m.exec(said) ?? []
  return name === undefined || version === undefined ? undefined : { product: `${name} ${version}`, server }
}
