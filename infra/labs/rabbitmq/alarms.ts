import type { ProcessState } from '../../../src/drill/broker-control.ts'
import type { Aim, Fault, Prediction } from '../../../src/drill/fault.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import type { LabFolder } from '../lab-folder.ts'
import { type RabbitmqProgram, erlangName } from './config.ts'
import { canEvaluate, evaluate } from './ctl.ts'
import { askRunningNodes, readAlarms } from './management.ts'

type Alarm = 'memory' | 'disk'

/** The resource alarms of a cluster. */
export interface Alarms {
  /** Why they cannot be raised here, as a clause; undefined when they can. */
  missing(): string | undefined
  /** On every node that runs. @throws UnderstudyError `unsupported` when a node does not do it. */
  raise(alarm: Alarm): Promise<void>
  /** The limits are again what the nodes are configured with. @throws UnderstudyError likewise. */
  clear(alarm: Alarm): Promise<void>
  /** The nodes on which it is in effect. @throws UnderstudyError `unsupported` when no node answers. */
  inEffect(alarm: Alarm): Promise<readonly string[]>
}

interface Limit {
  /** The application's setting, the module and its function that changes it in a node that runs. */
  readonly setting: string
  readonly module: string
  readonly change: string
  /** As Erlang writes it. */
  readonly impossible: string
  /** What the management API calls it. */
  readonly resource: string
  readonly summary: string
}

const LIMITS: Readonly<Record<Alarm, Limit>> = {
  memory: {
    setting: 'vm_memory_high_watermark',
    module: 'vm_memory_monitor',
    change: 'set_vm_memory_high_watermark',
    impossible: '0.0',
    resource: 'memory',
    summary: "no memory left by the brokers' own measure (vm_memory_high_watermark 0): they block who publishes",
  },
  disk: {
    setting: 'disk_free_limit',
    module: 'rabbit_disk_monitor',
    change: 'set_disk_free_limit',
    impossible: String(10n ** 18n),
    resource: 'disk space',
    summary: "no disk space left by the brokers' own measure (disk_free_limit 1 EB): they block who publishes",
  },
}

const NODE_WITHIN_MS = 3000

export function rabbitmqAlarms(
  folder: LabFolder,
  stateOf: (node: string) => ProcessState,
  program: () => RabbitmqProgram,
): Alarms {
  const running = (): string[] => folder.read().nodes.filter((node) => stateOf(node) === 'running')
  /** `value` sees the node's name as N. */
  const change = async (alarm: Alarm, value: string): Promise<void> => {
    const { module, change: name } = LIMITS[alarm]
    const nodes = running()
    const [first] = nodes
    if (first === undefined) throw new UnderstudyError('unsupported', `no node of ${folder.id} runs`)
    const names = nodes.map((node) => `'${erlangName(folder, node)}'`).join(', ')
    const call = `rpc:call(N, ${module}, ${name}, [${value}], ${NODE_WITHIN_MS})`
    const answer = await evaluate(folder, first, program(), `[${call} || N <- [${names}]].`)
    if (answer === `[${nodes.map(() => 'ok').join(',')}]`) return
    throw new UnderstudyError('unsupported', `${module}:${name} of ${nodes.join(', ')} answered ${answer}`)
  }
  return {
    missing: () => (canEvaluate(program()) ? undefined : 'this RabbitMQ has no rabbitmqctl beside its server'),
    raise: async (alarm) => await change(alarm, LIMITS[alarm].impossible),
    clear: async (alarm) => {
      const configured = `element(2, rpc:call(N, application, get_env, [rabbit, ${LIMITS[alarm].setting}], ${NODE_WITHIN_MS}))`
      await change(alarm, configured)
    },
    inEffect: async (alarm) => {
      const answers = await askRunningNodes(folder, stateOf, async (node) => await readAlarms(folder, node))
      const found = answers[0] ?? []
      return found.filter(({ resource }) => resource === LIMITS[alarm].resource).map(({ node }) => node)
    },
  }
}

/** `memory-alarm` and `disk-alarm`: a cluster that takes no jobs while one is in effect, and loses none. */
export function alarmFaults(alarms: Alarms, predictions: Readonly<Record<string, Prediction>>): readonly Fault[] {
  return (['memory', 'disk'] as const).map((alarm): Fault => {
    const name = `${alarm}-alarm`
    return {
      name,
      summary: LIMITS[alarm].summary,
      expects: 'service',
      heals: 'after-hold',
      predicted: predictions[name],
      missing: async () => alarms.missing(),
      aim: () => Promise.resolve(aimAtAll(alarms, alarm)),
    }
  })
}

function aimAtAll(alarms: Alarms, alarm: Alarm): Aim {
  let raised = false
  return {
    target: 'cluster',
    endpoint: null,
    done: `put under a ${alarm} alarm`,
    finding: undefined,
    inject: async () => {
      // Before it is done: what failed half-way is healed too.
      raised = true
      await alarms.raise(alarm)
    },
    proof: async () => {
      const nodes = await alarms.inEffect(alarm).catch(() => [])
      if (nodes.length === 0) return undefined
      return `the ${alarm} alarm is in effect on ${[...nodes].sort().join(', ')} (management API)`
    },
    heal: async () => {
      if (!raised) return undefined
      await alarms.clear(alarm)
      raised = false
      return `alarm ended (${LIMITS[alarm].setting} as configured)`
    },
  }
}
