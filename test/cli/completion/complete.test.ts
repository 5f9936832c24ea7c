import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Argument, Command, Option } from 'commander'
import { complete, type Completion, type WordsOfPlace } from '../../../src/cli/completion/complete.ts'
import { answer, wordsFrom } from '../../../src/cli/completion/shells.ts'

function tree(): Command {
  const root = new Command('toy').version('1')
  root
    .command('run')
    .description('run it')
    .addArgument(new Argument('[colour]', 'which').choices(['red', 'green']))
    .addOption(new Option('--lab <name>', 'where'))
    .addOption(new Option('--check [kind]', 'how').choices(['plain', 'amqp']))
    .option('--out <folder>', 'to where')
    .option('-q, --quiet', 'say nothing')
  const group = root.command('group').description('several')
  group.command('show').argument('<names...>', 'what')
  root.addCommand(new Command('secret'), { hidden: true })
  return root
}

const WORDS: WordsOfPlace = ({ command, slot, given }) => {
  if (slot.name() === 'lab') return { candidates: [{ word: 'first', about: 'one' }], files: 'none' }
  if (slot.name() === 'out') return { candidates: [], files: 'folders' }
  if (slot.name() === 'names') {
    return { candidates: [{ word: `of-${command.name()}-${given.size}`, about: '' }], files: 'none' }
  }
  return undefined
}

function completed(...words: string[]): Completion {
  return complete(tree(), words, WORDS)
}

function wordsOf(...words: string[]): readonly string[] {
  return completed(...words).candidates.map(({ word }) => word)
}

describe('what may stand at the cursor', () => {
  it('is a command that people may call, at the start', () => {
    assert.deepEqual(wordsOf(''), ['run', 'group', 'help'])
    assert.deepEqual(wordsOf('r'), ['run'])
    assert.deepEqual(wordsOf('help', 'g'), ['group'])
  })

  it('is an option of the command one is in, once a dash is typed', () => {
    assert.deepEqual(wordsOf('run', '--'), ['--lab', '--check', '--out', '--quiet', '--help'])
    assert.deepEqual(wordsOf('run', 'red', '--q'), ['--quiet'])
    assert.deepEqual(wordsOf('--v'), ['--version'])
  })

  it('is an option too where nothing else can follow', () => {
    assert.deepEqual(wordsOf('run', 'red', ''), ['--lab', '--check', '--out', '--quiet', '--help'])
  })

  it('is a value of the option before it, also behind an equals sign', () => {
    assert.deepEqual(wordsOf('run', '--lab', ''), ['first'])
    assert.deepEqual(wordsOf('run', '--lab=f'), ['--lab=first'])
    assert.deepEqual(wordsOf('run', '--lab', 'second'), [])
  })

  it('is an option’s value or the next argument where the value may be left out', () => {
    assert.deepEqual(wordsOf('run', '--check', ''), ['plain', 'amqp', 'red', 'green'])
    assert.deepEqual(wordsOf('run', '--check', '--q'), ['--quiet'])
  })

  it('is an argument that comes after those that are there', () => {
    assert.deepEqual(wordsOf('run', '-q', '--lab', 'x', 'g'), ['green'])
    assert.deepEqual(wordsOf('group', 'show', 'one', 'two', 'of'), ['of-show-0'])
    assert.deepEqual(wordsOf('run', '--', 'r'), ['red'])
  })

  it('is left to the shell where it is a path', () => {
    assert.deepEqual(completed('run', '--out', 'x'), { candidates: [], files: 'folders' })
  })

  it('is nothing after what commander refuses', () => {
    for (const line of [
      ['no', ''],
      ['run', '--no-such', ''],
      ['run', '--quiet=1'],
      ['--', '--q'],
    ]) {
      assert.deepEqual(wordsOf(...line.slice(0, -1), line.at(-1) ?? ''), [], line.join(' '))
    }
  })
})

describe('the answer to a shell', () => {
  const found: Completion = { candidates: [{ word: '--lab=first', about: 'the\nfirst' }], files: 'none' }

  it('has one word and its meaning to a line', () => {
    assert.equal(answer('zsh', found), '--lab=first\tthe first\n:none\n')
    assert.equal(answer('fish', found), '--lab=first\tthe first\n:none\n')
  })

  it('has in bash what comes after the equals sign alone, as bash has split the word there', () => {
    assert.deepEqual(wordsFrom('bash', ['run', '--lab', '=', 'f']), ['run', '--lab=f'])
    assert.deepEqual(wordsFrom('bash', ['run', '--lab', '=']), ['run', '--lab='])
    assert.deepEqual(wordsFrom('zsh', ['run', '--lab=f']), ['run', '--lab=f'])
    assert.equal(answer('bash', found), 'first\n:none\n')
  })
})
