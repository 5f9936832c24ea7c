import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { it } from 'node:test'
import { startScript } from './command.ts'

const FOLDER = JSON.stringify(new URL('./temporary-folder.ts', import.meta.url))
const KEEPS_A_FOLDER = `import { temporaryFolder } from ${FOLDER}
console.log(temporaryFolder('ended') + '|')
setInterval(() => {}, 1000)`

it('a folder of a test goes when a signal ends the test before its time', async () => {
  const { child, saw, ended } = startScript(['--input-type=module', '--eval', KEEPS_A_FOLDER])
  await saw('|')
  child.kill('SIGTERM')
  const { exitCode, stdout } = await ended
  assert.equal(exitCode, 143)
  const path = stdout.split('|')[0] ?? ''
  assert.match(path, /understudy-ended-\w+$/)
  assert.equal(existsSync(path), false)
})
