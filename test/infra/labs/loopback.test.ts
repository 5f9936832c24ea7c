import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { it } from 'node:test'
import { checkLoopback } from '../../../infra/labs/loopback.ts'

const LOOPBACK = JSON.stringify(new URL('../../../infra/labs/loopback.ts', import.meta.url))
const CHECK = `import { checkLoopback } from ${LOOPBACK}
await checkLoopback().catch(({ code, message }) => console.log(code, message))`

const isolation = ['--net', '--map-root-user']
const cannotIsolate = spawnSync('unshare', [...isolation, 'true']).status !== 0

it('127.0.0.1 can be connected to here', async () => {
  await checkLoopback()
})

it('a loopback interface that is down is told before anything is started', {
  skip: cannotIsolate && 'no network namespace can be made here',
}, () => {
  const command = [...isolation, process.execPath, '--input-type=module', '--eval', CHECK]
  const { stdout } = spawnSync('unshare', command, { encoding: 'utf8' })
  assert.match(
    stdout,
    /^unsupported 127\.0\.0\.1 cannot be connected to.*\(ENETUNREACH\).*is the loopback interface up\?\n$/,
  )
})
