import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startScript } from '../support/command.ts'
import { emptyFolder } from '../support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLE = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs', 'jobs.md'), 'utf8'))?.[1] ?? ''
const URI = 'failover:(amqp://a,amqp://b)'

describe('the example of docs/jobs.md', () => {
  it('works on the job it enqueues, and leaves nothing open when it is closed', async (context) => {
    assert(EXAMPLE.includes(URI))
    // Inside the project, so that its dependencies are found.
    const script = join(emptyFolder(join(ROOT, 'test', '.jobs-page-'), context), 'example.ts')
    const example = EXAMPLE.replace('understudy-mq', join(ROOT, 'src', 'index.ts')).replace(URI, 'memory:jobs-page')
    writeFileSync(script, `${example}\nawait app.close()\nawait connection.close()\nconsole.log('closed')\n`)
    const { saw, ended } = startScript([script])
    await saw('50 half')
    await saw('200/cat.png')
    await saw('closed')
    const { exitCode, stderr } = await ended
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' })
  })
})
