import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { jobStage } from './job-stage.ts'

describe('a queue of a broker that counts what consumers hold', () => {
  let stage: Awaited<ReturnType<typeof jobStage>>
  before(async () => {
    stage = await jobStage('embedded')
  })
  after(async () => await stage.close())

  it('is told of in so many words, and in figures for programs', async () => {
    for (let count = 0; count < 2; count++)
      await stage.output('enqueue', stage.uri, '--job', 'hold', '--queue', 'holds', '--args', '{}')
    const shown = await stage.run('queues', stage.uri, 'holds')
    assert.match(shown.stdout, /^ *about 2 +\? +holds$/m)
    assert.match(shown.stderr, /^about: counted with what consumers hold/m)
    const { queues } = JSON.parse(await stage.output('queues', stage.uri, 'holds', '--json')) as {
      queues: readonly { ready: number; isExact: boolean }[]
    }
    assert.deepEqual(
      queues.map(({ ready, isExact }) => ({ ready, isExact })),
      [{ ready: 2, isExact: false }],
    )
    const purge = await stage.run('purge', stage.uri, 'holds')
    assert.equal(purge.exitCode, 64)
    assert.match(
      purge.stderr,
      /remove about 2 messages from holds \(counted with what consumers hold, which stays theirs\)\?/,
    )
    assert.equal(await stage.output('purge', stage.uri, 'holds', '--yes'), '2 removed from holds\n')
  })
})
