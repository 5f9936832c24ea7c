import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { openLabFolder } from '../../../../infra/labs/lab-folder.ts'
import { processState } from '../../../../infra/labs/processes/process-identity.ts'
import { findMarkedProcesses } from '../../../../infra/labs/processes/process-marks.ts'
import { isPortOpen, labRootFor } from '../../../support/lab-root.ts'

const PROGRAM = fileURLToPath(new URL('../up-and-wait.ts', import.meta.url))

/** Runs a process that puts up a lab, and returns its first word and a way to kill it. */
async function upElsewhere(
  context: TestContext,
  ...args: string[]
): Promise<{ word: string; kill: () => Promise<void>; ended: Promise<unknown> }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  context.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const [word] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return { word, kill, ended }
}

describe('what a crashed run leaves behind', () => {
  it('is found and ended after SIGKILL of the owner', async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root })
    const { word: id, kill } = await upElsewhere(context, root, 'embedded', 'owned')
    assert.equal(labs.running()[0]?.owner, 'a running process')
    assert.deepEqual(await labs.down(), [])
    const { processes, ports } = openLabFolder(root, id).read()
    const identities = Object.values(processes).flatMap(({ identity }) => identity ?? [])
    assert.equal(identities.length, 2)

    await kill()
    assert.equal(labs.running()[0]?.owner, 'a process that is gone')
    assert.deepEqual(await labs.down(), [id])
    assert.deepEqual(identities.map(processState), ['gone', 'gone'])
    assert.deepEqual(await Promise.all(Object.values(ports).map(isPortOpen)), [false, false])
    assert.deepEqual(labs.running(), [])
  })

  it('is found though the owner was killed while the lab was being put up', async (context) => {
    const root = labRootFor(context)
    const { kill } = await upElsewhere(context, root, 'embedded', 'owned', 'broker b stands by')
    await kill()
    assert.notDeepEqual(findMarkedProcesses(root), [])
    assert.equal((await createLabs({ root }).down()).length, 1)
    assert.deepEqual(findMarkedProcesses(root), [])
  })

  it('is ended by the next lab that is put up', async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root })
    const { word: id, kill } = await upElsewhere(context, root, 'embedded', 'owned')
    await kill()
    const lines: string[] = []
    const next = await labs.up('embedded', { onProgress: (line) => lines.push(line) })
    assert.match(lines[0] ?? '', new RegExp(`${id}, left behind`))
    assert.deepEqual(
      labs.running().map((lab) => lab.id),
      [next.id],
    )
    await next.down()
  })

  it('is not a lab that a person put up to stay: only `down` ends that', async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root })
    const { word: id, ended } = await upElsewhere(context, root, 'embedded', 'stays')
    assert.deepEqual(await ended, [0, null])
    const other = await labs.up('embedded')
    const staying = labs.attach()
    assert.equal(staying.id, id)
    assert.deepEqual([staying.state('a'), staying.state('b')], ['running', 'running'])
    await other.down()
    assert.deepEqual(await labs.down(), [id])
  })

  it('is found by its processes alone when its folder is gone', { skip: noProc() }, async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root })
    // The embedded brokers would end themselves without their lock file.
    const { word: id, kill } = await upElsewhere(context, root, 'idle', 'owned')
    await kill()
    await rename(join(root, id), join(root, '.moved'))
    assert.deepEqual(await labs.down(), [id])
    await rename(join(root, '.moved'), join(root, id))
    const { processes } = openLabFolder(root, id).read()
    assert.deepEqual(
      Object.values(processes).map(({ identity }) => identity && processState(identity)),
      ['gone', 'gone'],
    )
    await labs.down()
  })
})

function noProc(): string | false {
  return process.platform === 'linux' ? false : 'environments of processes are read from /proc'
}
