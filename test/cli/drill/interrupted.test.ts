import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { runCommand, type RunningCommand, startCommand } from '../../support/command.ts'
import { labRootFor } from '../../support/lab-root.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** A drill whose broker is paused and stays so. After the test nothing of its lab may be left. */
async function heldDrill(context: TestContext): Promise<RunningCommand> {
  const folder = temporaryFolder('held', context)
  const running = startCommand(
    ['drill', '--fault', 'pause', '--hold', '1h', '--out', join(folder, 'out')],
    labRootFor(context),
  )
  await running.saw('fault proven')
  return running
}

describe('a drill in the middle of its fault', () => {
  it('takes everything down when its terminal is closed', async (context) => {
    const { child, ended } = await heldDrill(context)
    child.kill('SIGHUP')
    assert.equal((await ended).exitCode, 130)
  })

  it('takes a Ctrl-C that npm repeats for one, and heals', async (context) => {
    const { child, ended } = await heldDrill(context)
    child.kill('SIGINT')
    child.kill('SIGTERM')
    const { exitCode, stderr } = await ended
    assert.equal(exitCode, 130)
    assert.match(stderr, /the brokers were healed and taken down\n$/)
  })

  it('takes everything down when nobody reads its progress any more', async (context) => {
    const { child, ended } = await heldDrill(context)
    child.stdout?.destroy()
    child.stderr?.destroy()
    assert.equal((await ended).exitCode, 130)
  })
})

describe('the command line', () => {
  it('prints its help, and no error, when no command is given', async () => {
    for (const args of [[], ['lab']]) {
      const { exitCode, stdout, stderr } = await runCommand(args)
      assert.equal(exitCode, 64)
      assert.equal(stdout, '')
      assert.match(stderr, /^Usage: understudy [^]*Commands:/)
      assert.doesNotMatch(stderr, /^understudy: /m)
    }
  })
})
