import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { findProgram } from '../../mariadb/find-server.ts'

/** An HAProxy found on this machine. */
export interface HaproxyInstallation {
  /** Such as `HAProxy 2.6.12`. */
  readonly product: string
  readonly program: string
}

type Environment = Readonly<Record<string, string | undefined>>

const USUAL_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin']

/** Looks at `HAPROXY_HOME` where it is set, and nowhere else then; otherwise on `PATH` and in the usual places. */
export function findHaproxy(env: Environment = process.env): HaproxyInstallation | undefined {
  const home = env['HAPROXY_HOME']
  const onPath = (env['PATH'] ?? '').split(':').filter((part) => part !== '')
  const folders = home === undefined || home === '' ? [...onPath, ...USUAL_FOLDERS] : [join(home, 'sbin'), home]
  const program = findProgram(['haproxy'], folders)
  const version = program === undefined ? undefined : versionOf(program)
  return program === undefined || version === undefined ? undefined : { product: `HAProxy ${version}`, program }
}

/** That `HAPROXY_HOME` is set to a folder that is none, which no installation mends; undefined otherwise. */
export function wrongHaproxyHome(env: Environment = process.env): string | undefined {
  const home = env['HAPROXY_HOME']
  if (home === undefined || home === '' || findHaproxy(env) !== undefined) return undefined
  return `HAPROXY_HOME (${home}) holds no HAProxy`
}

function versionOf(program: string): string | undefined {
  const answer = spawnSync(program, ['-v'], { encoding: 'utf8', timeout: 5000 })
  return /^HA-?Proxy version (\d+(?:\.\d+)+)/m.exec(answer.stdout ?? '')?.[1]
}
