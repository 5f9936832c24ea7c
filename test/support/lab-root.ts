import { rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createLabs } from '../../infra/labs/labs.ts'
import { findMarkedProcesses } from '../../infra/labs/processes/process-marks.ts'
import { labRoot } from '../../infra/labs/lab-folder.ts'
import { removeNetwork } from '../../infra/netns/network.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { atTheEnd } from './at-the-end.ts'

/** A folder for labs of one test alone. After the test nothing may be left of them. */
export function labRootFor(context: TestContext): string {
  const root = newLabRoot('test')
  context.after(async () => {
    const left = createLabs({ root }).running()
    const processes = findMarkedProcesses(root)
    killAll(processes)
    const files = await readdir(root)
    // Without its folder nobody would know of it any more.
    for (const id of files) await removeNetwork(id)
    rmSync(root, { recursive: true, force: true })
    assert.deepEqual({ left, processes, files }, { left: [], processes: [], files: [] }, 'a test left a lab behind')
  })
  return root
}

/** A folder for labs, which ends with this process, and every process of its labs with it. */
export function newLabRoot(name: string): string {
  const root = labRoot(temporaryFolder(name))
  atTheEnd(() => killAll(findMarkedProcesses(root)))
  return root
}

function killAll(processes: ReturnType<typeof findMarkedProcesses>): void {
  for (const { identity } of processes) {
    try {
      process.kill(identity.pid, 'SIGKILL')
    } catch {
      // Gone meanwhile.
    }
  }
}

export function isPortOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
