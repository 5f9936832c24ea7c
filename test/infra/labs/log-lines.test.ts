import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, it } from 'node:test'
import { followLines, lastMeaningfulLine } from '../../../infra/labs/log-lines.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function logFile(context: TestContext): string {
  return join(temporaryFolder('test', context), 'a.log')
}

async function hasLines(lines: readonly string[], count: number): Promise<void> {
  await waitUntil(() => lines.length >= count || undefined, { what: `${count} lines`, withinMs: 10_000 })
}

describe('a log that is followed', () => {
  it('hands over lines that come later, each once and whole', async (context) => {
    const file = logFile(context)
    appendFileSync(file, 'before\n')
    const lines: string[] = []
    const watch = await followLines(file, (line) => lines.push(line))
    appendFileSync(file, 'first\nsec')
    await hasLines(lines, 1)
    appendFileSync(file, 'ond ü\n')
    await hasLines(lines, 2)
    await watch.close()
    appendFileSync(file, 'after\n')
    assert.deepEqual(lines, ['first', 'second ü'])
  })

  it('may begin to exist later', async (context) => {
    const file = logFile(context)
    const lines: string[] = []
    const watch = await followLines(file, (line) => lines.push(line))
    appendFileSync(file, 'first\n')
    await hasLines(lines, 1)
    await watch.close()
    assert.deepEqual(lines, ['first'])
  })
})

describe('the last meaningful line of a log', () => {
  it('is the last that speaks of a failure, not a frame of its stack', async (context) => {
    const file = logFile(context)
    appendFileSync(
      file,
      'INFO starting\nERROR: java.net.BindException: Address already in use\n  at java.base/x\n  ... 3 more\n',
    )
    assert.match((await lastMeaningfulLine(file)) ?? '', /Address already in use$/)
  })

  it('is the last one where none speaks of a failure, and none of an empty log', async (context) => {
    const file = logFile(context)
    assert.equal(await lastMeaningfulLine(file), undefined)
    appendFileSync(file, 'one\ntwo\n\n')
    assert.equal(await lastMeaningfulLine(file), 'two')
    assert.equal(await lastMeaningfulLine(file, 4), 'two')
  })
})
