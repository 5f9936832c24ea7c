import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LabDirectory, labCommand } from '../../../src/cli/commands/lab.ts'
import type { InstallReport, LabInstaller } from '../../../src/cli/lab/install.ts'
import type { LabHandle } from '../../../src/cli/lab/text.ts'
import { explain } from '../../../src/cli/exit-code.ts'
import { UnderstudyError } from '../../../src/errors.ts'

const PASSWORD = 'p@ss/word'

function fakeLab(overrides: Partial<LabHandle> = {}): LabHandle {
  const node = (name: string, port: number) => {
    return { name, product: 'Broker 1', host: '127.0.0.1', port, endpoint: `stomp://127.0.0.1:${port}` }
  }
  return {
    id: 'pair-1',
    lab: 'pair',
    folder: '/labs/pair-1',
    failoverUri: 'failover:(stomp://127.0.0.1:1,stomp://127.0.0.1:2)',
    timings: { a: 5 },
    nodes: [node('a', 1), node('b', 2)],
    faults: [],
    credentials: { username: 'me', password: PASSWORD },
    slowestPeriodMs: 0,
    slowestTakeoverMs: 0,
    settings: {},
    files: [],
    active: async () => 'a',
    state: (name) => (name === 'a' ? 'running' : 'paused'),
    pid: () => 4711,
    kill: async () => {},
    stop: async () => {},
    pause: async () => {},
    resume: async () => {},
    start: async () => {},
    watch: async () => ({ close: async () => {} }),
    ...overrides,
  }
}

function fakeLabs(overrides: Partial<LabDirectory & LabInstaller> = {}): LabDirectory & LabInstaller {
  return {
    list: () => [
      {
        name: 'pair',
        description: 'two brokers',
        faults: ['kill', 'pause'],
        availability: { available: true, detail: 'Broker 1' },
      },
      {
        name: 'other',
        description: 'more',
        faults: ['kill'],
        availability: { available: false, reason: 'no Java', remedy: 'get it' },
      },
    ],
    up: async () => fakeLab(),
    running: () => [{ id: 'pair-1', name: 'pair', owner: 'nobody', usable: true }],
    attach: () => fakeLab(),
    down: async () => ['pair-1'],
    install: async () => ({ kind: 'complete' }),
    networkFaults: ['cut', 'slow'],
    managementOf: () => undefined,
    ...overrides,
  }
}

interface Run {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

async function run(labs: LabDirectory & LabInstaller, args: string[], interrupted?: AbortSignal): Promise<Run> {
  const said = { out: '', err: '' }
  const terminal = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    interactive: false,
    interrupted: interrupted ?? new AbortController().signal,
  }
  const command = labCommand(terminal, labs, 'npx understudy')
  for (const each of [command, ...command.commands]) {
    each.exitOverride().configureOutput({ writeOut: terminal.out, writeErr: () => {} })
  }
  try {
    await command.parseAsync(args, { from: 'user' })
    return { exitCode: 0, ...said }
  } catch (error) {
    const { exitCode, line } = explain(error)
    return { exitCode, out: said.out, err: `${said.err}${line}\n` }
  }
}

describe('understudy lab', () => {
  it('lists every lab with what it runs on, or why it cannot run here and what to do', async () => {
    const { out } = await run(fakeLabs(), ['list'])
    assert.match(out, /pair +two brokers\n +faults: kill, pause\n +ready: Broker 1/)
    assert.match(out, /other +more\n +faults: kill\n +cannot run here: no Java; get it/)
    assert.match(out, /on every lab and with --uri, done to the path to the brokers: cut, slow\n$/)
  })

  it('prints the address of the management API with its password, or that there is none', async () => {
    const labs = fakeLabs({ managementOf: () => 'http://127.0.0.1:15672' })
    const { out } = await run(labs, ['uri', '--management'])
    assert.equal(out, `http://me:${encodeURIComponent(PASSWORD)}@127.0.0.1:15672\n`)
    const { exitCode, err } = await run(fakeLabs(), ['uri', '--management'])
    assert.deepEqual([exitCode, err.includes('has no management API')], [2, true])
  })

  it('tells after `up` where the brokers are and what to do next, and shows no password', async () => {
    const { out, exitCode } = await run(fakeLabs(), ['up', 'pair'])
    assert.equal(exitCode, 0)
    assert.match(out, /failover:\(stomp:\/\/127\.0\.0\.1:1,stomp:\/\/127\.0\.0\.1:2\)/)
    assert.match(out, /npx understudy listen "\$\(npx understudy lab uri pair-1\)"/)
    assert.match(out, /lab kill a {2,}and see b take over/)
    assert(!out.includes(PASSWORD) && !out.includes(encodeURIComponent(PASSWORD)))
  })

  it('says that another one is up already, and how to end that', async () => {
    const up = [
      { id: 'pair-1', name: 'pair', owner: 'nobody', usable: true },
      { id: 'pair-0', name: 'pair', owner: 'a running process', usable: true },
      { id: 'other-1', name: 'other', owner: 'nobody', usable: true },
    ]
    const { err, out } = await run(fakeLabs({ running: () => up }), ['up', 'pair'])
    assert.equal(
      err.trimEnd(),
      '  pair-1 is up already, and this makes another; `npx understudy lab down pair-1` takes it down',
    )
    assert.match(out, /^pair-1 is up after/)
    const first = await run(fakeLabs({ running: () => up.slice(1) }), ['up', 'pair'])
    assert.equal(first.err.trimEnd(), '')
  })

  it('shows how to name one where several are up', async () => {
    const up = ['pair-1', 'pair-2'].map((id) => ({ id, name: 'pair', owner: 'nobody', usable: true }))
    const labs = fakeLabs({ running: () => up })
    for (const [args, command] of [
      [['uri'], 'npx understudy lab uri pair-1'],
      [['uri', 'pair'], 'npx understudy lab uri pair-1'],
      [['kill', 'a'], 'npx understudy lab kill a --lab pair-1'],
    ] as const) {
      const { exitCode, err } = await run(labs, [...args])
      assert.equal(exitCode, 64)
      assert.equal(err, `several labs are up, pair-1, pair-2: name one by its id, as in \`${command}\`\n`)
    }
    assert.equal((await run(labs, ['uri', 'pair-2'])).exitCode, 0)
  })

  it('gives the whole URI where no password is asked for', async () => {
    const { out } = await run(fakeLabs({ up: async () => fakeLab({ credentials: undefined }) }), ['up', 'pair'])
    assert.match(out, /produce 'failover:\(stomp:\/\/127\.0\.0\.1:1,stomp:\/\/127\.0\.0\.1:2\)'/)
  })

  it('prints the URI with its password only when it is asked for that', async () => {
    const { out } = await run(fakeLabs(), ['uri'])
    assert.equal(out, 'failover:(stomp://me:p%40ss%2Fword@127.0.0.1:1,stomp://me:p%40ss%2Fword@127.0.0.1:2)\n')
  })

  it('prints one JSON document with --json, without a password', async () => {
    for (const args of [['list'], ['up', 'pair'], ['status'], ['kill', 'a'], ['down'], ['install']]) {
      const { out } = await run(fakeLabs(), [...args, '--json'])
      assert.doesNotThrow(() => void JSON.parse(out), args.join(' '))
      assert(!out.includes(PASSWORD))
    }
  })

  it('tells who holds the lock and how each broker is', async () => {
    const { out } = await run(fakeLabs(), ['status'])
    assert.match(out, /a {2}stomp:\/\/127\.0\.0\.1:1 {2}running, pid 4711, holds the lock/)
    assert.match(out, /b {2}stomp:\/\/127\.0\.0\.1:2 {2}paused, pid 4711/)
  })

  it('tells who leads the queues where every broker serves, and what happens to them', async () => {
    const quorum = fakeLab({ topology: 'quorum', state: () => 'running' })
    const { out } = await run(fakeLabs({ attach: () => quorum, up: async () => quorum }), ['status'])
    assert.match(out, /a {2}stomp:.*, leads the queues {2}\(/)
    assert.match(out, /b {2}stomp:.*, serves {2}\(/)
    const classic = fakeLab({ topology: 'home-node' })
    const up = await run(fakeLabs({ up: async () => classic }), ['up', 'pair'])
    assert.match(up.out, /a {2}stomp:.*, is home to the queues {2}\(/)
    assert.match(up.out, /lab kill a {2,}and see the jobs wait/)
  })

  it('tells what a crashed run left behind, and that a lab cannot be asked', async () => {
    const running: ReturnType<LabDirectory['running']> = [
      { id: 'pair-1', name: 'pair', owner: 'nobody', usable: true },
      { id: 'pair-2', name: 'pair', owner: 'a process that is gone', usable: false },
    ]
    const dead = fakeLab({ active: async () => await Promise.reject(new UnderstudyError('deadline', 'no answer')) })
    const { out, exitCode } = await run(fakeLabs({ running: () => running, attach: () => dead }), ['status'])
    assert.equal(exitCode, 0)
    assert.match(out, /who holds the lock cannot be told: no answer/)
    assert.match(out, /pair-2, owned by a process that is gone\n {2}left behind by a crashed run/)
  })

  it('hurts the node that is named, in the lab that is named', async () => {
    const done: string[] = []
    const act = (what: string) => async (node: string) => void done.push(`${what} ${node}`)
    const lab = fakeLab({
      kill: act('kill'),
      pause: act('pause'),
      resume: act('resume'),
      stop: act('stop'),
      start: act('start'),
    })
    const attach = (name?: string): LabHandle => {
      done.push(`attach ${name}`)
      return lab
    }
    for (const action of ['kill', 'pause', 'resume', 'stop', 'start']) {
      assert.equal((await run(fakeLabs({ attach }), [action, 'b', '--lab', 'pair-1'])).exitCode, 0)
    }
    assert.deepEqual(
      done.filter((line) => !line.startsWith('attach')),
      ['kill b', 'pause b', 'resume b', 'stop b', 'start b'],
    )
    assert(done.includes('attach pair-1'))
  })

  it('says which labs it ended, and that nothing was up', async () => {
    assert.equal((await run(fakeLabs(), ['down'])).out, 'pair-1 is down\n')
    assert.equal((await run(fakeLabs({ down: async () => [] }), ['down'])).out, 'nothing was up\n')
  })

  it('ends with 64 on bad arguments, 2 on a lab that is not there, and one line each', async () => {
    const absent = fakeLabs({
      attach: () => {
        throw new UnderstudyError('unsupported', 'no lab is up')
      },
      running: () => [],
    })
    const cases: [string[], number][] = [
      [['nonsense'], 64],
      [['up'], 64],
      [['kill', 'a', '--nonsense'], 64],
      [['kill', 'a'], 2],
      [['status', 'pair'], 2],
    ]
    for (const [args, expected] of cases) {
      const { exitCode, err } = await run(absent, args)
      assert.equal(exitCode, expected, args.join(' '))
      assert.match(err, /^[^\n]+\n$/)
    }
  })

  it('ends with 130 when it is interrupted while a lab is put up', async () => {
    const interrupt = new AbortController()
    const up: LabDirectory['up'] = async () => {
      interrupt.abort()
      return await Promise.reject(new UnderstudyError('aborted', 'aborted'))
    }
    assert.equal((await run(fakeLabs({ up }), ['up', 'pair'], interrupt.signal)).exitCode, 130)
  })

  it('ends with 2 when a person has to install by hand, having said what', async () => {
    const report: InstallReport = { kind: 'by-hand', lines: ['sudo apt-get update'] }
    const { exitCode, out } = await run(fakeLabs({ install: async () => report }), ['install'])
    assert.equal(exitCode, 2)
    assert.equal(out, 'sudo apt-get update\n')
  })
})
