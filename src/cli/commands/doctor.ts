import { Command, InvalidArgumentError, Option } from 'commander'
import { type ResolvedUri, resolveUri } from '../../connect.ts'
import type { BrokerControl, Topology } from '../../drill/broker-control.ts'
import { type Diagnosis, diagnose } from '../../drill/doctor/diagnosis.ts'
import { renderDiagnosis } from '../../drill/doctor/doctor-text.ts'
import { readConfiguration } from '../../drill/doctor/config-file.ts'
import { managementAddress } from '../../drill/doctor/management-call.ts'
import type { DoctorQuestion } from '../../drill/doctor/doctor-question.ts'
import type { Settings } from '../../drill/doctor/settings-findings.ts'
import { DRILL_CLIENT_OPTIONS } from '../../drill/plan.ts'
import { UnderstudyError } from '../../errors.ts'
import { describeFailoverUri } from '../../failover/uri.ts'
import { parseDestination } from '../../transport/destination.ts'
import { withCredentials } from '../credentials.ts'
import { clientOptionsOption } from '../drill/options.ts'
import { duration, durationOption } from '../arguments/duration.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** A lab as the doctor reads it. */
interface DoctorLab extends BrokerControl {
  readonly id: string
  readonly folder: string
  down(): Promise<void>
}

/** The labs as the doctor needs them. */
interface DoctorLabs {
  list(): readonly { readonly name: string }[]
  running(): readonly { readonly id: string; readonly name: string; readonly owner: string; readonly usable: boolean }[]
  attach(nameOrId: string): DoctorLab
  /** Puts one up that ends with this process. */
  up(
    name: string,
    options: { readonly signal: AbortSignal; readonly onProgress: (line: string) => void },
  ): Promise<DoctorLab>
}

export interface DoctorDependencies {
  readonly terminal: Terminal
  readonly labs: DoctorLabs
  /** Where a lab's management API is, without credentials; undefined where it has none. */
  readonly managementOf: (lab: DoctorLab) => string | undefined
  /** The same brokers behind proxies, with what can be done to the paths to them. */
  readonly throughProxies: (
    lab: DoctorLab,
    options: { readonly clientOptions: Readonly<Record<string, string>>; readonly beyond: boolean },
  ) => Promise<{ readonly control: Pick<BrokerControl, 'faults'>; close(): Promise<void> }>
  readonly colour: boolean
}

interface DoctorOptions {
  readonly management?: string
  readonly config?: readonly string[]
  readonly to?: string
  readonly topology?: Topology
  readonly rto?: number
  readonly jobTime?: number
  readonly wait: number
  readonly clientOptions?: Readonly<Record<string, string>>
  readonly json?: true
}

const LONGEST_WAIT_MS = 30_000

/** Reads settings, hurts nobody, and says what would go wrong. */
export function doctorCommand(dependencies: DoctorDependencies): Command {
  return new Command('doctor')
    .description('read the settings of brokers, without a fault, and say what a failover would stumble on')
    .argument('<target>', 'a failover URI, or a lab: one that is up is read as it stands, else one is put up for it')
    .option(
      '--management <url>',
      "RabbitMQ's management API, to read nodes and queues: http://user:password@host:15672",
    )
    .option(
      '--config <file>',
      "also read a broker's or load balancer's own file: activemq.xml, rabbitmq.conf, haproxy.cfg; may be repeated",
      (path: string, all: readonly string[] | undefined) => [...(all ?? []), path],
    )
    .option('--to <destination>', 'the one queue that matters; all of the virtual host when not given', queue)
    .addOption(
      new Option('--topology <kind>', 'who serves; lock for STOMP and quorum for AMQP when not given').choices([
        'lock',
        'quorum',
        'home-node',
      ]),
    )
    .option('--rto <duration>', 'how long an outage may last: what would notice it later is a problem', duration(1))
    .option('--job-time <duration>', 'how long a job takes until it is acknowledged, such as 40m', duration(1))
    .addOption(
      durationOption('--wait <duration>', 'how long one broker may take to answer', duration(1, LONGEST_WAIT_MS), 2000),
    )
    .addOption(clientOptionsOption("failover options of a lab's client: name=value&name=value"))
    .option('--json', 'print the diagnosis as one JSON document')
    .addHelpText(
      'after',
      examples([
        'understudy doctor activemq-jdbc',
        'understudy doctor "failover:(amqp://user:password@a,amqp://user:password@b)" --rto 10s',
        'understudy doctor stomp://localhost:61613 --config /etc/activemq/instances-enabled/main/activemq.xml',
      ]),
    )
    .action(async (target: string, options: DoctorOptions) => await doctor(target, options, dependencies))
}

async function doctor(target: string, options: DoctorOptions, dependencies: DoctorDependencies): Promise<void> {
  const { terminal, colour } = dependencies
  // A mistake is found before any lab is put up.
  if (options.management !== undefined) managementAddress(options.management)
  await Promise.all((options.config ?? []).map(readConfiguration))
  const diagnosis = isUri(target)
    ? await readUri(target, options, terminal.interrupted)
    : await readLab(target, options, dependencies)
  terminal.out(options.json ? `${JSON.stringify(diagnosis, null, 2)}\n` : renderDiagnosis(diagnosis, { colour }))
  const { endpoints } = diagnosis.target
  if (!endpoints.some(({ answer }) => answer === 'serving')) throw new Exit(EXIT.unknown)
  if (diagnosis.counts.problem > 0) throw new Exit(EXIT.violated)
}

/** No lab has a colon in its name. */
function isUri(target: string): boolean {
  return target.includes(':')
}

async function readUri(text: string, options: DoctorOptions, signal: AbortSignal): Promise<Diagnosis> {
  if (options.clientOptions !== undefined) {
    throw new UnderstudyError(
      'invalid-option',
      'option --client-options: put them into the URI: failover:(…)?name=value',
    )
  }
  const resolved = await resolveUri(text)
  const name = describeFailoverUri(resolved.uri)
  if (options.management === undefined) return await ask(name, resolved, options, signal, {})
  const { username, password = '' } = resolved.uri.endpoints.find((one) => one.username !== undefined) ?? {}
  const login = username === undefined ? undefined : { username, password }
  return await ask(name, resolved, options, signal, { management: managementAddress(options.management, login) })
}

async function readLab(name: string, options: DoctorOptions, dependencies: DoctorDependencies): Promise<Diagnosis> {
  const { interrupted, err } = dependencies.terminal
  const { labs } = dependencies
  if (labs.running().some((one) => one.usable && (one.id === name || (one.name === name && one.owner === 'nobody')))) {
    return await readControl(labs.attach(name), options, dependencies)
  }
  const known = labs.list().map((one) => one.name)
  if (!known.includes(name)) {
    const message = `${JSON.stringify(name)} is neither a URI nor a lab; the labs are ${known.join(', ')}`
    throw new UnderstudyError('invalid-option', message)
  }
  let lab: DoctorLab | undefined
  try {
    lab = await labs.up(name, { signal: interrupted, onProgress: (line) => err(`lab ${name}: ${line}\n`) })
    return await readControl(lab, options, dependencies)
  } catch (error) {
    if (interrupted.aborted) throw new Exit(EXIT.interrupted, 'interrupted; the lab was taken down')
    throw error
  } finally {
    await lab?.down()
  }
}

async function readControl(
  lab: DoctorLab,
  options: DoctorOptions,
  { managementOf, throughProxies, terminal }: DoctorDependencies,
): Promise<Diagnosis> {
  const doors = (lab.entrances ?? lab.nodes).map(({ endpoint }) => withCredentials(endpoint, lab.credentials))
  const clientOptions = { ...DRILL_CLIENT_OPTIONS, ...lab.clientOptions, ...options.clientOptions }
  const query = new URLSearchParams(clientOptions)
  const resolved = await resolveUri(`failover:(${doors.join(',')})?${query.toString().replaceAll('+', '%20')}`)
  const management = options.management ?? managementOf(lab)
  // For what they predict alone: nothing goes through them.
  const proxied = await throughProxies(lab, { clientOptions, beyond: true })
  await proxied.close()
  return await ask(lab.id, resolved, options, terminal.interrupted, {
    settings: lab.settings,
    faults: [...lab.faults, ...proxied.control.faults],
    ...(management === undefined ? {} : { management: managementAddress(management, lab.credentials) }),
    question: {
      topology: options.topology ?? lab.topology ?? 'lock',
      slowestTakeoverMs: lab.slowestTakeoverMs,
      drillClient: true,
    },
  })
}

type Known = Partial<Pick<Parameters<typeof diagnose>[0], 'settings' | 'faults' | 'management' | 'question'>>

async function ask(
  name: string,
  { uri, transportOf }: ResolvedUri,
  options: DoctorOptions,
  signal: AbortSignal,
  known: Known,
): Promise<Diagnosis> {
  const configurations: readonly Settings[] = await Promise.all((options.config ?? []).map(readConfiguration))
  const timeouts = configurations.map((own) => Number(own['consumerTimeoutMs'])).filter((ms) => ms > 0)
  const question: DoctorQuestion = {
    // Of several nodes the one that waits the least.
    ...(timeouts.length > 0 ? { consumerTimeoutMs: Math.min(...timeouts) } : {}),
    ...(options.topology === undefined ? {} : { topology: options.topology }),
    ...(options.rto === undefined ? {} : { rtoMs: options.rto }),
    ...(options.jobTime === undefined ? {} : { jobTimeMs: options.jobTime }),
    ...(options.to === undefined ? {} : { queue: options.to }),
    ...known.question,
  }
  try {
    return await diagnose({
      name,
      uri,
      transportOf,
      withinMs: options.wait,
      signal,
      ...known,
      configurations,
      question,
    })
  } catch (error) {
    if (signal.aborted) throw new Exit(EXIT.interrupted)
    throw error
  }
}

/** A destination that is a queue, by its name. */
function queue(text: string): string {
  try {
    const destination = parseDestination(text)
    if (destination.kind === 'queue') return destination.name
  } catch (error) {
    if (error instanceof UnderstudyError) throw new InvalidArgumentError(`${error.message}.`)
    throw error
  }
  throw new InvalidArgumentError('It must be a queue: queue://NAME.')
}
