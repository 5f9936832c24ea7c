import { findActivemq, findJava, findJdbcDriver } from '../labs/activemq/installation.ts'
import { findHaproxy } from '../labs/haproxy/installation.ts'
import { findErlang, findRabbitmq } from '../labs/rabbitmq/installation.ts'
import { findDatabaseProgram } from '../mariadb/find-server.ts'
import { findPrometheus } from '../prometheus/find-server.ts'
import { findRedis } from '../redis/find-server.ts'

/** Something that a lab needs and this machine has not, with Debian's name for it. */
export interface MissingPart {
  readonly what: string
  readonly package: string
}

/** What the labs need beyond Node and do not find, by looking where they look. */
export function missingParts(env: Readonly<Record<string, string | undefined>> = process.env): MissingPart[] {
  const activemq = findActivemq(env)
  const driver = findJdbcDriver(activemq ?? { jars: [] })
  return [
    ...missing(findJava(env), 'a Java runtime, 17 or later', 'default-jre-headless'),
    ...missing(activemq, 'ActiveMQ Classic', 'activemq'),
    ...missing(findDatabaseProgram(env), 'MariaDB or MySQL', 'mariadb-server'),
    ...missing(driver, 'the MariaDB JDBC driver', 'libmariadb-java'),
    ...missing(findRabbitmq(env), 'RabbitMQ', 'rabbitmq-server'),
    // Debian's RabbitMQ brings it; one that was unpacked does not.
    ...missing(findErlang(env), 'Erlang', 'erlang-base'),
    ...missing(findHaproxy(env), 'HAProxy', 'haproxy'),
    // No lab needs it: the results of jobs may be kept in it, and tests do.
    ...missing(findRedis(env), 'Redis or Valkey', 'redis-server'),
    // Nor this: it shows what goes on, and tests have it scrape.
    ...missing(findPrometheus(env), 'Prometheus', 'prometheus'),
  ]
}

function missing(found: unknown, what: string, name: string): MissingPart[] {
  return found === undefined ? [{ what, package: name }] : []
}
