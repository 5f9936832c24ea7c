import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freePorts } from '../../../infra/labs/free-ports.ts'
import { runCommand } from '../../support/command.ts'

describe('a command that waits for a broker', { concurrency: 2 }, () => {
  for (const args of [
    ['enqueue', 'URI', '--job', 'cook'],
    ['queues', 'URI', 'meals'],
    ['workers', 'URI'],
    ['pause', 'URI'],
    ['abort', 'URI', 'cook-1'],
    ['purge', 'URI', 'meals', '--yes'],
  ])
    it(`says so after a second: ${args[0]}`, async () => {
      const [port] = await freePorts(1)
      const words = args.map((word) => (word === 'URI' ? `stomp://127.0.0.1:${port}` : word))
      const { exitCode, stdout, stderr } = await runCommand([...words, '--broker-wait', '1500ms'])
      assert.deepEqual([exitCode, stdout], [2, ''])
      const [waiting, error, ...more] = stderr.split('\n')
      assert.equal(waiting, '  no broker has answered yet; waiting for up to 1.5 s')
      assert.match(error ?? '', /^understudy: no broker of .* answered within 1\.5 s; last: /)
      assert.deepEqual(more, [''])
    })

  it('says nothing where it waits for less, or the broker is there', async () => {
    const [port] = await freePorts(1)
    const { stderr } = await runCommand(['workers', `stomp://127.0.0.1:${port}`, '--broker-wait', '100ms'])
    assert.match(stderr, /^understudy: no broker of .* answered within 100 ms.*\n$/)
    assert.equal((await runCommand(['enqueue', 'memory:here', '--job', 'cook'])).stderr, '')
  })
})
