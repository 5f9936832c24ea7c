import { Command } from 'commander'
import { messageOf } from '../../errors.ts'
import { withCredentials } from '../credentials.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { installLab, type LabInstaller } from '../lab/install.ts'
import { type LabHandle, type LabOverview, overviewOf, overviewText, walkByHand } from '../lab/text.ts'

/** The labs as this command needs them. */
export interface LabDirectory {
  /** What can be done to the path to any brokers. */
  readonly networkFaults: readonly string[]
  list(): readonly {
    readonly name: string
    readonly description: string
    readonly faults: readonly string[]
    readonly availability:
      | { readonly available: true; readonly detail: string }
      | { readonly available: false; readonly reason: string; readonly remedy: string }
  }[]
  up(
    name: string,
    options: { readonly stays: boolean; readonly signal: AbortSignal; readonly onProgress: (line: string) => void },
  ): Promise<LabHandle>
  running(): readonly { readonly id: string; readonly name: string; readonly owner: string; readonly usable: boolean }[]
  attach(nameOrId?: string): LabHandle
  down(nameOrId?: string): Promise<readonly string[]>
  /** Where its management API is, without credentials; undefined for a lab without one. */
  managementOf(lab: LabHandle): string | undefined
}

interface JsonOption {
  readonly json?: true
}

interface NodeOptions extends JsonOption {
  readonly lab?: string
}

type NodeAction = 'kill' | 'pause' | 'resume' | 'stop' | 'start'

const NODE_ACTIONS: Readonly<Record<NodeAction, { readonly does: string; readonly done: string }>> = {
  kill: { does: 'end a broker at once (SIGKILL)', done: 'killed' },
  pause: {
    does: 'stop a broker where it stands (SIGSTOP); it keeps its connections and what it holds',
    done: 'paused',
  },
  resume: { does: 'let a paused broker go on (SIGCONT)', done: 'running again' },
  stop: { does: 'ask a broker to leave (SIGTERM)', done: 'stopped' },
  start: { does: 'start a broker that was killed or stopped', done: 'started' },
}

/** `understudy lab …`: brokers of one's own, to be hurt. What it says to type next calls the program `understudy`. */
export function labCommand(terminal: Terminal, labs: LabDirectory & LabInstaller, understudy: string): Command {
  const lab = new Command('lab')
    .description('brokers of your own to hurt: put them up, kill them, take them down')
    .addHelpText(
      'after',
      examples([
        'understudy lab list',
        'understudy lab up embedded',
        'understudy listen "$(understudy lab uri)"    # in a second terminal',
        'understudy lab kill a',
        'understudy lab down',
      ]),
    )
  lab
    .command('list')
    .description('the labs there are, and whether each can run here')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples(['understudy lab list']))
    .action((options: JsonOption) => list(labs, options, terminal))
  lab
    .command('install')
    .description('install what the labs need (Debian, Ubuntu); elsewhere say what to install')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples(['understudy lab install']))
    .action(async (options: JsonOption) => await installLab(labs, options.json ?? false, terminal))
  lab
    .command('up')
    .description('put up a lab in the background; it stays until `lab down`')
    .argument('<name>', 'a name from `lab list`')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples(['understudy lab up embedded', 'understudy lab up rabbitmq-quorum-haproxy']))
    .action(async (name: string, options: JsonOption) => await up(labs, name, options, terminal, understudy))
  lab
    .command('status')
    .description('the labs that are up: who serves, and how each broker is')
    .argument('[name]', 'a lab by its name or id')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples(['understudy lab status', 'understudy lab status activemq-jdbc --json']))
    .action(
      async (name: string | undefined, options: JsonOption) => await status(labs, name, options, terminal, understudy),
    )
  lab
    .command('uri')
    .description("print a lab's failover URI with its password, to be put into another command")
    .argument('[name]', 'a lab by its name or id; the only one that is up when not given')
    .option('--management', "the address of RabbitMQ's management API instead, which is its web page too")
    .addHelpText(
      'after',
      examples([
        'understudy listen "$(understudy lab uri)"',
        'understudy lab uri activemq-jdbc',
        'understudy lab uri rabbitmq-quorum --management',
      ]),
    )
    .action((name: string | undefined, { management }: { readonly management?: true }) => {
      const found = attachOne(labs, name, (id) => `${understudy} lab uri ${id}`)
      const address = management ? labs.managementOf(found) : found.failoverUri
      if (address === undefined) throw new Exit(EXIT.unknown, `lab ${found.id} has no management API that runs`)
      terminal.out(`${withCredentials(address, found.credentials)}\n`)
    })
  for (const [name, { does }] of Object.entries(NODE_ACTIONS) as [NodeAction, { does: string }][]) {
    lab
      .command(name)
      .description(does)
      .argument('<node>', 'a broker of the lab, such as b; `lab status` names them')
      .option('--lab <id>', 'a lab by its name or id; the only one that is up when not given')
      .option('--json', 'print one JSON document')
      .addHelpText('after', examples([`understudy lab ${name} a`, `understudy lab ${name} b --lab rabbitmq-quorum`]))
      .action(async (node: string, options: NodeOptions) => await act(labs, name, node, options, terminal, understudy))
  }
  lab
    .command('down')
    .description('end labs and remove their folders, with all that crashed runs left behind')
    .argument('[name]', 'a lab by its name or id; all that were put up by `lab up` when not given')
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples(['understudy lab down', 'understudy lab down activemq-jdbc']))
    .action(async (name: string | undefined, options: JsonOption) => await down(labs, name, options, terminal))
  return lab
}

function list(labs: LabDirectory, { json }: JsonOption, { out }: Terminal): void {
  const found = labs.list()
  if (json) {
    out(`${JSON.stringify({ labs: found, networkFaults: labs.networkFaults }, null, 2)}\n`)
    return
  }
  const width = Math.max(...found.map(({ name }) => name.length))
  for (const { name, description, faults, availability } of found) {
    const can = availability.available
      ? `ready: ${availability.detail}`
      : `cannot run here: ${availability.reason}; ${availability.remedy}`
    const under = ' '.repeat(width + 2)
    out(`${name.padEnd(width)}  ${description}\n${under}faults: ${faults.join(', ')}\n${under}${can}\n`)
  }
  out(`on every lab and with --uri, done to the path to the brokers: ${labs.networkFaults.join(', ')}\n`)
}

async function up(
  labs: LabDirectory,
  name: string,
  { json }: JsonOption,
  terminal: Terminal,
  understudy: string,
): Promise<void> {
  const before = stayingLabs(labs, name)
  for (const { id } of before)
    terminal.err(`  ${id} is up already, and this makes another; \`${understudy} lab down ${id}\` takes it down\n`)
  const began = performance.now()
  const lab = await labs
    .up(name, { stays: true, signal: terminal.interrupted, onProgress: (line) => terminal.err(`  ${line}\n`) })
    .catch((error: unknown) => {
      // What was started has been taken down again.
      throw terminal.interrupted.aborted ? new Exit(EXIT.interrupted, `interrupted; ${name} is down again`) : error
    })
  const overview = await overviewOf(lab)
  if (json) {
    terminal.out(`${JSON.stringify({ ...overview, timings: lab.timings }, null, 2)}\n`)
    return
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const several = labs.running().filter(({ owner }) => owner === 'nobody').length > 1
  terminal.out(`${lab.id} is up after ${seconds} s\n${overviewText(overview)}\n${walkByHand(lab, several, understudy)}`)
}

/** Those that somebody put up and has not taken down, of that name or id. */
function stayingLabs(labs: LabDirectory, nameOrId?: string): readonly { readonly id: string }[] {
  return labs.running().filter(({ owner, id, name }) => owner === 'nobody' && [undefined, id, name].includes(nameOrId))
}

/** @throws Exit where several could be meant, with a command that names one. */
function attachOne(labs: LabDirectory, nameOrId: string | undefined, command: (id: string) => string): LabHandle {
  const [first, ...others] = stayingLabs(labs, nameOrId)
  if (first === undefined || others.length === 0) return labs.attach(nameOrId)
  const ids = [first, ...others].map(({ id }) => id).join(', ')
  throw new Exit(EXIT.badArguments, `several labs are up, ${ids}: name one by its id, as in \`${command(first.id)}\``)
}

async function status(
  labs: LabDirectory,
  name: string | undefined,
  { json }: JsonOption,
  { out }: Terminal,
  understudy: string,
): Promise<void> {
  const running = labs.running().filter((lab) => name === undefined || lab.id === name || lab.name === name)
  if (running.length === 0 && name !== undefined) throw new Exit(EXIT.unknown, `no lab ${JSON.stringify(name)} is up`)
  const found: ({ owner: string } & (LabOverview | { id: string; lab: string; problem: string }))[] = []
  for (const { id, name: lab, owner, usable } of running) {
    // What a crashed run left has no brokers to speak of, and one that is still being put up none yet.
    const overview = usable
      ? await overviewOf(labs.attach(id)).catch((error: unknown) => ({ id, lab, problem: messageOf(error) }))
      : { id, lab, problem: owner === 'a process that is gone' ? 'left behind by a crashed run' : 'being put up' }
    found.push({ owner, ...overview })
  }
  if (json) {
    out(`${JSON.stringify({ labs: found }, null, 2)}\n`)
    return
  }
  if (found.length === 0) out(`no lab is up; \`${understudy} lab up NAME\` starts one\n`)
  for (const lab of found) {
    const whose = lab.owner === 'nobody' ? '' : `, owned by ${lab.owner}`
    out(`${lab.id}${whose}\n`)
    out(!('nodes' in lab) ? `  ${lab.problem}; \`${understudy} lab down\` ends what is left\n` : overviewText(lab))
  }
}

async function act(
  labs: LabDirectory,
  action: NodeAction,
  node: string,
  options: NodeOptions,
  { out }: Terminal,
  understudy: string,
): Promise<void> {
  const lab = attachOne(labs, options.lab, (id) => `${understudy} lab ${action} ${node} --lab ${id}`)
  const pid = lab.pid(node)
  await lab[action](node)
  if (options.json) {
    const after = { lab: lab.id, node, action, state: lab.state(node), pid: lab.pid(node) ?? null }
    out(`${JSON.stringify(after, null, 2)}\n`)
    return
  }
  out(`${node} ${NODE_ACTIONS[action].done} (pid ${action === 'start' ? lab.pid(node) : pid})\n`)
}

async function down(
  labs: LabDirectory,
  name: string | undefined,
  { json }: JsonOption,
  { out }: Terminal,
): Promise<void> {
  const ended = await labs.down(name)
  if (json) out(`${JSON.stringify({ ended }, null, 2)}\n`)
  else if (ended.length === 0) out('nothing was up\n')
  else for (const id of ended) out(`${id} is down\n`)
}
