import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { sqliteFailures } from '../../../src/stores.ts'
import { failed } from '../../jobs/failures/desk-stage.ts'
import { type AtTerminal, atTerminal, NO_PSEUDO_TERMINAL } from '../../support/pseudo-terminal.ts'
import { type JobStage, jobStage } from './job-stage.ts'

const ASKED = '[y/N]'
const LEFT = 'nothing was changed'

/** What comes of a command whose question is answered so. */
async function answered(args: readonly string[], answer: string): Promise<AtTerminal> {
  const session = atTerminal(args)
  await session.saw(ASKED)
  session.type(answer)
  return await session.ended
}

describe('a command that touches more than was seen, at a terminal', { skip: NO_PSEUDO_TERMINAL ?? false }, () => {
  let stage: JobStage & { close(): Promise<void> }
  let retry: readonly string[]
  let purge: readonly string[]

  before(async () => {
    stage = await jobStage('embedded')
    const path = join(stage.folder, 'asked.db')
    await using kept = sqliteFailures(path)
    await kept.open()
    await kept.keep([failed('one', { queue: 'asked' }), failed('two', { queue: 'asked' })])
    retry = ['failures', 'retry', 'status:failed', stage.uri, '--failures', path]
    purge = ['purge', stage.uri, 'asked']
  })
  after(async () => {
    await stage?.close()
  })

  /** How many a dry run would send back. */
  const failedStill = async (): Promise<unknown> =>
    (JSON.parse(await stage.output(...retry, '--dry-run', '--json')) as { matching: unknown }).matching

  const refuses = (
    command: () => readonly string[],
    answers: Readonly<Record<string, string>>,
    unchanged: () => Promise<void>,
  ): void => {
    for (const [what, answer] of Object.entries(answers))
      it(`changes nothing on ${what}, and says so`, async () => {
        const { exitCode, screen } = await answered(command(), answer)
        assert.deepEqual([exitCode, screen.includes(LEFT)], [130, true], screen)
        await unchanged()
      })

    it('changes nothing where the input had ended before it asked', async () => {
      const session = atTerminal(command())
      session.endInput()
      const { exitCode, screen } = await session.ended
      assert.deepEqual([exitCode, screen.includes(ASKED), screen.includes(LEFT)], [130, true, true], screen)
      await unchanged()
    })
  }

  describe('as failures retry', () => {
    refuses(
      () => retry,
      { n: 'n\n', 'an empty line': '\n', 'the end of input': '\u0004', 'an interrupt': '\u0003' },
      async () => assert.equal(await failedStill(), 2),
    )

    it('goes on after y', async () => {
      const { exitCode, screen } = await answered(retry, 'y\n')
      assert.deepEqual([exitCode, screen.includes('2 failures sent back')], [0, true], screen)
      assert.equal(await failedStill(), 0)
    })
  })

  describe('as purge', () => {
    const inQueue = async (): Promise<string> => await stage.output('queues', stage.uri, 'asked', '--json')

    refuses(
      () => purge,
      { n: 'n\n', 'the end of input': '\u0004' },
      async () => assert.match(await inQueue(), /"ready": 2\b/),
    )

    it('goes on after y', async () => {
      const { exitCode, screen } = await answered(purge, 'y\n')
      assert.deepEqual([exitCode, screen.includes('2 removed from asked')], [0, true], screen)
    })
  })
})
