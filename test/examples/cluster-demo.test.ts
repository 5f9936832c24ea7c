import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { findRedis } from '../../infra/redis/find-server.ts'
import type { Lab } from '../../infra/labs/lab.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { managementUrl } from '../../infra/labs/rabbitmq/management-address.ts'
import { waitUntil } from '../../infra/labs/wait-until.ts'
import type { RedisServer } from '../../infra/redis/start-server.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { connect } from '../../src/connect.ts'
import { atTheEnd } from '../support/at-the-end.ts'
import { brokerSkip } from '../support/brokers.ts'
import { type CommandEnd, type RunningCommand, startScript } from '../support/command.ts'
import { newLabRoot } from '../support/lab-root.ts'
import { redisFor } from '../support/redis.ts'
import { exampleFolder } from './example-script.ts'

const USERS = 'user.account.create.demo-service'
const QUORUM_ENV = new URL('../../examples/cluster-demo/quorum.env', import.meta.url)
const LETTERS_WITHIN_MS = 60_000
const endless = { after: atTheEnd }

interface Demo {
  readonly lab: Lab
  readonly uri: string
  readonly run: (script: string, ...args: string[]) => RunningCommand
  readonly down: () => Promise<void>
}

/** The demo on a lab, with its policies as they are but for the time that a task may wait. */
async function demoOn(name: string, env: Readonly<Record<string, string>>, ttlMs: number): Promise<Demo> {
  const folder = exampleFolder('cluster-demo', endless)
  const lab = await createLabs({ root: newLabRoot('cluster-demo') }).up(name)
  const uri = drillUri(lab, {})
  const definitions = readFileSync(join(folder, 'definitions.json'), 'utf8')
  assert.equal(definitions.match(/"message-ttl": 60000/g)?.length, 2)
  const { username = '', password = '' } = lab.credentials ?? {}
  const answer = await fetch(`${managementUrl(lab)}/api/definitions`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: definitions.replaceAll('60000', String(ttlMs)),
  })
  assert.equal(answer.status, 204, await answer.text())
  return {
    lab,
    uri,
    run: (script, ...args) => startScript([join(folder, script), ...args], { ...env, UNDERSTUDY_URI: uri }),
    down: () => lab.down(),
  }
}

async function workers(demo: Demo, count: number): Promise<RunningCommand[]> {
  const started = Array.from({ length: count }, () => demo.run('worker.ts'))
  await Promise.all(started.map(({ saw }) => saw('waits for tasks')))
  return started
}

/** Tells them to leave, and returns how many tasks each did. */
async function leave(started: readonly RunningCommand[]): Promise<number[]> {
  for (const { child } of started) child.kill('SIGTERM')
  return await Promise.all(started.map(async ({ ended }) => doneBy(await ended)))
}

function doneBy({ exitCode, stdout, stderr }: CommandEnd): number {
  assert.deepEqual([exitCode, stderr], [0, ''])
  return Number(/ did (\d+)\n$/.exec(stdout)?.[1])
}

function allFinished({ exitCode, stdout, stderr }: CommandEnd): void {
  assert.deepEqual([exitCode, stderr], [0, ''], stdout)
  assert.match(stdout, /^Finished sending tasks after \d+\.\d{3}s\nAll tasks finished in \d+\.\d{3}s\n$/)
}

async function sum(counts: Promise<number[]>): Promise<number> {
  return (await counts).reduce((one, other) => one + other, 0)
}

const QUORUM = 'rabbitmq-quorum-haproxy'

describe(`the cluster demo on ${QUORUM}`, { skip: brokerSkip(QUORUM) }, () => {
  let demo: Demo
  let redis: RedisServer | undefined
  before(async () => {
    if (findRedis() !== undefined) redis = await redisFor()
    const [variable = '', value = ''] = readFileSync(QUORUM_ENV, 'utf8').trim().split('=')
    const results: Record<string, string> = redis === undefined ? {} : { VALKEY_URL: redis.url }
    demo = await demoOn(QUORUM, { ...results, [variable]: value }, 60_000)
  })
  after(async () => {
    await demo.down()
    await redis?.remove()
  })

  it('both queues are worked on, and topic patterns show what was published', async () => {
    const watcher = demo.run('watch.ts')
    await watcher.saw('watching')
    let seen = ''
    watcher.child.stdout?.on('data', (text: string) => (seen += text))
    const started = await workers(demo, 2)
    allFinished(await demo.run('client.ts', '6', '0.01', '--time', '--random').ended)
    allFinished(await demo.run('client.ts', '4', '0', '--time', '--quorum').ended)
    assert.equal(await sum(leave(started)), 10)
    const all = (): true | undefined => seen.split('\n').length > 10 || undefined
    await waitUntil(all, { what: 'ten lines of the watcher', withinMs: 10_000, everyMs: 20 })
    watcher.child.kill('SIGTERM')
    assert.equal((await watcher.ended).exitCode, 0)
    assert.equal(seen.match(/^exchange:\/\/user\.commands\/user\.account\.create /gm)?.length, 6)
    assert.equal(seen.match(/^exchange:\/\/payment\.commands\/payment\.invoice\.create /gm)?.length, 4)
  })

  it('workers come and go while it runs, and who leaves finishes its task', async () => {
    const [first, ...others] = await workers(demo, 2)
    assert.ok(first)
    const client = demo.run('client.ts', '60', '0.1', '--time', '--quorum')
    await client.saw('Finished sending')
    const late = await workers(demo, 1)
    const early = await leave([first])
    allFinished(await client.ended)
    const counts = [...early, ...(await leave([...others, ...late]))]
    // A task that had been begun and was not finished would have been done twice.
    assert.equal(
      counts.reduce((one, other) => one + other, 0),
      60,
    )
    assert.ok(
      counts.every((count) => count > 0),
      `each did some: ${counts.join(', ')}`,
    )
  })

  it('the node that leads the queue of users, here a quorum queue, is killed, and all tasks are finished', async () => {
    const started = await workers(demo, 3)
    const client = demo.run('client.ts', '80', '0.1', '--time')
    await client.saw('Finished sending')
    const active = await demo.lab.active(USERS)
    assert.ok(active)
    await demo.lab.kill(active)
    allFinished(await client.ended)
    // At least once: what was in hand on a lost connection may be done again.
    assert.ok((await sum(leave(started))) >= 80)
    await demo.lab.start(active)
  })
})

const CLASSIC = 'rabbitmq-classic-haproxy'

describe(`the cluster demo on ${CLASSIC}`, { skip: brokerSkip(CLASSIC) }, () => {
  let demo: Demo
  before(async () => {
    demo = await demoOn(CLASSIC, {}, 2000)
  })
  after(() => demo.down())

  it('both queues are worked on, with results by reply queue', async () => {
    const started = await workers(demo, 2)
    allFinished(await demo.run('client.ts', '6', '0.01', '--time').ended)
    allFinished(await demo.run('client.ts', '4', '0', '--time', '--quorum').ended)
    assert.equal(await sum(leave(started)), 10)
  })

  it('what waits for longer than the policies allow is among the dead letters of its domain', async (context) => {
    for (const flags of [[], ['--quorum']]) {
      const { exitCode, stdout } = await demo.run('client.ts', '3', '0', ...flags).ended
      assert.deepEqual([exitCode, stdout.split(' after')[0]], [0, 'Finished sending tasks'])
    }
    await lettersIn(demo, ['user.dlq', 'payment.dlq'], 3, context)
  })
})

async function lettersIn(demo: Demo, queues: readonly string[], count: number, context: TestContext): Promise<void> {
  const connection = await connect(demo.uri)
  context.after(() => connection.close())
  const all = async (): Promise<true | undefined> => {
    const found = await Promise.all(queues.map(async (queue) => (await connection.inspect(queue))?.ready ?? 0))
    return found.every((ready) => ready >= count) || undefined
  }
  await waitUntil(all, { what: `${count} dead letters each`, withinMs: LETTERS_WITHIN_MS, everyMs: 200 })
}
