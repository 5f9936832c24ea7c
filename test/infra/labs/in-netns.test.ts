import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs, type Labs } from '../../../infra/labs/labs.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'
import { bridgeOf } from '../../../infra/netns/network.ts'
import { throughProxies } from '../../../infra/proxy/network-faults.ts'
import { labRootFor } from '../../support/lab-root.ts'
import { namespaceSkip } from '../../support/namespaces.ts'
import { aimed, proofOf } from './aimed.ts'
import { idleLab } from './idle-lab.ts'
import { idleNetnsLab } from './idle-netns-lab.ts'

const PROGRAM = fileURLToPath(new URL('up-and-wait.ts', import.meta.url))

function labsUnder(root: string, settle?: () => Promise<string>): Labs {
  return createLabs({ root, kinds: [idleLab(), idleNetnsLab(settle)] })
}

/** Whatever happens in between, the lab is taken down. */
async function withLab(
  context: TestContext,
  use: (lab: Lab) => Promise<void>,
  settle?: () => Promise<string>,
): Promise<void> {
  const lab = await labsUnder(labRootFor(context), settle).up('idle-netns')
  try {
    await use(lab)
  } finally {
    await lab.down()
  }
}

/** The bridges and namespaces that are left of a lab. */
function left(id: string): string[] {
  const links = readdirSync('/sys/class/net').filter((name) => name.startsWith(bridgeOf(id)))
  return [...links, ...readdirSync('/run/netns').filter((name) => name.startsWith(id))]
}

function namespaceOfProcess(pid: number | undefined): string {
  return readlinkSync(`/proc/${pid}/ns/net`)
}

/** Until `ip` has become a program, that is still in the namespace of this process. */
async function untilApart(pids: () => readonly (number | undefined)[]): Promise<void> {
  const look = (): true | undefined => new Set(pids().map(namespaceOfProcess)).size === pids().length || undefined
  await waitUntil(look, { what: 'the processes are in namespaces of their own', withinMs: 20_000 })
}

/** A process that puts the lab up and is killed as soon as it says so. Returns what it said. */
async function upAndKilled(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [word] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  child.kill('SIGKILL')
  await ended
  return word
}

describe('a lab in network namespaces', { skip: namespaceSkip() }, () => {
  it('has each node in a namespace of its own, at an address of its own', async (context) => {
    await withLab(context, async (lab) => {
      await untilApart(() => [lab.pid('a'), lab.pid('b'), process.pid])
      const hosts = lab.nodes.map(({ host }) => host)
      assert.equal(new Set(hosts).size, 2)
      for (const { host, port, endpoint } of lab.nodes) assert.equal(endpoint, `stomp://${host}:${port}`)
      assert.ok(!hosts.includes('127.0.0.1'))
    })
  })

  it('kills and starts a node in the same namespace', async (context) => {
    await withLab(context, async (lab) => {
      await untilApart(() => [lab.pid('a'), process.pid])
      const [pid, namespace] = [lab.pid('a'), namespaceOfProcess(lab.pid('a'))]
      await lab.kill('a')
      assert.equal(lab.state('a'), 'gone')
      await lab.start('a')
      assert.notEqual(lab.pid('a'), pid)
      await untilApart(() => [lab.pid('a'), process.pid])
      assert.equal(namespaceOfProcess(lab.pid('a')), namespace)
    })
  })

  it('may have proxies in front of it, and no other machine may', async (context) => {
    await withLab(context, async (lab) => {
      const through = await throughProxies(lab)
      await through.close()
      assert.ok(through.control.nodes.every(({ host }) => host === '127.0.0.1'))
      const range = lab.nodes[0]?.host.replace(/\d+\.\d+$/, '') ?? ''
      for (const host of ['192.0.2.1', `${range}300.1`, `${range}.1`]) {
        const nodes = lab.nodes.map((node) => ({ ...node, host, endpoint: `stomp://${host}:${node.port}` }))
        await assert.rejects(throughProxies({ ...lab, nodes }), { code: 'invalid-option' })
      }
    })
  })

  it('takes its network down with it', async (context) => {
    await withLab(context, async (lab) => {
      assert.notDeepEqual(left(lab.id), [])
      await lab.down()
      assert.deepEqual(left(lab.id), [])
    })
  })

  it('has its network ended with it after a crash of its owner', async (context) => {
    const root = labRootFor(context)
    const id = await upAndKilled(root, 'idle-netns', 'owned')
    assert.notDeepEqual(left(id), [])
    assert.deepEqual(await labsUnder(root).down(), [id])
    assert.deepEqual(left(id), [])
  })

  it('has its network ended after a crash before its first process', async (context) => {
    const root = labRootFor(context)
    await upAndKilled(root, 'idle-netns', 'owned', 'a')
    const ended = await labsUnder(root).down()
    assert.equal(ended.length, 1)
    assert.deepEqual(left(ended[0] ?? ''), [])
  })

  it('has its network ended by its processes alone when its folder is gone', async (context) => {
    const root = labRootFor(context)
    const id = await upAndKilled(root, 'idle-netns', 'owned')
    await rename(join(root, id), join(root, '.moved'))
    assert.deepEqual(await labsUnder(root).down(), [id])
    assert.deepEqual(left(id), [])
    await rm(join(root, '.moved'), { recursive: true })
  })

  it('has the faults of the plain lab and those of its network', () => {
    const labs = createLabs({ root: '/nowhere', kinds: [idleNetnsLab()] })
    assert.deepEqual(labs.faultNames('idle-netns'), ['partition', 'isolate'])
  })

  it('loses paths in silence, proves it, and has them back when it is healed', async (context) => {
    await withLab(
      context,
      async (lab) => {
        const partition = await aimed(lab, 'partition')
        assert.deepEqual(
          [partition.target, partition.endpoint, partition.finding],
          ['a', lab.nodes[0]?.endpoint, undefined],
        )
        assert.equal(await partition.proof(), undefined)
        assert.equal(await partition.heal(), undefined)
        await partition.inject()
        assert.match(await proofOf(partition), /^packets between a and b go nowhere/)
        assert.equal(await partition.heal(), 'packets between a and b arrive again, b was told')
        assert.equal(await partition.proof(), undefined)
        assert.equal(await partition.heal(), undefined)
      },
      async () => 'b was told',
    )
  })

  it('is out of reach of its clients too when it is isolated', async (context) => {
    await withLab(context, async (lab) => {
      const isolate = await aimed(lab, 'isolate')
      assert.equal(isolate.finding, 'unreachable')
      await isolate.inject()
      assert.match(await proofOf(isolate), /^packets between a and its clients, b go nowhere/)
      assert.equal(await isolate.heal(), 'packets between a and its clients, b arrive again')
    })
  })
})
