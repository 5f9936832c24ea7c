import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { escapeXml } from '../../../src/escape-xml.ts'
import type { BrokerProgram } from './installation.ts'
import type { LabFolder } from '../lab-folder.ts'
import type { Command } from '../processes/spawn-process.ts'

/** What one broker is configured with. */
export interface ActivemqBroker {
  readonly name: string
  /** Where it listens. Defaults to 127.0.0.1. */
  readonly host?: string
  readonly port: number
  /** Where JMS clients connect; undefined leaves that connector out. */
  readonly openwirePort?: number | undefined
  readonly store: BrokerStore
}

/** Where a broker keeps its messages and its lock, as pieces of its configuration. */
export interface BrokerStore {
  /** What goes into `<persistenceAdapter>`. */
  readonly persistenceAdapter: string
  /** Beans that it refers to. Defaults to none. */
  readonly beans?: string
  /** A class of the broker that shall also log at DEBUG. Defaults to none. */
  readonly verbose?: string | undefined
}

const LOOPBACK = '127.0.0.1'

/** What is kept out of the configuration, in a file that is not for sharing. */
export interface BrokerSecrets {
  readonly username: string
  readonly password: string
  /** Only where the store is a database. */
  readonly databaseUser?: string
  readonly databasePassword?: string
}

/**
 * A broker also takes JMS clients when the lab's state names a port for that, beside those that it needs: put
 * these names into the blueprint's `otherPorts`. The labs themselves have no use for it.
 */
export function openwirePortName(node: string): string {
  return `openwire-${node}`
}

/** Where the messages of a lab wait whose delay is not over: with both brokers, as the standby must know them too. */
function schedulerDirectory(folder: LabFolder): string {
  return folder.at('scheduler')
}

/** The files of a broker that may be kept and shown. */
export function configurationFiles(folder: LabFolder, node: string): string[] {
  return [folder.at(node, 'activemq.xml'), folder.log(node)]
}

export function writeConfiguration(folder: LabFolder, broker: ActivemqBroker): void {
  mkdirSync(folder.at(broker.name), { recursive: true, mode: 0o700 })
  writeFileSync(folder.at(broker.name, 'activemq.xml'), brokerXml(folder, broker))
  // The first is read by ActiveMQ up to 5.16 and by Debian's, the second by Apache's since 5.17.
  const { verbose } = broker.store
  writeFileSync(
    folder.at(broker.name, 'log4j.properties'),
    LOG4J_1 + (verbose ? `log4j.logger.${verbose}=DEBUG\n` : ''),
  )
  writeFileSync(
    folder.at(broker.name, 'log4j2.properties'),
    LOG4J_2 + (verbose ? `logger.verbose.name=${verbose}\nlogger.verbose.level=DEBUG\n` : ''),
  )
}

export function writeSecrets(folder: LabFolder, node: string, secrets: BrokerSecrets): void {
  mkdirSync(folder.at(node), { recursive: true, mode: 0o700 })
  const text = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(folder.at(node, 'secret.properties'), text.join(''), { mode: 0o600 })
}

/** A wall time in milliseconds and the text, of a line in the layout that is configured here. */
export function parseLogLine(line: string): { readonly wall: number; readonly text: string } | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*)$/s.exec(line)
  return match?.[1] === undefined || match[2] === undefined ? undefined : { wall: Date.parse(match[1]), text: match[2] }
}

/** The JVM itself, without a wrapper, so that its pid is the broker's. */
export function brokerCommand(folder: LabFolder, node: string, program: BrokerProgram): Command {
  const base = folder.at(node)
  const { activemq, driver } = program
  const jars = driver === undefined ? activemq.jars : [...new Set([...activemq.jars, driver.jar])]
  return {
    file: program.java,
    args: [
      ...QUICK_AND_SMALL,
      '-Duser.timezone=UTC',
      '-Djava.awt.headless=true',
      `-Djava.io.tmpdir=${base}`,
      `-Dlog4j.configuration=${pathToFileURL(join(base, 'log4j.properties')).href}`,
      `-Dlog4j2.configurationFile=${pathToFileURL(join(base, 'log4j2.properties')).href}`,
      `-Dactivemq.home=${activemq.home}`,
      `-Dactivemq.base=${base}`,
      `-Dactivemq.conf=${base}`,
      `-Dactivemq.data=${join(base, 'data')}`,
      '-cp',
      [base, ...jars].join(delimiter),
      'org.apache.activemq.console.Main',
      'start',
      `xbean:${pathToFileURL(join(base, 'activemq.xml')).href}`,
    ],
  }
}

// Measured on 2 cores, start to waiting for the lock: 0.50-0.55 s with these, 0.63-0.94 s without.
const QUICK_AND_SMALL = [
  '-Xms64m',
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xshare:auto',
  '-XX:-UsePerfData',
]

function brokerXml(folder: LabFolder, broker: ActivemqBroker): string {
  const { beans, persistenceAdapter } = broker.store
  const secrets = pathToFileURL(folder.at(broker.name, 'secret.properties')).href
  return `<?xml version="1.0" encoding="UTF-8"?>
<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd
  http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">

  <bean class="org.springframework.beans.factory.config.PropertyPlaceholderConfigurer">
    <property name="location" value="${escapeXml(secrets)}"/>
  </bean>
${beans === undefined ? '' : `\n${beans}\n`}
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="${broker.name}" useJmx="false" persistent="true"
    schedulerSupport="true" dataDirectory="${escapeXml(folder.at(broker.name, 'data'))}">
    <plugins>
      <simpleAuthenticationPlugin>
        <users><authenticationUser username="\${username}" password="\${password}" groups="users"/></users>
      </simpleAuthenticationPlugin>
    </plugins>
    <persistenceAdapter>
${persistenceAdapter}
    </persistenceAdapter>
    <!-- Messages with a delay. They are no part of the store above, and by default each broker would keep its own:
      this directory is one that both share. Who serves is up to the lock of the store above alone, so it has none of
      its own here. Elsewhere leave that on, except with a lease: two brokers that serve at once spoil this store. -->
    <jobSchedulerStore>
      <bean xmlns="http://www.springframework.org/schema/beans"
        class="org.apache.activemq.store.kahadb.scheduler.JobSchedulerStoreImpl">
        <property name="directory" value="${escapeXml(schedulerDirectory(folder))}"/>
        <property name="useLock" value="false"/>
      </bean>
    </jobSchedulerStore>
    <systemUsage>
      <systemUsage>
        <memoryUsage><memoryUsage limit="128 mb"/></memoryUsage>
        <storeUsage><storeUsage limit="1 gb"/></storeUsage>
        <tempUsage><tempUsage limit="256 mb"/></tempUsage>
      </systemUsage>
    </systemUsage>
    <transportConnectors>
${openwireConnector(broker)}      <transportConnector name="stomp" uri="stomp://${broker.host ?? LOOPBACK}:${broker.port}"/>
    </transportConnectors>
  </broker>
</beans>
`
}

/** First of the two where there is one, so that a JMS client is never behind for the order alone. */
function openwireConnector({ host = LOOPBACK, openwirePort }: ActivemqBroker): string {
  if (openwirePort === undefined) return ''
  return `      <transportConnector name="openwire" uri="tcp://${host}:${openwirePort}"/>\n`
}

const LOG4J_1 = `log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'} %-5p %c{1} | %m%n
`

const LOG4J_2 = `rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC} %-5p %c{1} | %m%n
`
