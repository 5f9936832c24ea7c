import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'
import { startScript } from '../support/command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// The one thread that looks names up waits for a writer of the pipe, who never comes.
const LOOKS_UP_FOR_EVER = `
  import { lookup } from 'node:dns'
  import { open } from 'node:fs'
  import { leave } from ${JSON.stringify(new URL('../../src/cli/leave.ts', import.meta.url))}
  open(process.argv[1], () => {})
  lookup('localhost', () => {})
  process.stdout.write('x'.repeat(1_000_000) + 'end')
  await leave(3)
`

it('a lookup that does not end holds nobody up, and cuts no output', { timeout: 60_000 }, async (context) => {
  const pipe = join(temporaryFolder('leave', context), 'pipe')
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
  const { child, ended } = startScript(['--input-type=module', '--eval', LOOKS_UP_FOR_EVER, pipe], {
    UV_THREADPOOL_SIZE: '1',
  })
  context.after(() => child.kill('SIGKILL'))
  const { exitCode, stdout, stderr } = await ended
  assert.equal(exitCode, 3)
  assert.equal(stdout.length, 1_000_003)
  assert.equal(stderr, '')
})
