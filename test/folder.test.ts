import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileProblem } from '../src/folder.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

it('why a file cannot be used is told in words and without its path, also where there are none for it', (context) => {
  const folder = temporaryFolder('folder', context)
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const problem = (act: () => unknown): string => {
    try {
      act()
    } catch (error) {
      return fileProblem(error)
    }
    return 'none'
  }
  const read = (path: string) => () => readFileSync(path)
  assert.equal(problem(read(join(folder, 'nowhere'))), 'there is no such file or folder')
  assert.equal(problem(read(folder)), 'it is a folder')
  assert.equal(problem(read(join(file, 'beneath'))), 'part of the path is not a folder')
  assert.equal(
    problem(() => mkdirSync(folder)),
    'it is there already',
  )
  assert.equal(
    problem(() => readlinkSync(file)),
    'EINVAL: invalid argument',
  )
})
