import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runOwnCommand } from '../../../src/cli/own-brokers/command.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const USUAL = { environment: {}, limitMs: 30_000, secrets: [] }

describe('a command of the user’s', () => {
  it('finds the environment it is promised, and its output is kept without secrets', async () => {
    const end = await runOwnCommand('echo "$UNDERSTUDY_NODE hush" >&2; exit 3', {
      ...USUAL,
      environment: { UNDERSTUDY_NODE: 'a' },
      secrets: ['hush'],
    })
    assert.deepEqual(end, { exitCode: 3, output: 'a ***\n', how: 'ended with 3' })
  })

  it('keeps no half of a secret where its output is cut, however often the secret came before', async () => {
    const secret = 'abcdefghijkl'
    for (const script of [
      `head -c ${64 * 1024 - 5} /dev/zero | tr '\\0' x; printf ${secret}`,
      `yes ${secret}x | head -c 200000`,
    ]) {
      const { output } = await runOwnCommand(script, { ...USUAL, secrets: [secret] })
      assert.ok(output.length > 10_000)
      assert.doesNotMatch(output, /abc/)
    }
  })

  it('is ended with all that it started when its time is over', async (context) => {
    const pidFile = join(temporaryFolder('own', context), 'pid')
    const end = await runOwnCommand(`sleep 600 & echo $! > '${pidFile}'; wait`, { ...USUAL, limitMs: 1000 })
    assert.equal(end.exitCode, null)
    assert.equal(end.how, 'was ended after 1 s')
    await gone(Number(readFileSync(pidFile, 'utf8')))
  })

  it('is ended with the drill', async (context) => {
    const started = join(temporaryFolder('own', context), 'started')
    const controller = new AbortController()
    const running = runOwnCommand(`touch '${started}'; sleep 600`, { ...USUAL, signal: controller.signal })
    while (!existsSync(started)) await new Promise((resolve) => setTimeout(resolve, 10))
    controller.abort()
    assert.equal((await running).how, 'was ended with the drill')
  })

  it('may leave something running that keeps its output open', async (context) => {
    const pidFile = join(temporaryFolder('own', context), 'pid')
    const end = await runOwnCommand(`sleep 600 & echo $! > '${pidFile}'; echo started`, USUAL)
    assert.equal(end.exitCode, 0)
    process.kill(Number(readFileSync(pidFile, 'utf8')))
  })

  it('that the shell does not know says so', async () => {
    const end = await runOwnCommand('no-such-command-here', USUAL)
    assert.equal(end.exitCode, 127)
    assert.match(end.output, /not found/)
  })
})

/** Killed and reaped: the tests have a deadline of their own. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    // A zombie of a process that nobody waits for any more counts as gone.
    if (existsSync(`/proc/${pid}/stat`) && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
