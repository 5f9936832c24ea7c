import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startScript } from '../../support/command.ts'
import { jobStage } from './job-stage.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

describe('understudy enqueue', () => {
  let stage: Awaited<ReturnType<typeof jobStage>>
  before(async () => {
    stage = await jobStage('embedded')
  })
  after(async () => await stage.close())

  /** The same with something on standard input. */
  async function fed(
    input: string,
    ...args: readonly string[]
  ): Promise<{ exitCode: unknown; out: string; err: string }> {
    const child = spawn(process.execPath, [MAIN, 'enqueue', stage.uri, ...args], { stdio: 'pipe' })
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.stdin.end(input)
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    return { exitCode: await ended, out, err }
  }

  async function ready(queue: string): Promise<number | undefined> {
    const { queues } = JSON.parse(await stage.output('queues', stage.uri, queue, '--json')) as {
      queues: readonly { ready?: number }[]
    }
    return queues[0]?.ready
  }

  it('checks arguments by the schema of a job file before it sends anything', async () => {
    const jobs = join(stage.folder, 'jobs.mts')
    const args = ['enqueue', stage.uri, '--jobs', jobs, '--job', 'cook', '--queue', 'checked'] as const
    const wrong = await stage.run(...args, '--args', '{"dish":7}')
    assert.equal(wrong.exitCode, 64)
    assert.equal(wrong.stdout, '')
    assert.equal(wrong.stderr, 'understudy: arguments of job cook: dish: must be text\n')
    await stage.output(...args, '--args', '{"dish":"soup"}')
    assert.equal(await ready('checked'), 1)
    const unknown = await stage.run('enqueue', stage.uri, '--jobs', jobs, '--job', 'cok')
    assert.equal(unknown.exitCode, 64)
    assert.match(unknown.stderr, /--job cok: no job file defines it; did you mean cook\?/)
  })

  it('sends a job for each line of standard input', async () => {
    const { exitCode, out } = await fed(
      '{"n":1}\n\n{"n":2}\r\n3',
      '--job',
      'count',
      '--queue',
      'bulk',
      '--bulk',
      '--json',
    )
    assert.equal(exitCode, 0)
    assert.deepEqual(JSON.parse(out), { job: 'count', enqueued: 3 })
    assert.equal(await ready('bulk'), 3)
  })

  it('says how many it sent before a line that is no JSON', async () => {
    const { exitCode, out, err } = await fed('1\n2\n{oh\n4\n', '--job', 'count', '--queue', 'torn', '--bulk')
    assert.equal(exitCode, 64)
    assert.equal(out, '2 enqueued\n')
    assert.match(err, /^understudy: 2 enqueued, .*line 3 is no JSON: [^\n]*\n$/)
    assert.equal(await ready('torn'), 2)
  })

  it('takes arguments from a file and from standard input', async () => {
    const file = join(stage.folder, 'args.json')
    writeFileSync(file, '{"n":1}')
    await stage.output('enqueue', stage.uri, '--job', 'count', '--queue', 'filed', '--args-file', file)
    const { exitCode } = await fed('{"n":2}', '--job', 'count', '--queue', 'filed', '--args-file', '-')
    assert.equal(exitCode, 0)
    assert.equal(await ready('filed'), 2)
  })

  it('makes one id of one key', async () => {
    const keyed = ['enqueue', stage.uri, '--job', 'count', '--queue', 'keyed', '--dedup-key', 'order 7'] as const
    assert.equal(await stage.output(...keyed), await stage.output(...keyed))
  })

  it('waits for a result as long as it was told, and leaves the job enqueued', async () => {
    const { exitCode, stdout, stderr } = await stage.run(
      'enqueue',
      stage.uri,
      '--job',
      'count',
      '--queue',
      'nobody',
      '--wait',
      '200ms',
    )
    assert.equal(exitCode, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^understudy: job \S+ did not end within 200 ms; it is enqueued all the same$/m)
    assert.equal(await ready('nobody'), 1)
  })

  it('keeps a result where it can be asked for later', async () => {
    const results = ['--results', `sqlite:${join(stage.folder, 'results.db')}`] as const
    const worker = await stage.worker(...results)
    stage.touch('fixed')
    const sent = ['enqueue', stage.uri, '--job', 'cook', '--queue', 'meals', '--args', '{"dish":"pie"}'] as const
    const served = await stage.output(...sent, '--wait', '--json', ...results)
    const { id, value } = JSON.parse(served) as { id: string; value: unknown }
    assert.deepEqual(value, { served: 'pie', attempt: 1, requeues: 0 })
    const kept = JSON.parse(await stage.output('result', id, '--json', ...results)) as { kind: string; value: unknown }
    assert.deepEqual([kept.kind, kept.value], ['succeeded', value])
    const unknown = await stage.run('result', 'nobody', ...results)
    assert.equal(unknown.exitCode, 2)
    assert.match(unknown.stderr, /^understudy: nothing is known of job nobody\n$/)
    worker.child.kill('SIGTERM')
    assert.equal((await worker.ended).exitCode, 0)
  })

  it('takes the brokers from the environment', async () => {
    const { exitCode, stdout } = await startScript([MAIN, 'enqueue', '--job', 'count', '--queue', 'env'], {
      UNDERSTUDY_URI: stage.uri,
    }).ended
    assert.equal(exitCode, 0)
    assert.match(stdout, /^[\w-]{36}\n$/)
    assert.equal(await ready('env'), 1)
  })
})
