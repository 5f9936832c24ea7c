import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, describe, it } from 'node:test'
import {
  type ProcessIdentity,
  identify,
  ownIdentity,
  processState,
  signalProcess,
} from '../../../../infra/labs/processes/process-identity.ts'
import { waitUntil } from '../../../../infra/labs/wait-until.ts'

/** A process that does nothing until it is ended; this test is its parent and reaps it. */
function idleProcess(context: TestContext): { identity: ProcessIdentity; ended: Promise<unknown> } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  context.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const identity = identify(child.pid ?? 0)
  assert(identity)
  return { identity, ended }
}

async function becomes(identity: ProcessIdentity, wanted: string): Promise<void> {
  const look = (): true | undefined => (processState(identity) === wanted ? true : undefined)
  await waitUntil(look, { what: wanted, withinMs: 10_000, everyMs: 1 })
}

describe('a process and no other', () => {
  it('is seen running, paused, running again and gone', async (context) => {
    const { identity, ended } = idleProcess(context)
    assert.equal(processState(identity), 'running')
    assert.equal(signalProcess(identity, 'SIGSTOP'), true)
    await becomes(identity, 'paused')
    assert.equal(signalProcess(identity, 'SIGCONT'), true)
    await becomes(identity, 'running')
    assert.equal(signalProcess(identity, 'SIGKILL'), true)
    await ended
    assert.equal(processState(identity), 'gone')
    assert.equal(signalProcess(identity, 'SIGKILL'), false)
  })

  it('is not the one that got its pid since: that one is never signalled', async (context) => {
    const { identity } = idleProcess(context)
    const earlier = { pid: identity.pid, startedAt: `${identity.startedAt}0` }
    assert.equal(processState(earlier), 'gone')
    assert.equal(signalProcess(earlier, 'SIGKILL'), false)
    assert.equal(processState(identity), 'running')
  })

  it('has the same identity whenever it is asked', () => {
    assert.deepEqual(identify(process.pid), ownIdentity())
  })
})
