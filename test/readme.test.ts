import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createLabs } from '../infra/labs/labs.ts'
import { drillUri } from '../src/cli/drill/run.ts'
import { brokerSkip } from './support/brokers.ts'
import { startScript } from './support/command.ts'
import { labRootFor } from './support/lab-root.ts'
import { emptyFolder } from './support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const EXAMPLE = /```ts\n([\s\S]*?)```/.exec(README)?.[1] ?? ''
const URI = 'failover:(stomp://a:61613,stomp://b:61613)?maxReconnectDelay=1000'

for (const name of ['embedded', 'activemq-jdbc', 'activemq-kahadb', 'rabbitmq-quorum']) {
  describe(`the README's example on ${name}`, { skip: brokerSkip(name) }, () => {
    it('receives what it sent, survives a killed broker, and ends cleanly on SIGTERM', async (context) => {
      assert(EXAMPLE.includes(URI))
      const lab = await createLabs({ root: labRootFor(context) }).up(name)
      // Inside the project, so that its dependencies are found.
      const folder = emptyFolder(join(ROOT, 'test', '.readme-'), context)
      try {
        const script = join(folder, 'example.ts')
        const index = join(ROOT, 'src', 'index.ts')
        writeFileSync(
          script,
          EXAMPLE.replace('understudy-mq', index).replace(URI, drillUri(lab, { maxReconnectDelay: '1000' })),
        )
        const { child, saw, ended } = startScript([script])
        await saw('order 1')
        await lab.kill('a')
        await saw('resumed')
        child.kill('SIGTERM')
        const { exitCode, stderr } = await ended
        assert.equal(exitCode, 0, stderr)
        assert.equal(stderr, '')
      } finally {
        await lab.down()
      }
    })
  })
}

describe("the README's example in memory", () => {
  it('receives what it sent, and ends cleanly on SIGTERM', async (context) => {
    const folder = emptyFolder(join(ROOT, 'test', '.readme-'), context)
    const script = join(folder, 'example.ts')
    const index = join(ROOT, 'src', 'index.ts')
    const example = EXAMPLE.replace('understudy-mq', index).replace(URI, 'memory:readme')
    writeFileSync(script, `${example}\nconsole.log('it stands')\n`)
    const { child, saw, ended } = startScript([script])
    await saw('order 1')
    await saw('it stands')
    child.kill('SIGTERM')
    const { exitCode, stderr } = await ended
    assert.equal(exitCode, 0, stderr)
    assert.equal(stderr, '')
  })
})
