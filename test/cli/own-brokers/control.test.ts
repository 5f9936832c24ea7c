import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { createLabs } from '../../../infra/labs/labs.ts'
import type { Lab } from '../../../infra/labs/lab.ts'
import type { DrillResult } from '../../../src/drill/result.ts'
import { type CommandEnd, runCommand, startCommand } from '../../support/command.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const SECRET = 'geheimnis'
// Early in the ten seconds of which a drill on brokers of one's own draws its phase.
const EARLY_SEED = '35'

/** Brokers that a drill knows by their URI alone; the embedded pair takes any password. */
let lab: Lab
const root = temporaryFolder('own-labs')

before(async () => {
  lab = await createLabs({ root }).up('embedded')
})
after(async () => await lab.down())

function uri(): string {
  return lab.failoverUri.replaceAll('://', `://me:${SECRET}@`)
}

/** A shell command that sends a signal to the broker behind `UNDERSTUDY_PORT`. */
function signalTo(context: TestContext, signal: string): string {
  const script = join(temporaryFolder('inject', context), 'inject.sh')
  const cases = lab.nodes.map(({ name, port }) => `  ${port}) kill -${signal} ${lab.pid(name)};;`)
  writeFileSync(script, `echo "${SECRET} to $UNDERSTUDY_NODE"\ncase $UNDERSTUDY_PORT in\n${cases.join('\n')}\nesac\n`)
  return `sh '${script}'`
}

let drills = 0

/** Each on a queue of its own: what a drill that was interrupted leaves behind is unexpected in the next. */
function drillArgs(out: string, ...args: readonly string[]): readonly string[] {
  const to = `queue://own.${++drills}`
  return ['drill', '--uri', uri(), '--to', to, '--seed', EARLY_SEED, '--window', '500ms', '--out', out, ...args]
}

function outFor(context: TestContext): string {
  return join(temporaryFolder('own', context), 'out')
}

function assertSecret(end: CommandEnd, out: string): void {
  assert.doesNotMatch(end.stdout + end.stderr, new RegExp(SECRET))
  if (!existsSync(out)) return
  for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    const path = join(out, name)
    if (/\.\w+$/.test(name)) assert(!readFileSync(path, 'utf8').includes(SECRET), `${name} holds a password`)
  }
}

describe('a drill on brokers of the user’s own', () => {
  it('hurts the one that the producer is connected to, proves it, heals, and tells no password', async (context) => {
    const out = outFor(context)
    const [stop, go] = [signalTo(context, 'STOP'), signalTo(context, 'CONT')]
    const end = await runCommand(
      drillArgs(out, '--inject', stop, '--heal', go, '--fault', 'freeze', '--hold', '3s', '--json'),
    )
    assert.equal(end.exitCode, 0, end.stderr)
    const result = JSON.parse(end.stdout) as DrillResult
    assert.equal(result.fault.name, 'freeze')
    assert.match(result.fault.proof.join(), /--inject ended with 0, .*answers nothing/)
    assert.equal(result.jobs.lost, 0)
    assert.match(
      readFileSync(join(out, 'brokers', 'inject.log'), 'utf8'),
      /^inject ended with 0\n\*\*\* to 127\.0\.0\.1:\d+\n/,
    )
    assert.match(readFileSync(join(out, 'brokers', 'heal.log'), 'utf8'), /^heal ended with 0\n/)
    assert.match(result.command, /--uri 'failover:\(stomp:\/\/USER:PASSWORD@127/)
    assertSecret(end, out)
  })

  it('is unknown when a command that did nothing ended well', async (context) => {
    const out = outFor(context)
    const end = await runCommand(drillArgs(out, '--inject', 'true'))
    assert.equal(end.exitCode, 2, end.stderr)
    assert.match(end.stdout, /Nothing proves that the fault took effect/)
    assert.match(end.stderr, /nothing undoes it, as there is no --heal/)
  })

  it('has no fault when the command failed, ends with 2, and still heals', async (context) => {
    const out = outFor(context)
    const healed = join(temporaryFolder('healed', context), 'healed')
    const end = await runCommand(drillArgs(out, '--inject', `echo no such host; exit 3`, '--heal', `touch '${healed}'`))
    assert.equal(end.exitCode, 2, end.stderr)
    assert.match(end.stderr, /understudy: the fault was not injected: .*--inject ended with 3 \(no such host\)\n$/)
    assert(existsSync(healed))
    assertSecret(end, out)
  })

  it('heals on Ctrl-C in the middle of the fault', async (context) => {
    const [stop, go] = [signalTo(context, 'STOP'), signalTo(context, 'CONT')]
    const args = drillArgs(outFor(context), '--inject', stop, '--heal', go, '--hold', '1h')
    const { child, saw, ended } = startCommand(args)
    await saw('fault proven')
    child.kill('SIGINT')
    const { exitCode, stderr } = await ended
    assert.equal(exitCode, 130, stderr)
    assert.match(stderr, /understudy: interrupted; the brokers were healed\n$/)
    for (const { name } of lab.nodes) assert.equal(lab.state(name), 'running')
  })

  it('tells loudly when healing failed', async (context) => {
    const end = await runCommand(drillArgs(outFor(context), '--inject', 'true', '--proof', 'true', '--heal', 'exit 9'))
    assert.equal(end.exitCode, 2, end.stderr)
    assert.match(end.stderr, /understudy: NOT HEALED: the command of --heal ended with 9; .* may still be hurt\n$/)
  })

  it('has the faults of the network without a command, and undoes them on Ctrl-C', async (context) => {
    const out = outFor(context)
    const cut = await runCommand(drillArgs(out, '--fault', 'cut', '--json'))
    assert.equal(cut.exitCode, 0, cut.stderr)
    assert.equal((JSON.parse(cut.stdout) as DrillResult).jobs.lost, 0)
    assertSecret(cut, out)
    const held = startCommand(drillArgs(outFor(context), '--fault', 'half-open', '--hold', '1h'))
    await held.saw('fault proven')
    held.child.kill('SIGINT')
    const { exitCode, stderr } = await held.ended
    assert.equal(exitCode, 130, stderr)
    assert.match(stderr, /interrupted; the brokers were healed\n$/)
  })
})
