import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { explain } from '../../../src/cli/exit-code.ts'
import { loadJobFiles } from '../../../src/cli/jobs/job-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const INDEX = new URL('../../../src/index.ts', import.meta.url).href
const DEFINE = `import { defineJob } from ${JSON.stringify(INDEX)}
const job = (name: string) => defineJob({ name, perform: () => 1 })
`
const folder = temporaryFolder('job-files')
let files = 0

function jobFile(text: string, ending = 'mts'): string {
  const path = join(folder, `jobs-${++files}.${ending}`)
  writeFileSync(path, text)
  return path
}

async function names(...paths: readonly string[]): Promise<readonly string[]> {
  return (await loadJobFiles(paths)).map(({ name }) => name)
}

async function refused(...paths: readonly string[]): Promise<string> {
  try {
    await loadJobFiles(paths)
  } catch (error) {
    const { exitCode, line } = explain(error)
    assert.equal(exitCode, 64)
    assert.doesNotMatch(line, /\n/)
    return line
  }
  assert.fail('the file was taken')
}

describe('a job file', () => {
  it('gives its default and its named exports, and those in arrays, each once', async () => {
    const path = jobFile(`${DEFINE}
      export const first = job('first')
      export const all = [first, job('second')]
      export default first
      export const helper = () => 1
      export const settings = { size: 3 }
      export const words = ['a']`)
    assert.deepEqual((await names(path)).toSorted(), ['first', 'second'])
  })

  it('may be one of several', async () => {
    const one = jobFile(`${DEFINE}export default job('one')`)
    const other = jobFile(`${DEFINE.replaceAll(': string', '')}export default [job('other')]`, 'mjs')
    assert.deepEqual(await names(one, other), ['one', 'other'])
  })

  it('that is not there is named', async () => {
    assert.match(await refused('./nowhere.ts'), /^--jobs \.\/nowhere\.ts: there is no such file$/)
  })

  it('that throws is named with the cause and the line', async () => {
    const path = jobFile(`\nconst nothing = undefined as unknown as { a: number }\nexport const a = nothing.a\n`)
    const line = await refused(path)
    assert.ok(line.startsWith(`--jobs ${path}: it cannot be loaded: TypeError: `), line)
    assert.match(line, /\(line 3\)$/)
  })

  it('that is not written in TypeScript as Node reads it is named', async () => {
    assert.match(await refused(jobFile('export enum Colour { red }')), /it cannot be loaded: .*enum/)
    assert.match(await refused(jobFile('export const = 1')), /it cannot be loaded: /)
  })

  it('that imports what is not there is named with what it asked for', async () => {
    assert.match(await refused(jobFile("import './missing.ts'\n")), /it cannot be loaded: .*missing\.ts/)
  })

  it('without a job is refused', async () => {
    assert.match(await refused(jobFile('export const a = 1')), /no export of it is a job; make one with defineJob$/)
    assert.match(await refused(jobFile('')), /no export of it is a job/)
  })

  it('whose job was not made with defineJob is refused by the name of the export', async () => {
    const plain = '{ name: "x", perform() {} }'
    assert.match(await refused(jobFile(`export const mine = ${plain}`)), /its export "mine" is no job; make it with/)
    assert.match(await refused(jobFile('export default { a: 1 }')), /its default export is no job/)
    const path = jobFile(`${DEFINE}export const list = [job('a'), ${plain}]`)
    assert.match(await refused(path), /item 2 of its export "list" is no job/)
  })

  it('that defines a name a second time is refused, in one file and in two', async () => {
    const path = jobFile(`${DEFINE}export const a = job('same')\nexport const b = job('same')`)
    assert.match(await refused(path), /the job "same" is defined twice$/)
    const one = jobFile(`${DEFINE}export default job('same')`)
    const other = jobFile(`${DEFINE}export default job('same')`)
    assert.equal(await refused(one, other), `--jobs ${other}: the job "same" is defined here and in ${one}`)
  })
})
