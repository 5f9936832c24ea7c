import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { findProgram } from '../../mariadb/find-server.ts'

/** An ActiveMQ Classic found on this machine: Apache's own distribution, or Debian's package. */
export interface ActivemqInstallation {
  readonly home: string
  /** Such as `ActiveMQ 5.17.2`. */
  readonly product: string
  /** Every jar that a broker may need, in the order of the class path. */
  readonly jars: readonly string[]
}

/** A JDBC driver, and the pool of connections that a broker shall take from it. */
export interface JdbcDriver {
  readonly jar: string
  readonly kind: 'mariadb' | 'mysql'
}

/** What a broker is run with. */
export interface BrokerProgram {
  readonly java: string
  readonly activemq: ActivemqInstallation
  /** Only where the store is a database. */
  readonly driver?: JdbcDriver
}

type Environment = Readonly<Record<string, string | undefined>>

const DEBIAN_HOME = '/usr/share/activemq'
const USUAL_HOMES = [DEBIAN_HOME, '/opt/activemq', '/usr/local/activemq', '/opt/homebrew/opt/activemq/libexec']
const SYSTEM_JARS = '/usr/share/java'

/** Looks at `ACTIVEMQ_HOME` where it is set, and nowhere else then; otherwise in the usual places. */
export function findActivemq(env: Environment = process.env): ActivemqInstallation | undefined {
  const named = env['ACTIVEMQ_HOME']
  for (const home of named === undefined || named === '' ? USUAL_HOMES : [named]) {
    const jars = ['lib', 'lib/optional', 'lib/extra'].flatMap((part) => jarsIn(join(home, part)))
    const broker = jars.find((jar) => /^activemq-broker[-.]/.test(basename(jar)))
    const starter = jars.some((jar) => /^activemq-console[-.]/.test(basename(jar)))
    if (broker === undefined || !starter) continue
    return { home, product: `ActiveMQ ${versionOf(broker)}`.trimEnd(), jars }
  }
  return undefined
}

/** That `ACTIVEMQ_HOME` is set to a folder that is none, which no installation mends; undefined otherwise. */
export function wrongActivemqHome(env: Environment = process.env): string | undefined {
  const named = env['ACTIVEMQ_HOME']
  if (named === undefined || named === '' || findActivemq(env) !== undefined) return undefined
  return `ACTIVEMQ_HOME (${named}) holds no ActiveMQ Classic`
}

/** `JAVA_HOME`'s Java where it has one, else the one on `PATH`. */
export function findJava(env: Environment = process.env): string | undefined {
  const home = env['JAVA_HOME']
  const onPath = (env['PATH'] ?? '').split(':').filter((part) => part !== '')
  return findProgram(['java'], [...(home === undefined || home === '' ? [] : [join(home, 'bin')]), ...onPath])
}

/** ActiveMQ and the Java for it, or what is missing. */
export function findBrokerProgram(env: Environment = process.env): BrokerProgram | string {
  const activemq = findActivemq(env)
  if (activemq === undefined) return wrongActivemqHome(env) ?? 'ActiveMQ is not installed'
  const java = findJava(env)
  return java === undefined ? 'Java is not installed' : { activemq, java }
}

/** Looks among the broker's own jars, then where Debian puts Java libraries. */
export function findJdbcDriver(installation: Pick<ActivemqInstallation, 'jars'>): JdbcDriver | undefined {
  const jars = [...installation.jars, ...jarsIn(SYSTEM_JARS)]
  const mariadb = jars.find((jar) => /^mariadb-java-client([-.][\d.]+)?\.jar$/.test(basename(jar)))
  if (mariadb !== undefined) return { jar: mariadb, kind: 'mariadb' }
  // MySQL's own driver brings no pool; Apache's distribution has one, Debian's package has none.
  const pool = installation.jars.some((jar) => basename(jar).startsWith('commons-dbcp2'))
  const mysql = jars.find((jar) => /^mysql-connector-(j|java)([-.][\d.]+)?\.jar$/.test(basename(jar)))
  return mysql === undefined || !pool ? undefined : { jar: mysql, kind: 'mysql' }
}

function jarsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.jar'))
      .sort()
      .map((name) => join(folder, name))
      .filter((path) => existsSync(path))
  } catch {
    return []
  }
}

/** Debian's jars have no version in their names, and beside them links that do. */
function versionOf(brokerJar: string): string {
  const names = [basename(brokerJar), ...jarsIn(dirname(realpathSync(brokerJar))).map((jar) => basename(jar))]
  return names.flatMap((name) => /^activemq-broker-(\d[\w.]*)\.jar$/.exec(name)?.[1] ?? [])[0] ?? ''
}
