import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { commands } from '../../../src/cli/compose.ts'
import { runCommand } from '../../support/command.ts'

const SECRET = 'geheimnis'
const URI = `stomp://u:${SECRET}@127.0.0.1:1`

const WRONG: readonly { readonly args: readonly string[]; readonly exitCode?: number; readonly names: RegExp }[] = [
  { args: ['worker'], names: /required option '--jobs <file>' not specified; `understudy worker --help`/ },
  { args: ['worker', '--jobs', 'x.ts'], names: /UNDERSTUDY_URI/ },
  { args: ['worker', URI, '--jobs', './nowhere.ts'], names: /--jobs \.\/nowhere\.ts: there is no such file/ },
  { args: ['worker', URI, '--jobs', 'x', '--queues', 'a=1,b'], names: /--queues.*high=5,low=1/ },
  { args: ['worker', URI, '--jobs', 'x', '--grace', '5'], names: /--grace.*50ms/ },
  { args: ['worker', URI, '--jobs', 'x', '--concurency', '5'], names: /--concurency.*--concurrency/ },
  { args: ['worker', URI, '--jobs', 'x', '--failures', `postgres://u:${SECRET}@h/d`], names: /--failures.*mysql:/ },
  { args: ['worker', URI, 'images', '--jobs', 'x'], names: /too many arguments/ },
  { args: ['worker', URI, '--jbs', 'x'], names: /unknown option '--jbs'.*--jobs\?/ },
  { args: ['enqueue', URI, '--jb', 'x'], names: /unknown option '--jb'.*--job\?/ },
  { args: ['enqueue', URI], names: /--job/ },
  { args: ['enqueue', URI, '--job', ''], names: /a job has a name/ },
  { args: ['enqueue', URI, '--job', 'x', '--args', '{oh'], names: /--args is no JSON.*\{oh/ },
  { args: ['enqueue', URI, '--job', 'x', '--args', '1', '--bulk'], names: /--args and --bulk/ },
  {
    args: ['enqueue', URI, '--job', 'x', '--args-file', '/nowhere'],
    names: /--args-file \/nowhere cannot be read: there is no such file or folder$/m,
  },
  { args: ['enqueue', URI, '--job', 'x', '--bulk', '--wait'], names: /--wait.*--bulk/ },
  { args: ['enqueue', URI, '--job', 'x', '--priority', '10'], names: /--priority.*0 to 9/ },
  { args: ['enqueue', URI, '--job', 'x', '--delay', 'soon'], names: /--delay.*2h/ },
  { args: ['enqueue', URI, '--job', 'x', '--header', 'oops'], names: /--header.*name=value/ },
  {
    args: ['enqueue', URI, '--job', 'x', '--broker-wait', '100ms'],
    exitCode: 2,
    names: /no broker of .*answered within 100 ms/,
  },
  { args: ['failures', 'lst'], names: /'lst'.*list/ },
  { args: ['failures', 'search'], names: /missing required argument 'query'/ },
  { args: ['failures', 'list', '--limit', '0'], names: /--limit.*from 1 to 1000/ },
  { args: ['failures', 'retry', URI], names: /which failures\?/ },
  { args: ['failures', 'retry', 'job:a', URI, '--rate', '-1'], names: /--rate/ },
  { args: ['failures', 'retry', 'job:a', URI, '--canary-timeout', '1m'], names: /--canary-timeout goes with --canary/ },
  { args: ['failures', 'edit', 'x', URI], names: /what is to change\?/ },
  { args: ['failures', 'list', '--failures', 'none'], names: /--failures: none are kept/ },
  { args: ['queues', `ampq://u:${SECRET}@h`], names: /ampq/ },
  { args: ['purge', URI], names: /which queue\?/ },
  { args: ['result', 'x'], names: /--results/ },
  { args: ['result', 'x', '--results', 'sqlite:/nowhere/r.db'], exitCode: 2, names: /no \/nowhere\/r\.db; --results/ },
  { args: ['abort', URI], names: /which job\?.*understudy workers/ },
  { args: ['abort', URI, 'a', 'b'], names: /too many arguments/ },
  { args: ['abort', URI, 'a', '--failures', '/nowhere/f.db'], exitCode: 2, names: /no \/nowhere\/f\.db; --failures/ },
  {
    args: ['pause', URI, '--wait', '2h'],
    names: /^understudy: option --wait: "2h" will not do; it must be from 1ms to 1m$/m,
  },
]

describe('bad input to the commands of jobs', () => {
  for (const { args, exitCode = 64, names } of WRONG)
    it(`is told in one line: ${args.join(' ').replaceAll(SECRET, '…')}`, async () => {
      const end = await runCommand(args)
      assert.match(end.stderr, names)
      assert.match(end.stderr, /^understudy: [^\n]*\n$/)
      assert.equal(end.exitCode, exitCode)
      assert.equal(end.stdout, '')
      assert.ok(!end.stderr.includes(SECRET), end.stderr)
    })
})

describe('help of the commands of jobs', () => {
  const JOBS = ['worker', 'enqueue', 'failures', 'queues', 'workers', 'result', 'purge', 'pause', 'resume', 'abort']
  const terminal = {
    out: () => {},
    err: () => {},
    interactive: false,
    interrupted: new AbortController().signal,
    lostOutput: () => false,
    release: () => {},
  }
  const all = commands(terminal, '0.0.0').filter((command) => JOBS.includes(command.name()))

  it('shows each of them in use, at least twice', () => {
    assert.equal(all.length, JOBS.length)
    for (const command of all.flatMap((one) => (one.commands.length > 0 ? one.commands : [one]))) {
      const parent = command.parent?.name()
      const words = `understudy ${parent === undefined ? '' : `${parent} `}${command.name()}`
      let help = ''
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
      const examples = help.split('\n').filter((line) => line.startsWith(`  ${words}`))
      assert(examples.length >= 2, help)
      assert.match(help, /--json/)
    }
  })
})
