import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import type { DrillResult } from '../../../src/drill/result.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { runCommand, startCommand } from '../../support/command.ts'
import { labRootFor } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// Draws a phase of 0.4 s out of the 60 s of activemq-jdbc, so that the test need not wait for a longer one.
const EARLY_SEED = 35

function folderFor(context: TestContext): string {
  return join(temporaryFolder('drill', context), 'out')
}

async function drill(context: TestContext, ...args: readonly string[]): Promise<{ result: DrillResult; out: string }> {
  const out = folderFor(context)
  const { exitCode, stdout, stderr } = await runCommand(
    ['drill', '--json', '--window', '500ms', '--out', out, ...args],
    labRootFor(context),
  )
  assert.equal(exitCode, 0, stderr)
  return { result: JSON.parse(stdout) as DrillResult, out }
}

for (const lab of ['embedded', 'activemq-jdbc']) {
  describe(`a drill on ${lab}`, { skip: brokerSkip(lab) }, () => {
    it('kills the active broker, sees the other take over, and loses nothing', async (context) => {
      const { result, out } = await drill(context, '--lab', lab, '--seed', String(EARLY_SEED))
      assert.equal(result.verdict, 'pass')
      assert.deepEqual(result.reasons, [])
      assert.equal(result.jobs.lost, 0)
      assert.equal(result.jobs.unexpected, 0)
      assert.equal(result.jobs.duplicated.postAck, 0)
      assert.equal(result.jobs.acknowledged, result.jobs.attempted)
      assert.match(result.fault.proof.join(), /is gone \(SIGKILL\).*refuses connections/)
      assert(result.markers.some(({ kind, node }) => kind === 'lock-acquired' && node === 'b'))
      assert.equal(result.takenOverBy, 'b')
      const parts = result.failoverParts.reduce((sum, { ms }) => sum + ms, 0)
      assert.equal(parts, result.failoverMs)
      assert.equal(result.failoverParts.length, 5)
      for (const name of ['events.jsonl', 'result.json', 'report.html', ...result.files.logs]) {
        assert(existsSync(join(out, name)), name)
      }
      assert.deepEqual(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')), result)
    })
  })
}

// Each has a lab of its own, and mostly waits.
describe('a drill', { concurrency: 3 }, () => {
  it('tells a paused broker as a hang, and loses nothing once it goes on', async (context) => {
    const { result } = await drill(context, '--fault', 'pause', '--hold', '2s')
    assert.equal(result.takenOverBy, null)
    assert.equal(result.failoverMs, null)
    assert.equal(result.jobs.lost, 0)
    assert.match(result.fault.proof.join(), /is paused \(SIGSTOP\).*answers nothing/)
    assert(result.findings.some((finding) => finding.includes('a hang, not a refusal')))
  })

  it('asks a broker to leave and sees the other take over', async (context) => {
    const { result } = await drill(context, '--fault', 'stop')
    assert.equal(result.takenOverBy, 'b')
    assert.equal(result.jobs.lost, 0)
    assert.match(result.fault.proof.join(), /SIGTERM/)
  })

  it('draws the same phase from the same seed, and says how to repeat itself', async (context) => {
    const { result } = await drill(context, '--seed', '11')
    const again = await drill(context, '--seed', '11')
    assert.equal(again.result.fault.phaseMs, result.fault.phaseMs)
    assert.equal(result.command, 'understudy drill --lab embedded --fault kill --seed 11 --window 500ms')
  })

  it('is judged the same when its history is judged again', async (context) => {
    const { result, out } = await drill(context)
    const { exitCode, stdout } = await runCommand(['check', join(out, 'events.jsonl'), '--json'])
    assert.equal(exitCode, 0)
    const again = JSON.parse(stdout) as DrillResult
    assert.equal(again.verdict, result.verdict)
    assert.deepEqual(again.jobs, result.jobs)
    assert.deepEqual(again.failoverParts, result.failoverParts)
  })

  it('fails an objective that was not met, with exit code 1', async (context) => {
    const args = [
      'drill',
      '--fault',
      'pause',
      '--hold',
      '1s',
      '--window',
      '500ms',
      '--rto',
      '100ms',
      '--out',
      folderFor(context),
    ]
    const { exitCode, stdout } = await runCommand(args, labRootFor(context))
    assert.equal(exitCode, 1)
    assert.match(stdout, /^FAIL.*RTO 100 ms: FAIL/)
  })

  it('fails when jobs failed, unless so many are allowed', async (context) => {
    const args = ['drill', '--fault', 'pause', '--hold', '2s', '--window', '500ms']
    const impatient = [...args, '--client-options', 'retryThreshold=500']
    const failed = await runCommand([...impatient, '--out', folderFor(context)], labRootFor(context))
    assert.equal(failed.exitCode, 1)
    assert.match(failed.stdout, /^FAIL.*failed jobs 0: FAIL \(actual \d+\)/)
    const allowed = [...impatient, '--allow-failed', '1000', '--out', folderFor(context)]
    assert.equal((await runCommand(allowed, labRootFor(context))).exitCode, 0)
  })

  it('heals at once when an abort condition is met, and says so', async (context) => {
    const out = folderFor(context)
    const args = [
      'drill',
      '--fault',
      'pause',
      '--hold',
      '1h',
      '--abort-outage',
      '1s',
      '--window',
      '500ms',
      '--out',
      out,
    ]
    const { exitCode, stdout, stderr } = await runCommand([...args, '--json'], labRootFor(context))
    assert.equal(exitCode, 2, stderr)
    const { reasons, jobs, command } = JSON.parse(stdout) as DrillResult
    assert.match(reasons.join(), /aborted after the fault: no job was confirmed for 1 s/)
    assert.equal(jobs.lost, 0)
    assert.match(command, /--hold 1h --window 500ms --abort-outage 1s$/)
    const types = readFileSync(join(out, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    // It is looked for from the fault on, also while probes still say what the broker answers.
    for (const type of ['proof', 'abort']) {
      assert(
        types.includes(type) && types.indexOf(type) < types.indexOf('heal'),
        types.filter((one) => one !== 'probe').join(' '),
      )
    }
  })

  it('cuts the clients off by proxies of its own, on any lab', async (context) => {
    const { result } = await drill(context, '--fault', 'slow', '--delay', '300ms', '--hold', '1s')
    assert.equal(result.jobs.lost, 0)
    assert.match(result.command, /--fault slow --seed \d+ --delay 300ms --hold 1s/)
    assert(result.latencyMs !== null && result.latencyMs.max >= 600)
  })

  it('injects nothing without a steady state, ends with 2, and leaves a junit.xml that says so', async (context) => {
    const out = folderFor(context)
    const args = ['drill', '--uri', 'stomp://127.0.0.1:1', '--fault', 'cut', '--out', out]
    const { exitCode, stdout } = await runCommand(args, labRootFor(context))
    assert.equal(exitCode, 2)
    assert.match(stdout, /There was no steady state: no broker took jobs/)
    assert.doesNotMatch(readFileSync(join(out, 'events.jsonl'), 'utf8'), /"type":"fault"/)
    assert.match(readFileSync(join(out, 'junit.xml'), 'utf8'), /<error message="[^"]*no steady state/)
  })

  it('leaves a junit.xml with an error when the harness broke', async (context) => {
    const out = folderFor(context)
    const { child, saw, ended } = startCommand(
      ['drill', '--fault', 'pause', '--hold', '1h', '--out', out],
      labRootFor(context),
    )
    await saw('fault proven')
    child.kill('SIGINT')
    assert.equal((await ended).exitCode, 130)
    assert.match(readFileSync(join(out, 'junit.xml'), 'utf8'), /<error message="interrupted; the brokers were healed/)
  })

  it('finds a steady state at a slow rate too', async (context) => {
    const { result } = await drill(context, '--every', '1s')
    assert.equal(result.verdict, 'pass')
    assert.equal(result.jobs.lost, 0)
  })

  it('says unknown when it stood still itself, and blames no broker', async (context) => {
    const args = ['drill', '--json', '--window', '5s', '--rto', '2s', '--out', folderFor(context)]
    const { child, saw, ended } = startCommand(args, labRootFor(context))
    await saw('a healed')
    child.kill('SIGSTOP')
    // Not a wait for anything: it is the stall itself.
    await setTimeout(2500)
    child.kill('SIGCONT')
    const { exitCode, stdout } = await ended
    assert.equal(exitCode, 2)
    const { reasons } = JSON.parse(stdout) as DrillResult
    const [, stood] = /The drill itself stood still for ([\d.]+) s/.exec(reasons.join()) ?? []
    // A busy machine may let it lie for longer.
    assert(Number(stood) >= 2, reasons.join())
  })

  it('shows plain lines without a terminal, and not one control code', async (context) => {
    const args = ['drill', '--window', '500ms', '--out', folderFor(context)]
    const { stdout, stderr } = await runCommand(args, labRootFor(context))
    assert.match(stderr, /steady state[\s\S]*fault: kill a[\s\S]*b took over/)
    assert.doesNotMatch(stdout + stderr, /\u001b/)
  })

  it('continues a paused broker and takes everything down on Ctrl-C', async (context) => {
    const args = ['drill', '--fault', 'pause', '--hold', '1h', '--out', folderFor(context)]
    const { child, saw, ended } = startCommand(args, labRootFor(context))
    await saw('fault proven')
    child.kill('SIGINT')
    const { exitCode, stderr } = await ended
    assert.equal(exitCode, 130)
    assert.match(stderr, /understudy: interrupted; the brokers were healed and taken down\n$/)
  })

  it('leaves nothing that `lab down` does not find when it is killed itself', async (context) => {
    const labs = labRootFor(context)
    const { child, saw, ended } = startCommand(
      ['drill', '--fault', 'pause', '--hold', '1h', '--out', folderFor(context)],
      labs,
    )
    await saw('fault proven')
    child.kill('SIGKILL')
    await ended
    const { exitCode, stdout, stderr } = await runCommand(['lab', 'down'], labs)
    assert.equal(exitCode, 0, stderr)
    assert.match(stdout + stderr, /embedded-\w+ is down/)
  })
})
