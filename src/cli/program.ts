import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { inOwnWords, missingAfterUnknown } from './command-errors.ts'
import { commands } from './compose.ts'
import { EXIT, explain } from './exit-code.ts'
import { examples } from './examples.ts'
import { plainHelp } from './help.ts'
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

const EXIT_CODES = `

Exit codes:
  0    done, or the claim held
  1    an objective was violated, or the job failed
  2    nothing can be said or done: brokers that do not answer, a fault that was not proven, nothing found
  64   the command line is wrong
  70   this program broke
  130  interrupted, after healing`

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
      ]) + EXIT_CODES,
    )
  for (const sub of commands(terminal, version)) {
    const group = GROUPS.find(({ names }) => names.includes(sub.name()))
    if (group !== undefined) sub.helpGroup(group.title)
    command.addCommand(sub, { hidden: NOT_FOR_PEOPLE.has(sub.name()) })
  }
  for (const each of [command, ...command.commands, ...command.commands.flatMap((sub) => sub.commands)]) {
    plainHelp(each)
    missingAfterUnknown(each)
    each.exitOverride((error) => {
      throw inOwnWords(error, each)
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
