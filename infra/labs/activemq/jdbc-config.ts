import { escapeXml } from '../../../src/escape-xml.ts'
import type { BrokerStore } from './config.ts'
import type { JdbcDriver } from './installation.ts'

export interface JdbcStore {
  readonly databaseHost: string
  readonly databasePort: number
  /** Only for the very first start: a standby would wait in an INSERT behind the master's row lock. */
  readonly createTables: boolean
  readonly locker: LockerConfiguration
}

/** What decides who serves, as pieces of the configuration. */
export interface LockerConfiguration {
  /** Such as `<database-locker/>`. */
  readonly element: string
  readonly lockKeepAlivePeriodMs: number
  /** For the reader of the configuration: where its numbers come from. */
  readonly comment: string
  /** A class that shall also log at DEBUG. Defaults to none. */
  readonly verbose?: string
}

/** A store in the database that the brokers share, whose lock decides who serves. */
export function jdbcStore(
  { databaseHost, databasePort, createTables, locker }: JdbcStore,
  driver: JdbcDriver,
): BrokerStore {
  return {
    beans: dataSource(`${databaseHost}:${databasePort}`, driver),
    verbose: locker.verbose,
    persistenceAdapter: `      <!-- ${locker.comment} -->
      <jdbcPersistenceAdapter dataSource="#database" createTablesOnStartup="${createTables}"
        lockKeepAlivePeriod="${locker.lockKeepAlivePeriodMs}">
        <adapter><mysql-jdbc-adapter/></adapter>
        <locker>${locker.element}</locker>
      </jdbcPersistenceAdapter>`,
  }
}

function dataSource(server: string, driver: JdbcDriver): string {
  const address = `${server}/activemq`
  if (driver.kind === 'mariadb') {
    const url = `jdbc:mariadb://${address}?allowPublicKeyRetrieval=true&minPoolSize=2&maxPoolSize=16`
    return `  <bean id="database" class="org.mariadb.jdbc.MariaDbPoolDataSource">
    <constructor-arg value="${escapeXml(url)}"/>
    <property name="user" value="\${databaseUser}"/>
    <property name="password" value="\${databasePassword}"/>
  </bean>`
  }
  const url = `jdbc:mysql://${address}?allowPublicKeyRetrieval=true&useSSL=false`
  return `  <bean id="database" class="org.apache.commons.dbcp2.BasicDataSource" destroy-method="close">
    <property name="driverClassName" value="com.mysql.cj.jdbc.Driver"/>
    <property name="url" value="${escapeXml(url)}"/>
    <property name="username" value="\${databaseUser}"/>
    <property name="password" value="\${databasePassword}"/>
    <property name="maxTotal" value="16"/>
    <property name="poolPreparedStatements" value="true"/>
  </bean>`
}
