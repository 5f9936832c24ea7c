import assert from 'node:assert/strict'
import { type TestContext, it } from 'node:test'
import { waitUntil } from '../../../infra/labs/wait-until.ts'
import { type LineProgram, startLineProgram } from '../../../bench/processes/line-program.ts'

const SAYS = 'console.log(JSON.stringify({ pid: process.pid }));'
// Holds both outputs of the program that started it, and outlives it.
const LEAVES_A_CHILD = `
const { spawn } = require('node:child_process')
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
console.log(JSON.stringify({ pid: child.pid }))
`

function start(context: TestContext, script: string, leavesWithinMs = 20_000): LineProgram<{ readonly pid: number }> {
  const program = startLineProgram<{ readonly pid: number }>('a program', [process.execPath, '-e', script], {
    leavesWithinMs,
  })
  context.after(() => program.kill())
  return program
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

it('a program leaves when its input ends, and says how', async (context) => {
  const program = start(context, `${SAYS} process.stdin.on('end', () => process.exit(3)).resume()`)
  assert.equal((await program.next(20_000)).pid, program.last?.pid)
  assert.equal(await program.stop(), 'code 3')
})

it('a program that does not leave in time is killed', async (context) => {
  const program = start(context, `${SAYS} setInterval(() => {}, 1000)`, 1)
  await program.next(20_000)
  assert.equal(await program.stop(), 'SIGKILL')
})

it('a program is gone although a process that it left behind holds its outputs, which is killed', async (context) => {
  const program = start(context, `${LEAVES_A_CHILD}; process.stdin.on('end', () => process.exit(0)).resume()`)
  const { pid } = await program.next(20_000)
  assert.equal(await program.stop(), 'code 0')
  await waitUntil(() => (isThere(pid) ? undefined : true), { what: 'the end of what it left behind', withinMs: 20_000 })
})

it('a program that ends by itself has failed, with its last words', async (context) => {
  const program = start(context, `console.error('no such broker'); process.exit(1)`)
  await assert.rejects(program.failed, { message: 'a program ended with code 1: no such broker' })
})
