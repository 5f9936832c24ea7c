import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { metricsAddress, metricsOption, withMetricsOf } from '../../../../src/cli/jobs/worker/metrics-address.ts'
import { Exit } from '../../../../src/cli/exit-code.ts'
import { startScript } from '../../../support/command.ts'
import { freePorts } from '../../../../infra/labs/free-ports.ts'
import { valuesOf } from '../../../telemetry/exposition.ts'
import { jobStage, until } from '../job-stage.ts'

describe('where a worker shows its metrics', () => {
  it('is loopback unless --host says otherwise', () => {
    const at = (metrics: string, host?: string): unknown => metricsAddress(metricsOption(metrics), host)
    assert.deepEqual(at('9464'), { host: '127.0.0.1', port: 9464 })
    assert.deepEqual(at('localhost:9464'), { host: 'localhost', port: 9464 })
    assert.deepEqual(at('127.0.0.2:9464'), { host: '127.0.0.2', port: 9464 })
    assert.deepEqual(at('[::1]:9464'), { host: '::1', port: 9464 })
    assert.deepEqual(at('9464', '0.0.0.0'), { host: '0.0.0.0', port: 9464 })
    assert.equal(metricsAddress(undefined, undefined), undefined)
    const refused = (message: RegExp) => (error: unknown) =>
      error instanceof Exit && error.exitCode === 64 && message.test(error.message)
    for (const host of ['0.0.0.0', '[::]', '10.0.0.1', 'example.org', '127.example.org'])
      assert.throws(() => at(`${host}:9464`), refused(/--host \S+ --metrics 9464$/), host)
    assert.throws(() => at('127.0.0.1:9464', '0.0.0.0'), refused(/give it once/))
    assert.throws(() => metricsAddress(undefined, '0.0.0.0'), refused(/give --metrics too/))
    const last = metricsOption('65535')
    assert.deepEqual(metricsAddress(last, undefined, 1), { host: '127.0.0.1', port: 65_535 })
    assert.throws(() => metricsAddress(last, undefined, 2), refused(/up to 65536, and 65535 is the last/))
    assert.deepEqual(metricsAddress(metricsOption('0'), undefined, 1000), { host: '127.0.0.1', port: 0 })
    for (const text of ['', 'x', '70000', 'a:b', ':9464', '9464x', '::1:9464', 'http://localhost:9464'])
      assert.throws(() => metricsOption(text), /write a port/, text)
  })

  it('is a port of its own for each of several processes', () => {
    const words = ['worker', 'amqp://a:5672', '--metrics', '9464', '--prefetch', '9464']
    assert.deepEqual(withMetricsOf(words, 0), words)
    assert.deepEqual(withMetricsOf(words, 2), ['worker', 'amqp://a:5672', '--metrics', '9466', '--prefetch', '9464'])
    assert.deepEqual(withMetricsOf(['--metrics=127.0.0.1:99', '--metrics', '0'], 3), [
      '--metrics=127.0.0.1:102',
      '--metrics',
      '0',
    ])
  })
})

describe('a worker with --metrics', () => {
  let stage: Awaited<ReturnType<typeof jobStage>>
  before(async () => {
    stage = await jobStage('embedded')
  })
  after(async () => await stage.close())

  const scrape = async (port: number): Promise<string> => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()

  it('counts its jobs, also when it is several', async () => {
    const port = await firstOfTwoPorts()
    const worker = await stage.worker('--metrics', `${port}`, '--processes', '2', '--name', 'kitchen')
    await until('both ready', async () => (await stage.output('workers', stage.uri)).match(/kitchen/g)?.length === 2)
    const send = ['enqueue', stage.uri, '--job', 'cook', '--queue', 'meals', '--args', '{"dish":"secret soup"}']
    for (let n = 0; n < 4; n++) await stage.output(...send)
    const texts = async (): Promise<readonly string[]> => await Promise.all([port, port + 1].map(scrape))
    const failed = (text: string): number => valuesOf(text, 'understudy_jobs_failed_total')['meals cook'] ?? 0
    await until('four failures', async () => (await texts()).reduce((sum, text) => sum + failed(text), 0) === 4)
    for (const text of await texts()) {
      assert.deepEqual(valuesOf(text, 'understudy_worker_up'), { kitchen: 1 })
      assert.deepEqual(valuesOf(text, 'understudy_worker_slots'), { kitchen: 1 })
      assert.equal(valuesOf(text, 'understudy_jobs_started_total')['holds hold'], 0)
      assert.deepEqual(Object.keys(valuesOf(text, 'understudy_broker_connected')).length, 4)
      assert.doesNotMatch(text, /secret|soup/)
    }
    worker.child.kill('SIGTERM')
    assert.equal((await worker.ended).exitCode, 0)
  })

  it('says in one line that a port is taken, and that prom-client is missing or broken', async () => {
    const [port = 0] = await freePorts(1)
    const jobs = join(stage.folder, 'jobs.mts')
    const first = await stage.worker('--metrics', `${port}`)
    const second = await stage.run('worker', stage.uri, '--jobs', jobs, '--metrics', `${port}`)
    assert.deepEqual(
      [second.exitCode, second.stderr],
      [
        64,
        `understudy: metrics cannot be served at 127.0.0.1:${port}: the port is taken: give another with --metrics\n`,
      ],
    )
    first.child.kill('SIGTERM')
    await first.ended
    for (const [thrown, end] of [
      [
        `Object.assign(new Error("Cannot find package 'prom-client' imported from x"), { code: 'ERR_MODULE_NOT_FOUND' })`,
        [2, 'understudy: --metrics needs the package prom-client: npm install prom-client\n'],
      ],
      [
        `Object.assign(new Error("Cannot find module 'tdigest'\\nRequire stack:\\n- x"), { code: 'MODULE_NOT_FOUND' })`,
        [70, "understudy: --metrics: prom-client cannot be loaded: Cannot find module 'tdigest' Require stack: - x\n"],
      ],
    ] as const) {
      const hooks = join(stage.folder, 'without-prom-client.mjs')
      writeFileSync(
        hooks,
        `import { registerHooks } from 'node:module'
        registerHooks({
          resolve(specifier, context, next) {
            if (specifier === 'prom-client') throw ${thrown}
            return next(specifier, context)
          },
        })`,
      )
      const main = new URL('../../../../src/cli/main.ts', import.meta.url).pathname
      const words = ['--import', hooks, main, 'worker', stage.uri, '--jobs', jobs, '--metrics', '0']
      const { exitCode, stderr } = await startScript(words).ended
      assert.deepEqual([exitCode, stderr], end)
    }
  })
})

/** Two ports in a row that are free: each of two processes has its own. */
async function firstOfTwoPorts(): Promise<number> {
  const ports = new Set(await freePorts(700))
  for (const port of ports) if (ports.has(port + 1)) return port
  throw new Error('of 700 free ports no two in a row')
}
