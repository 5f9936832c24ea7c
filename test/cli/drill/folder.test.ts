import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { newFolder, prepareFolder, removeUnused } from '../../../src/cli/drill/folder.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

describe('the folder of a drill', () => {
  it('is not the one of another drill that started in the same second', (context) => {
    const wanted = join(temporaryFolder('folders', context), 'drills', 'same')
    const folders = [newFolder(wanted), newFolder(wanted), newFolder(wanted)]
    assert.equal(folders[0], wanted)
    assert.equal(new Set(folders).size, 3)
    assert(folders.every((folder) => existsSync(folder)))
  })

  it('keeps no result of an earlier drill beside the history of the new one', (context) => {
    const folder = temporaryFolder('folders', context)
    for (const name of ['events.jsonl', 'result.json', 'report.html', 'notes.txt'])
      writeFileSync(join(folder, name), 'old')
    prepareFolder(folder)
    assert.deepEqual(readdirSync(folder), ['events.jsonl', 'notes.txt'])
  })

  it('goes when nothing was written to it, and stays when something was', (context) => {
    const [unused, used] = ['unused', 'used'].map((name) => join(temporaryFolder('folders', context), name)) as [
      string,
      string,
    ]
    prepareFolder(unused)
    prepareFolder(used)
    writeFileSync(join(used, 'events.jsonl'), '{}')
    removeUnused(unused)
    removeUnused(used)
    assert.deepEqual([existsSync(unused), existsSync(used)], [false, true])
  })
})
