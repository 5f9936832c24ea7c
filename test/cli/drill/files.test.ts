import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type DrillFilesOptions, writeDrillFiles, writeDrillFilesApart } from '../../../src/cli/drill/files.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import { KILLED, writeDrill } from '../../drill/report/written-drills.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const NAMES = ['result.json', 'report.html', 'junit.xml'] as const

function folderWith(context: TestContext, events: readonly HistoryEvent[]): DrillFilesOptions {
  const out = temporaryFolder('drill-files', context)
  writeFileSync(join(out, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return { out, command: 'understudy drill', versions: { node: '24' }, settings: { lockPollMs: 250 }, logs: [] }
}

describe('what a drill leaves behind', () => {
  it('is the same when another thread writes it', async (context) => {
    const events = writeDrill(KILLED)
    const [here, apart] = [folderWith(context, events), folderWith(context, events)]
    const result = writeDrillFiles(events, here)
    assert.equal(result.takenOverBy, 'b')
    assert.deepEqual(await writeDrillFilesApart(apart), JSON.parse(JSON.stringify(result)))
    for (const name of NAMES)
      assert.equal(readFileSync(join(apart.out, name), 'utf8'), readFileSync(join(here.out, name), 'utf8'), name)
  })

  it('fails there as it does here', async (context) => {
    const events = writeDrill(KILLED)
    for (const write of [(options: DrillFilesOptions) => writeDrillFiles(events, options), writeDrillFilesApart]) {
      const options = folderWith(context, events)
      mkdirSync(join(options.out, 'report.html'))
      await assert.rejects(async () => await write(options), {
        code: 'storage',
        message: /cannot write .*report\.html/,
      })
    }
  })
})
