import { systemClock } from '../../clock.ts'
import type { BrokerControl } from '../../drill/broker-control.ts'
import { DRILL_CLIENT_OPTIONS } from '../../drill/plan.ts'
import { probeOnce } from '../../drill/runner/probe.ts'
import { messageOf, UnderstudyError } from '../../errors.ts'
import { parseFailoverUri } from '../../failover/uri.ts'
import { isLoopbackHost } from '../../loopback.ts'
import type { Transport } from '../../transport/transport.ts'
import { type DrillOptions, faultOf, labOf } from './options.ts'
import type { DrillLab } from './run.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { ownBrokers } from '../own-brokers/control.ts'
import { readOwnUri } from '../own-brokers/uri.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { formatDuration } from '../arguments/duration.ts'

/** Where a drill gets its brokers from. */
export interface DrillTargets {
  readonly terminal: Terminal
  /** Puts a lab up that ends with this process. */
  readonly upLab: (name: string, signal: AbortSignal, onProgress: (line: string) => void) => Promise<DrillLab>
  /** What can be done to that lab. @throws UnderstudyError `invalid-option` for an unknown name. */
  readonly faultNames: (lab: string) => readonly string[]
  /** Why that lab cannot run on this machine, as a clause; undefined when it can. */
  readonly missing: (lab: string) => string | undefined
  /** The adapter for the lab's endpoints. */
  readonly transport: (lab: { readonly nodes: readonly { readonly endpoint: string }[] }) => Promise<Transport>
  /** What can be done to the path to any brokers. */
  readonly networkFaults: readonly string[]
  /** Puts proxies in front of the brokers, that such a fault can be done to. */
  readonly throughProxies: <Control extends BrokerControl>(
    control: Control,
    options: {
      readonly clientOptions: Readonly<Record<string, string>>
      readonly delayMs?: number
      readonly beyond?: boolean
    },
  ) => Promise<{ readonly control: Control; close(): Promise<void> }>
}

/**
 * Tells a mistake in what is to be hurt, and how, before any broker is started or asked.
 *
 * @throws UnderstudyError `invalid-option` or `invalid-uri`, without credentials.
 */
export function checkTarget(
  options: DrillOptions,
  { faultNames, networkFaults }: Pick<DrillTargets, 'faultNames' | 'networkFaults'>,
): void {
  const { uri, lab, haproxy, inject, heal, proof, expects, topology, delay } = options
  const fault = faultOf(options)
  if (delay !== undefined && fault !== 'slow') throw wrong('--delay goes with --fault slow')
  if (uri === undefined) {
    const alone = Object.entries({ inject, heal, proof, expects }).find(([, value]) => value !== undefined)
    if (alone) throw wrong(`--${alone[0]} goes with --uri: a lab has faults of its own`)
    if (topology !== undefined) throw wrong('--topology goes with --uri: of a lab it is known who serves')
    const known = [...faultNames(labOf(options)), ...networkFaults]
    if (!known.includes(fault))
      throw wrong(`--fault: ${labOf(options)} has no fault ${JSON.stringify(fault)}; it has ${known.join(', ')}`)
    return
  }
  if (lab !== undefined || haproxy !== undefined) throw wrong('--uri stands in place of --lab and --haproxy')
  const { addresses } = readOwnUri(uri)
  if (inject === undefined) {
    if (heal !== undefined || proof !== undefined) throw wrong('--heal and --proof go with --inject')
    if (!networkFaults.includes(fault))
      throw wrong(`--uri: say what is to be done: --inject with a command, or --fault ${networkFaults.join(', ')}`)
  } else if (networkFaults.includes(fault))
    throw wrong(`--fault ${fault} needs no --inject; give the command's fault another name`)
  const away = addresses.filter(({ host }) => !isLoopbackHost(host)).map(({ endpoint }) => endpoint)
  if (away.length > 0 && !options.yes)
    throw wrong(
      `--uri: ${away.join(', ')} ${away.length === 1 ? 'is' : 'are'} not on this machine; add --yes to hurt ${away.length === 1 ? 'it' : 'them'}`,
    )
}

/** The brokers of one drill, from a lab that is put up or from the user's own URI. */
export async function openTarget(options: DrillOptions, targets: DrillTargets): Promise<DrillLab> {
  const { terminal } = targets
  const { uri } = options
  const name = labOf(options)
  if (uri === undefined)
    return await targets.upLab(name, terminal.interrupted, (line) => terminal.err(`lab ${name}: ${line}\n`))
  const { addresses } = readOwnUri(uri)
  const brokers = addresses.map(({ endpoint }) => endpoint).join(', ')
  const how =
    options.inject === undefined
      ? `the fault ${faultOf(options)}, through proxies on this machine`
      : 'your command of --inject'
  const back =
    options.inject === undefined || options.heal !== undefined ? '' : '; nothing undoes it, as there is no --heal'
  terminal.err(`a job every ${formatDuration(options.every)} goes to ${options.to} on ${brokers}, then ${how}${back}\n`)
  const transport = await targets.transport({
    nodes: addresses,
  })
  return ownBrokers(
    { ...options, uri },
    {
      clock: systemClock,
      probe: async (address, signal) => {
        const [endpoint] = parseFailoverUri(address).endpoints
        if (!endpoint) throw new UnderstudyError('invalid-uri', 'a broker has no address')
        return await probeOnce(transport, endpoint, systemClock, signal)
      },
      note: (line) => terminal.err(`${line}\n`),
    },
  )
}

/** Puts proxies in front for as long as `use` takes, where the fault is one of the network. */
export async function throughDoors<Value>(
  options: DrillOptions,
  lab: DrillLab,
  { networkFaults, throughProxies }: DrillTargets,
  use: (lab: DrillLab) => Promise<Value>,
): Promise<Value> {
  const fault = faultOf(options)
  if (!networkFaults.includes(fault) || lab.faults.some(({ name }) => name === fault)) return await use(lab)
  const proxied = await throughProxies(lab, {
    clientOptions: { ...DRILL_CLIENT_OPTIONS, ...lab.clientOptions, ...options.clientOptions },
    ...(options.delay === undefined ? {} : { delayMs: options.delay }),
    ...(options.uri === undefined ? {} : { beyond: true }),
  })
  try {
    return await use(proxied.control)
  } finally {
    await proxied.close()
  }
}

/** Whatever happens in between, a lab is taken down. An interrupt counts once everything is healed. */
export async function withTarget<Value>(
  options: DrillOptions,
  targets: DrillTargets,
  use: (lab: DrillLab) => Promise<Value>,
): Promise<Value> {
  const { interrupted } = targets.terminal
  let lab: DrillLab | undefined
  try {
    lab = await openTarget(options, targets)
    return await throughDoors(options, lab, targets, use)
  } catch (error) {
    if (interrupted.aborted) throw new Exit(EXIT.interrupted, interruptedLine(options, error))
    throw error
  } finally {
    await lab?.down()
  }
}

export const HEALED_AND_DOWN = 'interrupted; the brokers were healed and taken down'

/** What an interrupted drill says of the brokers that it leaves. */
export function interruptedLine(options: DrillOptions, error: unknown): string {
  // Anything else came out of healing.
  if (!(error instanceof UnderstudyError) || error.code !== 'aborted') return `interrupted; ${messageOf(error)}`
  if (options.uri === undefined) return HEALED_AND_DOWN
  if (options.inject === undefined || options.heal !== undefined) return 'interrupted; the brokers were healed'
  return 'interrupted; what --inject may have done stays, as there is no --heal'
}

function wrong(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `option ${message}`)
}
