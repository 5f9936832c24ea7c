import { mkdtempSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createLabs } from '../../infra/labs/labs.ts'
import { findMarkedProcesses } from '../../infra/labs/process-marks.ts'
import { labRoot } from '../../infra/labs/lab-folder.ts'

/** A folder for labs of one test alone. After the test nothing may be left of them. */
export function labRootFor(context: TestContext): string {
  const root = labRoot(mkdtempSync(join(tmpdir(), 'understudy-test-')))
  context.after(async () => {
    const left = createLabs({ root }).running()
    const processes = findMarkedProcesses(root)
    for (const { identity } of processes) process.kill(identity.pid, 'SIGKILL')
    const files = await readdir(root)
    rmSync(root, { recursive: true, force: true })
    assert.deepEqual({ left, processes, files }, { left: [], processes: [], files: [] }, 'a test left a lab behind')
  })
  return root
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
