import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startScript } from '../support/command.ts'
import { emptyFolder } from '../support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const EXAMPLE = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs', 'dashboard.md'), 'utf8'))?.[1] ?? ''
const URI = 'failover:(amqp://a,amqp://b)'

describe('the example of docs/dashboard.md', () => {
  it('answers in a server of one’s own, and leaves nothing open when it is closed', async (context) => {
    assert(EXAMPLE.includes(URI))
    // Inside the project, so that its dependencies are found.
    const folder = emptyFolder(join(ROOT, 'test', '.dashboard-page-'), context)
    const script = join(folder, 'example.ts')
    const example = EXAMPLE.replace("'understudy-mq/dashboard'", `'${join(ROOT, 'src', 'dashboard', 'dashboard.ts')}'`)
      .replace("'understudy-mq'", `'${join(ROOT, 'src', 'index.ts')}'`)
      .replace("'failures.db'", `'${join(folder, 'failures.db')}'`)
      .replace(URI, 'memory:dashboard-page')
      .replace(
        "server.listen(3000, '127.0.0.1')",
        "await new Promise((done) => server.listen(0, '127.0.0.1', done as () => void))",
      )
    const rest = `
const origin = 'http://127.0.0.1:' + (server.address() as { port: number }).port
console.log(await (await fetch(origin + '/')).text())
// What the first page shows is read while it waits, and not for longer than a moment.
const shown = async () => (await (await fetch(origin + '/jobs/queues')).text()).includes('images')
const end = performance.now() + 60_000
while (!(await shown())) if (performance.now() > end) throw new Error('no queue')
console.log('the queue is there')
await dashboard.close()
server.closeAllConnections()
server.close()
await app.close()
await connection.close()
console.log('closed')
`
    writeFileSync(script, `${example}${rest}`)
    const { saw, ended } = startScript([script])
    await saw('the application')
    await saw('the queue is there')
    await saw('closed')
    const { exitCode, stderr } = await ended
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' })
  })
})
