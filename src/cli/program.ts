import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { commands } from './compose.ts'
import { EXIT, explain } from './exit-code.ts'
import { examples } from './examples.ts'
import { processTerminal, type ProcessTerminal } from './terminal/terminal.ts'

/** Runs one command line and returns its exit code. Whatever goes wrong is one line on stderr. */
export async function run(args: readonly string[]): Promise<number> {
  const terminal = processTerminal()
  try {
    const command = program(terminal)
    await command.parseAsync(withHelpInPlace(command, args), { from: 'user' })
    return terminal.lostOutput() ? EXIT.broken : EXIT.passed
  } catch (error) {
    const { exitCode, line } = explain(error)
    // Then the one line has been said.
    if (terminal.lostOutput()) return EXIT.broken
    if (line !== '') terminal.err(`understudy: ${line}\n`)
    return exitCode
  } finally {
    terminal.release()
  }
}

/**
 * `help lab kill` as commander has it: `lab help kill`. What is no command stands without `help`: commander would print
 * the help of all, and not a word of what is wrong.
 */
function withHelpInPlace(root: Command, args: readonly string[]): readonly string[] {
  const at = args.indexOf('help')
  const path = args[0] === 'help' ? args.slice(1) : at === 1 ? args.toSpliced(1, 1) : []
  const [first, second] = path
  if (first === undefined || first.startsWith('-')) return args
  if (first === 'help') return ['--help']
  const group = named(root, first)
  if (group === undefined) return path
  if (group.commands.length === 0 || second === undefined || second.startsWith('-')) return args
  if (second === 'help') return [first, '--help']
  return named(group, second) ? [first, 'help', second] : path
}

function named({ commands }: Command, name: string): Command | undefined {
  return commands.find((each) => each.name() === name)
}

/** What only other programs call: neither help nor completion names it. */
const NOT_FOR_PEOPLE: ReadonlySet<string> = new Set(['complete'])

/** How the help sets them in order; what is in no group comes last. */
const GROUPS: readonly { readonly title: string; readonly names: readonly string[] }[] = [
  { title: 'Rehearse a failover:', names: ['drill', 'threshold', 'check', 'compare', 'doctor', 'lab'] },
  { title: 'The client by hand:', names: ['produce', 'listen'] },
  {
    title: 'Jobs:',
    names: [
      'worker',
      'enqueue',
      'failures',
      'queues',
      'workers',
      'result',
      'purge',
      'pause',
      'resume',
      'abort',
      'dashboard',
    ],
  },
]

/** The whole tree of commands. */
export function program(terminal: ProcessTerminal): Command {
  const version = packageVersion()
  const command = new Command('understudy')
    .description("Rehearse your broker's failover, then run on the same client.")
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      examples([
        'understudy drill                             # a failover on this machine, and what became of every job',
        'understudy lab list                          # which real brokers can be hurt here',
        'understudy help drill',
      ]),
    )
  for (const sub of commands(terminal, version)) {
    const group = GROUPS.find(({ names }) => names.includes(sub.name()))
    if (group !== undefined) sub.helpGroup(group.title)
    command.addCommand(sub, { hidden: NOT_FOR_PEOPLE.has(sub.name()) })
  }
  for (const each of [command, ...command.commands, ...command.commands.flatMap((sub) => sub.commands)]) {
    missingAfterUnknown(each)
    each.exitOverride((error) => {
      throw withHint(error, each)
    })
    each.configureOutput({
      writeOut: terminal.out,
      // Errors come back as exceptions and are printed once, by `run`; help for want of a command does not.
      writeErr: (text) => {
        if (text.startsWith('Usage:')) terminal.err(text)
      },
    })
  }
  return command
}

/**
 * An option that is misspelt is told as that, and not as the one that is missing: commander looks first at what is
 * mandatory.
 */
function missingAfterUnknown(command: Command): void {
  const mandatory = command.options.filter((option) => option.mandatory)
  if (mandatory.length === 0) return
  for (const option of mandatory) option.makeOptionMandatory(false)
  command.hook('preAction', () => {
    const missing = mandatory.find((option) => command.getOptionValue(option.attributeName()) === undefined)
    if (missing === undefined) return
    const message = `required option '${missing.flags}' not specified`
    command.error(message, { code: 'commander.missingMandatoryOptionValue' })
  })
}

/** What was missing or unknown, and where to read what is there. */
const SHOWN_BY_HELP: ReadonlySet<string> = new Set([
  'commander.missingArgument',
  'commander.missingMandatoryOptionValue',
  'commander.optionMissingArgument',
  'commander.excessArguments',
  'commander.unknownCommand',
  'commander.unknownOption',
])

/** The error of a command, for whoever sees it for the first time. */
function withHint(error: CommanderError, command: Command): CommanderError {
  if (!SHOWN_BY_HELP.has(error.code)) return error
  const path: string[] = []
  for (let each: Command | null = command; each !== null; each = each.parent) path.unshift(each.name())
  const line = error.message.trimEnd().replace(/\.$/, '')
  return new CommanderError(error.exitCode, error.code, `${line}; \`${path.join(' ')} --help\` shows how it is called`)
}

function packageVersion(): string {
  // From src/cli in a checkout, from dist/src/cli in a package.
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: string
        version?: string
      }
      if (name === 'understudy-mq' && version !== undefined) return version
    } catch {
      // The next place.
    }
  }
  return 'unknown'
}
