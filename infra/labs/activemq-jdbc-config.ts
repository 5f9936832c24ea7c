import { type BrokerStore, escapeXml } from './activemq-config.ts'
import type { JdbcDriver } from './activemq-installation.ts'

export interface JdbcStore {
  readonly databasePort: number
  /** Only for the very first start: a standby would wait in an INSERT behind the master's row lock. */
  readonly createTables: boolean
}

/** A store in the database that the brokers share, whose row lock decides who serves. */
export function jdbcStore({ databasePort, createTables }: JdbcStore, driver: JdbcDriver): BrokerStore {
  return {
    beans: dataSource(databasePort, driver),
    persistenceAdapter: `      <!-- lockAcquireSleepInterval (10 s) and lockKeepAlivePeriod (30 s) are ActiveMQ's own defaults. -->
      <jdbcPersistenceAdapter dataSource="#database" createTablesOnStartup="${createTables}">
        <adapter><mysql-jdbc-adapter/></adapter>
        <locker><database-locker/></locker>
      </jdbcPersistenceAdapter>`,
  }
}

function dataSource(databasePort: number, driver: JdbcDriver): string {
  const address = `127.0.0.1:${databasePort}/activemq`
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
