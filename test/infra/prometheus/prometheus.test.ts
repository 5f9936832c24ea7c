import assert from 'node:assert/strict'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { missingParts } from '../../../infra/install/needed-packages.ts'
import { findPrometheus } from '../../../infra/prometheus/find-server.ts'
import { startPrometheus } from '../../../infra/prometheus/start-server.ts'
import { newLabRoot } from '../../support/lab-root.ts'
import { prometheusProgram, prometheusSkip } from '../../support/prometheus.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const SAYS = 'prometheus, version 3.1.0 (branch: HEAD, revision: 0)'

/** A folder that holds programs of these names, which say a line. */
function folderWith(context: TestContext, names: readonly string[], says: string): string {
  const folder = temporaryFolder('prometheus', context)
  for (const name of names) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${says}'\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

describe('a Prometheus on this machine', () => {
  it('is found on the PATH with its version and the tool for its files', (context) => {
    const folder = folderWith(context, ['prometheus', 'promtool'], SAYS)
    assert.deepEqual(findPrometheus({ PATH: folder }), {
      product: 'Prometheus 3.1.0',
      server: join(folder, 'prometheus'),
      promtool: join(folder, 'promtool'),
    })
    assert.ok(!missingParts({ PATH: folder }).some((part) => part.package === 'prometheus'))
  })

  it('is none when the program says nothing that is a version, and is installed then', (context) => {
    const folder = folderWith(context, ['prometheus', 'promtool'], 'something else')
    assert.equal(findPrometheus({ PATH: folder }), undefined)
    const missing = missingParts({ PATH: folder }).find((part) => part.package === 'prometheus')
    assert.equal(missing?.what, 'Prometheus')
  })

  it('that does not start is told of with its own last words, and leaves nothing', async (context) => {
    const folder = folderWith(context, ['prometheus'], 'no luck today')
    const root = newLabRoot('prometheus')
    const program = { product: 'Prometheus 0', server: join(folder, 'prometheus'), promtool: '' }
    await assert.rejects(startPrometheus(program, { configuration: '', root }), {
      code: 'unsupported',
      message: 'Prometheus 0 did not start (it ended with code 0): no luck today',
    })
    assert.deepEqual(readdirSync(root), [])
  })

  it('is started and removed, twice', { skip: prometheusSkip() }, async () => {
    const server = await startPrometheus(prometheusProgram(), { configuration: '{}', root: newLabRoot('prometheus') })
    assert.equal((await fetch(`${server.url}/-/healthy`)).status, 200)
    await server.remove()
    await server.remove()
    await assert.rejects(fetch(server.url))
  })
})
