import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const deadline = new URL('./file-deadline.ts', import.meta.url)

async function run(code: string, ms: number): Promise<{ readonly exitCode: unknown; readonly stderr: string }> {
  const child = spawn(process.execPath, ['--import', deadline.href, '--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('.', deadline)),
    env: { ...process.env, NODE_TEST_CONTEXT: 'child', UNDERSTUDY_TEST_FILE_DEADLINE_MS: String(ms) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [exitCode] = await once(child, 'close')
  return { exitCode, stderr }
}

test('a file of tests that something keeps alive fails at its deadline and says what does', async () => {
  const { exitCode, stderr } = await run("(await import('node:net')).createServer().listen(0, '127.0.0.1')", 200)
  assert.equal(exitCode, 1)
  assert.match(stderr, /not over after 200 ms; what keeps it alive: .*TCPServerWrap/)
})

test('a file of tests that is over before its deadline ends as it would without one', async () => {
  assert.deepEqual(await run('', 600_000), { exitCode: 0, stderr: '' })
})
