import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, sleep } from '../../clock.ts'
import type { BrokerNode } from '../../drill/broker-control.ts'
import type { Aim, Fault, FaultContext, ProbeFinding } from '../../drill/fault.ts'
import { describeFinding } from '../../drill/runner/prove.ts'
import { UnderstudyError } from '../../errors.ts'
import { type DrillOptions, faultOf } from '../drill/options.ts'
import type { DrillLab } from '../drill/run.ts'
import { type CommandEnd, runOwnCommand } from './command.ts'
import { type OwnUri, readOwnUri } from './uri.ts'

// Nothing is known of their settings. The period is ActiveMQ's own default between two tries for a lock.
const SLOWEST_PERIOD_MS = 10_000
const SLOWEST_TAKEOVER_MS = 30_000
const COMMAND_LIMIT_MS = 60_000
const PROOF_COMMAND_LIMIT_MS = 5000
const LOOK_EVERY_MS = 100

export interface OwnBrokersContext {
  readonly clock: Clock
  /** Asks a broker once whether it serves. */
  readonly probe: (address: string, signal: AbortSignal) => Promise<ProbeFinding>
  /** Told in a line what is being done to the brokers. */
  readonly note: (line: string) => void
}

/** What a command of the user's printed, kept with the result. */
interface KeptOutput {
  readonly name: string
  text: string
}

/**
 * Brokers that are not ours, as a drill uses them: known by their addresses alone, hurt by the user's own command.
 *
 * @throws UnderstudyError `invalid-uri` or `invalid-option`, which never names a credential.
 */
export function ownBrokers(options: DrillOptions & { readonly uri: string }, context: OwnBrokersContext): DrillLab {
  const uri = readOwnUri(options.uri)
  const speaksAmqp = uri.addresses[0]?.endpoint.startsWith('amqp') === true
  const product = speaksAmqp ? 'AMQP broker' : 'STOMP broker'
  const nodes = uri.addresses.map(({ host, port, endpoint }): BrokerNode => {
    const alone = uri.addresses.filter((one) => one.host === host).length === 1
    return { name: alone ? host : `${host}:${port}`, product, host, port, endpoint }
  })
  const addressOf = (node: Pick<BrokerNode, 'name' | 'endpoint'>): string => {
    const index = nodes.findIndex(({ name }) => name === node.name)
    return uri.addresses[index]?.at(node.endpoint) ?? node.endpoint
  }
  const kept: KeptOutput[] = []
  const refuse = (): Promise<never> =>
    Promise.reject(new UnderstudyError('unsupported', 'brokers of your own are hurt by --inject alone'))
  return {
    id: 'uri',
    lab: 'uri',
    // As the doctor takes it: every node of a RabbitMQ cluster serves.
    topology: options.topology ?? (speaksAmqp ? 'quorum' : 'lock'),
    nodes,
    clientOptions: uri.options,
    addressOf,
    faults:
      options.inject === undefined
        ? []
        : [ownFault(options, options.inject, { ...context, uri, nodes, addressOf, kept })],
    credentials: undefined,
    slowestPeriodMs: SLOWEST_PERIOD_MS,
    slowestTakeoverMs: SLOWEST_TAKEOVER_MS,
    settings: {},
    files: [],
    // The broker that the producer is connected to is told with the context of the fault.
    active: () => Promise.resolve(undefined),
    state: () => 'running',
    kill: refuse,
    stop: refuse,
    pause: refuse,
    resume: refuse,
    start: refuse,
    watch: () => Promise.resolve({ close: () => Promise.resolve() }),
    collect: async (directory) => {
      await mkdir(directory, { recursive: true })
      for (const { name, text } of kept) await writeFile(join(directory, name), text)
      return kept.map(({ name }) => name)
    },
    down: () => Promise.resolve(),
  }
}

interface OwnParts extends OwnBrokersContext {
  readonly uri: OwnUri
  readonly nodes: readonly BrokerNode[]
  readonly addressOf: (node: BrokerNode) => string
  readonly kept: KeptOutput[]
}

function ownFault(options: DrillOptions, inject: string, parts: OwnParts): Fault {
  return {
    name: faultOf(options),
    summary: 'your own command',
    expects: options.expects ?? 'service',
    // Without a time of its own it is undone as soon as jobs flow without the broker, as a lab's are.
    heals: options.hold === undefined ? 'after-recovery' : 'after-hold',
    predicted: undefined,
    missing: () => Promise.resolve(undefined),
    aim: ({ clientNode, queue, signal }) => {
      const node = parts.nodes.find(({ name }) => name === clientNode)
      return Promise.resolve(node && aimAt(node, { ...options, inject }, { queue, signal }, parts))
    },
  }
}

function aimAt(
  node: BrokerNode,
  commands: Pick<DrillOptions, 'heal' | 'proof'> & { readonly inject: string },
  { queue, signal }: Pick<FaultContext, 'queue' | 'signal'>,
  { clock, probe, note, uri, addressOf, kept }: OwnParts,
): Aim {
  const environment = {
    UNDERSTUDY_NODE: node.name,
    UNDERSTUDY_ENDPOINT: node.endpoint,
    UNDERSTUDY_HOST: node.host,
    UNDERSTUDY_PORT: String(node.port),
    UNDERSTUDY_QUEUE: queue ?? '',
  }
  let mayHurt = false
  let injected = ''
  const run = async (name: string, command: string, limitMs: number, until?: AbortSignal): Promise<CommandEnd> => {
    const { secrets } = uri
    const end = await runOwnCommand(command, { environment, limitMs, secrets, ...(until && { signal: until }) })
    const told = `${name} ${end.how}\n${end.output}${end.output.endsWith('\n') || end.output === '' ? '' : '\n'}`
    const known = kept.find((one) => one.name === `${name}.log`)
    // A proof is asked again and again: its last answer is what counts.
    if (known) known.text = told
    else kept.push({ name: `${name}.log`, text: told })
    return end
  }
  return {
    target: node.name,
    endpoint: node.endpoint,
    done: 'hurt by your command',
    finding: undefined,
    inject: async () => {
      mayHurt = true
      const end = await run('inject', commands.inject, COMMAND_LIMIT_MS, signal)
      injected = `the command of --inject ${end.how}`
      if (end.exitCode === 0) return
      throw new UnderstudyError('unsupported', `the fault was not injected: ${injected}${lastWords(end)}`)
    },
    proof: async () => {
      if (commands.proof !== undefined) {
        const end = await run('proof', commands.proof, PROOF_COMMAND_LIMIT_MS, signal)
        if (end.exitCode === 0) return `${injected}, that of --proof with 0`
      } else {
        const finding = await probe(addressOf(node), signal)
        if (finding !== 'serving') return `${injected}, ${describeFinding(node.endpoint, finding)}`
      }
      // Neither is cheap: it must not be asked a thousand times a second.
      await sleep(clock, LOOK_EVERY_MS, signal)
      return undefined
    },
    heal: async () => {
      if (!mayHurt || commands.heal === undefined) return undefined
      note(`healing ${node.name} by the command of --heal`)
      const end = await run('heal', commands.heal, COMMAND_LIMIT_MS)
      if (end.exitCode !== 0) {
        const what = `NOT HEALED: the command of --heal ${end.how}${lastWords(end)}; ${node.name} may still be hurt`
        throw new UnderstudyError('unsupported', what)
      }
      mayHurt = false
      return 'your command of --heal ended with 0'
    },
  }
}

/** The last line that a command printed, for the one line of an error. */
function lastWords({ output }: CommandEnd): string {
  const last = output.trim().split('\n').at(-1)?.trim() ?? ''
  return last === '' ? '' : ` (${last.slice(0, 200)})`
}
