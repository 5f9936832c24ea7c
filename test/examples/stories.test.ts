import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Lab } from '../../infra/labs/lab.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { brokerSkip } from '../support/brokers.ts'
import { startScript } from '../support/command.ts'
import { newLabRoot } from '../support/lab-root.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { exampleScript } from './example-script.ts'

/** What the example prints, with ids as `ID`. */
async function told(name: string, uri: string, context: TestContext): Promise<string[]> {
  const file = join(temporaryFolder('story', context), 'failures.db')
  const { exitCode, stdout, stderr } = await startScript([exampleScript(name, context), uri, file]).ended
  assert.deepEqual([exitCode, stderr], [0, ''], stdout)
  return stdout
    .trim()
    .replaceAll(/[0-9a-f-]{36}/g, 'ID')
    .split('\n')
}

function stories(uriOf: () => string): void {
  it('Palermo: a failed job is kept with its error, attempts and queue; it is removed, or sent back and done', async (context) => {
    const failed = (name: string): string =>
      `failed on pictures: thumbnails ${name} in 2 sizes; TypeError: cannot read ${name}; 2 attempts`
    assert.deepEqual(await told('palermo.ts', uriOf(), context), [
      '3 jobs are written, and there is no worker yet',
      'sea.png is small-sea.png large-sea.png',
      'job ID failed (exception): TypeError: cannot read hill.tiff',
      'job ID failed (exception): TypeError: cannot read notes.txt',
      failed('notes.txt'),
      failed('hill.tiff'),
      '2 failed',
      'a text is no picture: removed',
      failed('hill.tiff'),
      '1 failed',
      'the worker reads TIFF now: 1 sent back, with the same id, and done',
      '0 failed',
    ])
  })

  it('the tortoise: after the food all that failed over work is done, but for what is too old', async (context) => {
    assert.deepEqual(await told('tortoise.ts', uriOf(), context), [
      '3 slept, 3 had nightmares',
      'food came; 4 failures are about nightmares',
      '3 would go, 3 went and slept, 1 was too old',
      'still failed: "..old work"',
    ])
  })
}

describe('the stories in memory', () => {
  stories(() => 'memory:stories')
})

for (const name of ['embedded', 'activemq-kahadb', 'rabbitmq-classic', 'rabbitmq-quorum']) {
  describe(`the stories on ${name}`, { skip: brokerSkip(name) }, () => {
    let lab: Lab
    before(async () => {
      lab = await createLabs({ root: newLabRoot('stories') }).up(name)
    })
    after(() => lab.down())

    stories(() => drillUri(lab, {}))
  })
}
