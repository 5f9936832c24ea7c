import { spawnSync } from 'node:child_process'
import { accessSync, constants, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A MariaDB or MySQL server program found on this machine. */
export interface DatabaseProgram {
  readonly flavour: 'mariadb' | 'mysql'
  /** Such as `MariaDB 10.11.6`. */
  readonly product: string
  readonly server: string
  /** What makes an empty data directory; MySQL's server does it by itself. */
  readonly installer: string | undefined
  /** Set for an unpacked distribution, which must be told where it lies. */
  readonly home: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Looks in `MYSQL_HOME`, then `PATH`, then where distributions put servers outside of it. */
export function findDatabaseProgram(env: Environment = process.env): DatabaseProgram | undefined {
  const home = env['MYSQL_HOME']
  const inHome = home === undefined ? [] : ['bin', 'sbin', 'scripts', 'libexec'].map((part) => join(home, part))
  const onPath = (env['PATH'] ?? '').split(':').filter((part) => part !== '')
  const usual = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec', '/usr/local/mysql/bin', '/opt/homebrew/bin']
  const server = findProgram(['mariadbd', 'mysqld'], [...inHome, ...onPath, ...usual])
  if (server === undefined) return undefined
  const version = ask(server)
  if (version === undefined) return undefined
  const flavour = /mariadb/i.test(version) ? 'mariadb' : 'mysql'
  const number = /\bVer (\d+(?:\.\d+)+)/.exec(version)?.[1] ?? ''
  const installer = findProgram(
    ['mariadb-install-db', 'mysql_install_db'],
    [...inHome, dirname(server), dirname(realpathSync(server)), ...onPath, '/usr/bin'],
  )
  if (flavour === 'mariadb' && installer === undefined) return undefined
  return {
    flavour,
    product: `${flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${number}`.trimEnd(),
    server,
    installer: flavour === 'mariadb' ? installer : undefined,
    home: home !== undefined && server.startsWith(home) ? home : undefined,
  }
}

/** The first of these programs, by name before folder. */
export function findProgram(names: readonly string[], folders: readonly string[]): string | undefined {
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function ask(server: string): string | undefined {
  const answer = spawnSync(server, ['--no-defaults', '--version'], { encoding: 'utf8', timeout: 5000 })
  return answer.status === 0 ? answer.stdout : undefined
}
