import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { endWithUs } from '../../support/at-the-end.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
const INDEX = new URL('../../../src/index.ts', import.meta.url).href
const JOBS = `import { defineJob } from ${JSON.stringify(INDEX)}
export const picky = defineJob({
  name: 'picky',
  schema: {
    '~standard': { version: 1, vendor: 'test', validate: (value) => (value ? { value } : { issues: [{ message: 'must be' }] }) },
  },
  perform() {},
})
`

describe('enqueue --bulk', () => {
  it('ends with the first job that fails, although more may be written to it', async () => {
    const jobs = join(temporaryFolder('bulk'), 'jobs.mjs')
    writeFileSync(jobs, JOBS)
    const words = ['enqueue', 'memory:bulk', '--job', 'picky', '--jobs', jobs, '--bulk']
    const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['pipe', 'pipe', 'pipe'] })
    child.once('close', endWithUs(child))
    child.stdin.write('1\n0\n')
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    const [exitCode] = (await once(child, 'close')) as [number | null]
    assert.equal(exitCode, 64)
    assert.match(said, /^1 enqueued$/m)
    assert.match(said, /job 1 of the list: arguments of job picky: must be/)
  })
})
