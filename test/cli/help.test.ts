import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Command } from 'commander'
import { program } from '../../src/cli/program.ts'
import { processTerminal } from '../../src/cli/terminal/terminal.ts'
import { runCommand } from '../support/command.ts'

const terminal = processTerminal()
after(() => terminal.release())

/** Every command that people may call, with how it is called. */
function* commandsOf(command: Command, path: string): Generator<{ readonly path: string; readonly command: Command }> {
  yield { path, command }
  for (const sub of command.createHelp().visibleCommands(command)) {
    if (command.commands.includes(sub)) yield* commandsOf(sub, `${path} ${sub.name()}`)
  }
}

/** The help as it is printed, what stands after the options included. */
function helpOf(command: Command): string {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) })
  command.outputHelp()
  return help
}

function examplesOf(command: Command): readonly string[] {
  const [, after = ''] = helpOf(command).split('\nExamples:\n')
  return after
    .split(/\n(?! {2}\S)/)[0]
    ?.split('\n')
    .map((line) => line.trim()) as readonly string[]
}

/** What a shell makes of a line, as far as the examples go: quotes, a comment, another program around it. */
function wordsOf(line: string): readonly string[] {
  const own = /<\((understudy [^)]*)\)/.exec(line)?.[1] ?? line.replace(/\s+#\s.*$/, '').replace(/\s[|<>].*$/, '')
  const words = own.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []
  const [first, ...rest] = words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'))
  assert.equal(first, 'understudy', line)
  return rest
}

/** The command that a line would run, had it anything to do. */
async function commandFor(line: string): Promise<string> {
  const root = program(terminal)
  let called = ''
  for (const { path, command } of commandsOf(root, 'understudy')) {
    if (command.commands.length === 0) command.action(() => void (called = path))
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} })
  }
  await root.parseAsync(wordsOf(line), { from: 'user' }).catch((error: unknown) => {
    // `help drill` ends this way when it has printed the help.
    const isHelp = error instanceof Error && 'exitCode' in error && error.exitCode === 0
    if (!isHelp) throw new Error(`${line}: ${error instanceof Error ? error.message : String(error)}`)
  })
  return called
}

describe('the help of', () => {
  for (const { path, command } of commandsOf(program(terminal), 'understudy')) {
    it(`${path} says what it does, what every word means, and shows it in use`, async () => {
      assert.notEqual(command.description(), '')
      for (const { flags, description } of command.options) assert.notEqual(description, '', flags)
      for (const argument of command.registeredArguments) assert.notEqual(argument.description, '', argument.name())
      const examples = examplesOf(command)
      assert(examples.length > 0 && examples[0] !== '', 'no example')
      for (const line of examples)
        assert.doesNotMatch(line.replaceAll(/'[^']*'|"[^"]*"/g, ''), /\w[<>]/, 'a shell takes it')
      const called = await Promise.all(examples.map(commandFor))
      assert(
        called.some((name) => name === path || name.startsWith(`${path} `)),
        `its examples run ${called.join(', ')}`,
      )
    })
  }
})

describe('the list of commands', () => {
  it('names the arguments of each as its own help does', () => {
    const list = helpOf(program(terminal))
    for (const called of ['worker <uri>', 'abort <uri> <id>', 'drill [plan]', 'completion <shell>'])
      assert.ok(list.includes(`\n  ${called} `), called)
    assert.doesNotMatch(list, /\[uri\]/)
  })
})

describe('help', () => {
  for (const [words, usage] of [
    [['help', 'lab', 'kill'], 'understudy lab kill [options] <node>'],
    [['help', 'lab', 'install'], 'understudy lab install [options]'],
    [['failures', 'help', 'search'], 'understudy failures search [options] <query...>'],
    [['help', 'failures'], 'understudy failures [options] [command]'],
    [['help', 'drill'], 'understudy drill [options] [plan]'],
    [['help', 'help'], 'understudy [options] [command]'],
    [['help', 'lab', 'help'], 'understudy lab [options] [command]'],
  ] as const)
    it(`is that of the command which is named: ${words.join(' ')}`, async () => {
      const { exitCode, stdout, stderr } = await runCommand(words)
      assert.deepEqual([exitCode, stderr, stdout.split('\n')[0]], [0, '', `Usage: ${usage}`])
    })
})
