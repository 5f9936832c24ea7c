import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Marker } from '../../../../src/drill/broker-control.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { answersStomp } from '../../../../infra/labs/stomp-greeting.ts'
import { waitUntil } from '../../../../infra/labs/wait-until.ts'
import { isPortOpen, labRootFor } from '../../../support/lab-root.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

describe('the embedded lab', () => {
  it('has the first broker serve and the second refuse connections', async (context) => {
    const lab = await createLabs({ root: labRootFor(context) }).up('embedded')
    const [a, b] = lab.nodes
    assert(a && b)
    assert.equal(await lab.active(), 'a')
    assert.deepEqual([lab.state('a'), lab.state('b')], ['running', 'running'])
    assert.equal(await answersStomp(a.port), true)
    assert.equal(await isPortOpen(b.port), false)
    assert.equal(lab.failoverUri, `failover:(${a.endpoint},${b.endpoint})`)
    await lab.down()
    assert.equal(await isPortOpen(a.port), false)
  })

  it('shows the lock changing hands when the holder is killed', async (context) => {
    const lab = await createLabs({ root: labRootFor(context) }).up('embedded')
    const markers: Marker[] = []
    const watch = await lab.watch((marker) => markers.push(marker))
    const before = Date.now()
    await lab.kill('a')
    await waitUntil(() => sources(markers, 'lock-acquired', 'b').length === 2 || undefined, {
      what: 'b',
      withinMs: 20_000,
    })
    assert.deepEqual(sources(markers, 'lock-acquired', 'b').sort(), ['lock file', 'log'])
    assert.deepEqual(sources(markers, 'lock-released', 'a'), ['lock file'])
    assert(markers.every(({ wall }) => wall >= before && wall <= Date.now()))
    await watch.close()
    await watch.close()
    await lab.down()
  })

  it('hands over when the holder is stopped, and takes it back as a standby', async (context) => {
    const lab = await createLabs({ root: labRootFor(context) }).up('embedded')
    await lab.stop('a')
    assert.equal(lab.state('a'), 'gone')
    await waitUntil(async () => ((await lab.active()) === 'b' ? true : undefined), { what: 'b', withinMs: 20_000 })
    await lab.start('a')
    assert.equal(lab.state('a'), 'running')
    assert.equal(await lab.active(), 'b')
    await assert.rejects(lab.start('a'), { code: 'unsupported', message: /running already/ })
    await lab.down()
  })

  it('keeps the lock with a paused broker', async (context) => {
    const lab = await createLabs({ root: labRootFor(context) }).up('embedded')
    await lab.pause('a')
    assert.equal(lab.state('a'), 'paused')
    assert.equal(await lab.active(), 'a')
    await lab.resume('a')
    assert.equal(lab.state('a'), 'running')
    await lab.resume('a')
    await lab.down()
  })

  it('names its nodes when asked for another', async (context) => {
    const lab = await createLabs({ root: labRootFor(context) }).up('embedded')
    await assert.rejects(lab.kill('z'), { code: 'invalid-option', message: /a and b/ })
    await lab.down()
  })

  it("hands out its brokers' logs", async (context) => {
    const lab = await createLabs({ root: labRootFor(context) }).up('embedded')
    const directory = temporaryFolder('logs', context)
    assert.deepEqual(await lab.collect(join(directory, 'logs')), ['a.log', 'b.log'])
    await assert.rejects(lab.collect('/dev/null/logs'), {
      code: 'storage',
      message: "cannot keep the brokers' files in /dev/null/logs: part of the path is not a folder",
    })
    await lab.down()
  })
})

function sources(markers: readonly Marker[], kind: Marker['kind'], node: string): string[] {
  return markers.filter((marker) => marker.kind === kind && marker.node === node).map(({ source }) => source)
}
