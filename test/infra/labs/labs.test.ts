import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { sleep, systemClock } from '../../../src/clock.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { openLabFolder } from '../../../infra/labs/lab-folder.ts'
import { identify, processState } from '../../../infra/labs/processes/process-identity.ts'
import { findMarkedProcesses } from '../../../infra/labs/processes/process-marks.ts'
import { labRootFor } from '../../support/lab-root.ts'
import { idleLab } from './idle-lab.ts'

describe('labs on disk', () => {
  it('writes down who owns a lab, its ports and its processes, for another process to use', async (context) => {
    const root = labRootFor(context)
    const lab = await createLabs({ root, kinds: [idleLab()] }).up('idle')
    const state = openLabFolder(root, lab.id).read()
    assert.equal(state.schema, 1)
    assert.equal(state.owner?.pid, process.pid)
    assert.equal(new Set(Object.values(state.ports)).size, 2)
    assert.deepEqual(state.processes['a']?.identity, identify(lab.pid('a') ?? 0))

    const other = createLabs({ root, kinds: [idleLab()] }).attach(lab.id)
    await other.kill('a')
    assert.equal(lab.state('a'), 'gone')
    await lab.start('a')
    assert.equal(other.state('a'), 'running')
    await lab.down()
    assert.throws(() => other.state('a'), { code: 'unsupported' })
  })

  const noClaims = process.platform === 'linux' ? false : 'only Linux has names that end with their process'

  it('has its ports given to nobody while a broker of it is down, and to others once it is', {
    skip: noClaims,
  }, async (context) => {
    const root = labRootFor(context)
    const lab = await createLabs({ root, kinds: [idleLab()] }).up('idle')
    const { a = 0 } = openLabFolder(root, lab.id).read().ports
    await lab.kill('a')
    const claim = createServer().listen({ path: `\0understudy-port-${a}` })
    await assert.rejects(once(claim, 'listening'), { code: 'EADDRINUSE' })
    await lab.down()
    claim.listen({ path: `\0understudy-port-${a}` })
    await once(claim, 'listening')
    claim.close()
    await once(claim, 'close')
  })

  it('keeps a lab from the eyes of other users', async (context) => {
    const root = labRootFor(context)
    const lab = await createLabs({ root, kinds: [idleLab()] }).up('idle')
    assert.equal((await stat(lab.folder)).mode & 0o077, 0)
    assert.equal((await stat(join(lab.folder, 'lab.json'))).mode & 0o077, 0)
    await lab.down()
  })

  it('ends paused processes too, and may be taken down twice', async (context) => {
    const root = labRootFor(context)
    const lab = await createLabs({ root, kinds: [idleLab()] }).up('idle')
    const identity = identify(lab.pid('b') ?? 0)
    assert(identity)
    await lab.pause('b')
    assert.equal(lab.state('b'), 'paused')
    await lab.down()
    await lab.down()
    assert.equal(processState(identity), 'gone')
  })

  it('leaves nothing of a lab that did not come up', async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root, kinds: [idleLab({ failAt: 'b' })] })
    await assert.rejects(labs.up('idle'), /b does not start/)
    assert.deepEqual(await readdir(root), [])
    assert.deepEqual(findMarkedProcesses(root), [])
  })

  it('leaves nothing of a lab that was interrupted while it was put up', async (context) => {
    const root = labRootFor(context)
    const interrupt = new AbortController()
    const kind = idleLab({
      beforeB: async (signal) => {
        interrupt.abort()
        await sleep(systemClock, 60_000, signal)
      },
    })
    await assert.rejects(createLabs({ root, kinds: [kind] }).up('idle', { signal: interrupt.signal }), {
      code: 'aborted',
    })
    assert.deepEqual(await readdir(root), [])
  })

  it('never signals a process that got the pid of a broker of old', async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root, kinds: [idleLab()] })
    const bystander = await labs.up('idle')
    const lab = await labs.up('idle')
    await lab.kill('a')
    const pid = bystander.pid('a') ?? 0
    openLabFolder(root, lab.id).record('a', { identity: { pid, startedAt: 'long ago' } })
    assert.equal(lab.state('a'), 'gone')
    await assert.rejects(lab.kill('a'), { code: 'unsupported' })
    await lab.down()
    assert.equal(bystander.state('a'), 'running')
    await bystander.down()
  })

  it('gives every lab ports of its own, though a standby has not opened its own yet', async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root, kinds: [idleLab()] })
    const both = [await labs.up('idle'), await labs.up('idle')]
    const ports = both.flatMap((lab) => lab.nodes.map(({ port }) => port))
    assert.equal(new Set(ports).size, 4)
    for (const lab of both) await lab.down()
  })

  it('asks for an id when several labs of a name stay', async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root, kinds: [idleLab()] })
    assert.throws(() => labs.attach(), { code: 'unsupported', message: /no lab is up/ })
    const first = await labs.up('idle', { stays: true })
    assert.equal(labs.attach().id, first.id)
    const second = await labs.up('idle', { stays: true })
    assert.throws(() => labs.attach('idle'), { code: 'invalid-option', message: new RegExp(second.id) })
    assert.equal(labs.attach(second.id).id, second.id)
    assert.deepEqual((await labs.down('idle')).sort(), [first.id, second.id].sort())
  })

  it('does not take down the lab of a running process', async (context) => {
    const root = labRootFor(context)
    const labs = createLabs({ root, kinds: [idleLab()] })
    const lab = await labs.up('idle')
    assert.deepEqual(await labs.down(), [])
    await assert.rejects(labs.down(lab.id), { code: 'unsupported', message: new RegExp(`pid ${process.pid}`) })
    assert.equal(lab.state('a'), 'running')
    await lab.down()
  })

  it('names the labs there are when asked for another', async (context) => {
    const labs = createLabs({ root: labRootFor(context) })
    await assert.rejects(labs.up('idel'), { code: 'invalid-option', message: /embedded, activemq-jdbc/ })
    await assert.rejects(labs.down('idel'), { code: 'invalid-option' })
  })

  it('says so when another version of the package wrote the state', async (context) => {
    const root = labRootFor(context)
    const lab = await createLabs({ root, kinds: [idleLab()] }).up('idle')
    const file = join(lab.folder, 'lab.json')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace('"schema": 1', '"schema": 99'))
    assert.throws(() => lab.state('a'), { code: 'unsupported', message: /another version/ })
    await writeFile(file, text)
    await lab.down()
  })

  it('refuses a folder for labs that it cannot make', () => {
    assert.throws(() => createLabs({ root: '/dev/null/labs' }).running(), { code: 'invalid-option' })
  })
})
