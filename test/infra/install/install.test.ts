import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { install } from '../../../infra/install/install.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'
import { fakeMachine } from './fake-apt.ts'

// The fake apt-get lies beside the file that tells that everything is there.
const SUCCEEDS = 'case "$*" in *" install "*) touch "$(dirname "$0")/done";; esac'

describe('lab install', () => {
  it('says what it will run, updates, installs what is missing, and lets no service start meanwhile', async (context) => {
    const machine = fakeMachine(context, SUCCEEDS)
    const lines: string[] = []
    const outcome = await install({ machine, onProgress: (line) => lines.push(line) })
    assert.deepEqual(outcome, { kind: 'installed', packages: ['activemq'] })
    const [update, installed, ...more] = machine.calls()
    assert.match(update ?? '', / update \| policy 101 \| noninteractive$/)
    assert.match(installed ?? '', / install --no-install-recommends activemq \| policy 101 \| noninteractive$/)
    assert.deepEqual(more, [])
    const said = lines.findIndex((line) => line === 'will run: apt-get -y install --no-install-recommends activemq')
    assert(said !== -1 && said < lines.findIndex((line) => line.startsWith('running:')))
    assert.equal(existsSync(machine.servicePolicy), false)
  })

  it('does nothing where everything is there', async (context) => {
    const machine = fakeMachine(context, SUCCEEDS, { missing: () => [] })
    assert.deepEqual(await install({ machine }), { kind: 'complete' })
    assert.deepEqual(machine.calls(), [])
  })

  it('puts back the service policy that was there, mode included', async (context) => {
    const machine = fakeMachine(context, SUCCEEDS)
    writeFileSync(machine.servicePolicy, '#!/bin/sh\nexit 104\n')
    chmodSync(machine.servicePolicy, 0o711)
    await install({ machine })
    assert.match(machine.calls()[1] ?? '', /policy 101/)
    assert.equal(readFileSync(machine.servicePolicy, 'utf8'), '#!/bin/sh\nexit 104\n')
    assert.equal(statSync(machine.servicePolicy).mode & 0o777, 0o711)
    assert.deepEqual(readdirSync(machine.folder).sort(), ['apt-get', 'calls', 'done', 'policy-rc.d'])
  })

  it("fails with apt-get's own words, and puts the service policy back", async (context) => {
    const machine = fakeMachine(
      context,
      'echo Reading lists; echo "E: Unable to locate package activemq" >&2; exit 100',
    )
    writeFileSync(machine.servicePolicy, 'mine')
    await assert.rejects(install({ machine }), {
      code: 'unsupported',
      message: 'apt-get update failed: E: Unable to locate package activemq',
    })
    assert.equal(readFileSync(machine.servicePolicy, 'utf8'), 'mine')
  })

  it('tells of a failed update when nothing can be installed after it', async (context) => {
    const script =
      'case "$*" in *" update") echo "W: Failed to fetch nowhere" >&2;; *) echo "E: Unable to locate" >&2; exit 100;; esac'
    await assert.rejects(install({ machine: fakeMachine(context, script) }), {
      message: /failed: E: Unable to locate \(update before it: W: Failed to fetch nowhere\)$/,
    })
  })

  it('lets apt-get finish in order when it is interrupted, and puts the service policy back', async (context) => {
    const machine = fakeMachine(context, 'trap "echo left >> $0.left; exit 130" INT; while :; do sleep 0.05; done')
    writeFileSync(machine.servicePolicy, 'mine')
    const interrupt = new AbortController()
    const installing = install({ machine, signal: interrupt.signal })
    await waitUntil(() => machine.calls().length > 0 || undefined, { what: 'apt-get', withinMs: 20_000 })
    interrupt.abort()
    await assert.rejects(installing, { code: 'aborted' })
    assert.equal(readFileSync(join(machine.folder, 'apt-get.left'), 'utf8'), 'left\n')
    assert.equal(readFileSync(machine.servicePolicy, 'utf8'), 'mine')
  })

  it('puts right first what a killed installation left behind', async (context) => {
    const machine = fakeMachine(context, SUCCEEDS)
    writeFileSync(`${machine.servicePolicy}.before-understudy`, 'mine')
    writeFileSync(machine.servicePolicy, 'left by us')
    await install({ machine })
    assert.equal(readFileSync(machine.servicePolicy, 'utf8'), 'mine')
    assert.equal(existsSync(`${machine.servicePolicy}.before-understudy`), false)
  })

  it('tells what to run where it may not run it', async (context) => {
    const machine = fakeMachine(context, SUCCEEDS, { isRoot: false })
    const outcome = await install({ machine })
    const lines = outcome.kind === 'by-hand' ? outcome.lines : []
    assert.match(lines[0] ?? '', /^# Missing: ActiveMQ Classic\..*takes root.*sudo/)
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('#')),
      [
        `printf '#!/bin/sh\\nexit 101\\n' | sudo install -m 755 /dev/stdin ${machine.servicePolicy}`,
        'sudo apt-get update',
        'sudo apt-get -y install --no-install-recommends activemq',
        `sudo rm ${machine.servicePolicy}`,
      ],
    )
    assert.deepEqual(machine.calls(), [])
  })

  it('names a variable that misleads it instead of installing what would not be found', async (context) => {
    const machine = fakeMachine(context, SUCCEEDS, { misled: () => 'ACTIVEMQ_HOME (/nowhere) holds no ActiveMQ' })
    await assert.rejects(install({ machine }), {
      code: 'unsupported',
      message: /^ACTIVEMQ_HOME \(\/nowhere\).*unset it$/,
    })
    assert.deepEqual(machine.calls(), [])
  })

  it('tells what to install where there is no apt-get', async (context) => {
    const outcome = await install({ machine: fakeMachine(context, SUCCEEDS, { find: () => undefined }) })
    assert.equal(outcome.kind, 'by-hand')
    assert.match(outcome.kind === 'by-hand' ? outcome.lines.join('\n') : '', /ActiveMQ Classic[^]*ACTIVEMQ_HOME/)
  })

  it('does not believe in success when the parts are still missing', async (context) => {
    await assert.rejects(install({ machine: fakeMachine(context, '') }), {
      code: 'unsupported',
      message: 'apt-get succeeded, and yet there is no ActiveMQ Classic',
    })
  })
})
