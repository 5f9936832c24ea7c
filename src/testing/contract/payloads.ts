import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { SendOptions } from '../../producer/composer.ts'
import type { Delivery } from '../../listener/delivery.ts'
import type { Payload } from '../../producer/payload.ts'
import type { ContractGroup } from './contract-test.ts'
import type { Stage } from './stage.ts'

/** There and back, each over its own link. */
async function echo(stage: Stage, payloads: readonly Payload[], options: SendOptions = {}): Promise<Delivery[]> {
  const queue = stage.queue()
  const { connection } = await stage.enter()
  const inbox = await stage.inbox(connection, queue)
  for (const payload of payloads) await connection.send(queue, payload, options)
  await inbox.nth(payloads.length)
  return inbox.deliveries
}

/** What is in a message when it arrives. */
export const payloads: ContractGroup = {
  name: 'Produce: what a message carries',
  tests: [
    {
      item: 21,
      title: 'bytes arrive as they were, NUL and no byte at all included',
      needs: [],
      run: async (stage) => {
        const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
        const bodies = [Buffer.from([0]), every, Buffer.alloc(3), Buffer.from('a\0b\n\0\nRECEIPT\n'), Buffer.alloc(0)]
        const deliveries = await echo(stage, bodies)
        for (const [index, body] of bodies.entries()) {
          assert.deepEqual(deliveries[index]?.bytes, body)
          assert.equal(deliveries[index]?.contentType, undefined)
        }
      },
    },
    {
      item: 22,
      title: 'JSON and UTF-8 arrive as what they are',
      needs: [],
      run: async (stage) => {
        const job = { id: 1, name: 'Grüße, 世界 👋', list: [null, true, 1.5], nested: { '': '\u0000\u2028"\\' } }
        const text = 'a line\nanother, naïve, 世界 👋\u0000'
        const [first, second] = await echo(stage, [job, text])
        assert.deepEqual(first?.json(), job)
        assert.equal(first?.contentType, 'application/json')
        assert.equal(second?.text(), text)
        assert.match(second?.contentType ?? '', /^text\/plain; ?charset=utf-8$/)
      },
    },
    {
      item: 23,
      title: 'a body of 1 MiB arrives whole',
      needs: [],
      run: async (stage) => {
        const body = randomBytes(1024 * 1024)
        const [delivery] = await echo(stage, [body])
        assert.ok(delivery?.bytes.equals(body))
      },
    },
    {
      item: 24,
      title: 'headers may be long and hold colons, line breaks and backslashes, and none becomes another',
      needs: [],
      run: async (stage) => {
        const headers = {
          long: 'x'.repeat(8000),
          'with:colon': 'a:b::c',
          backslash: '\\n \\c \\\\ \\',
          lines: 'one\ntwo\r\nthree\n\nfour',
          injected: 'x\nunderstudy-id:another\npersistent:false\n\nbody',
          'in\nthe:name\\': 'x',
          unicode: 'Grüße 世界 👋',
          empty: '',
          ' spaced ': ' spaced ',
        }
        const [delivery] = await echo(stage, ['x'], { id: 'own', headers })
        assert.deepEqual({ ...delivery?.headers }, headers)
        assert.equal(delivery?.id, 'own')
        assert.equal(delivery?.text(), 'x')
      },
    },
    {
      item: 24,
      title: 'a hundred headers arrive',
      needs: [],
      run: async (stage) => {
        const headers = Object.fromEntries(
          Array.from({ length: 100 }, (_, index) => [`name-${index}`, `value ${index}`]),
        )
        const [delivery] = await echo(stage, ['x'], { headers })
        assert.deepEqual({ ...delivery?.headers }, headers)
      },
    },
    {
      item: 53,
      title: 'the id, the attempt, the correlation id, the answer address and the content type arrive',
      needs: [],
      run: async (stage) => {
        const replyTo = stage.queue()
        const options = { id: 'job 1: a/b', correlationId: 'request 7', replyTo, contentType: 'application/x-job' }
        const [delivery] = await echo(stage, ['x'], options)
        assert.equal(delivery?.id, 'job 1: a/b')
        assert.equal(delivery.attempt, 1)
        assert.equal(delivery.contentType, 'application/x-job')
        assert.match(delivery.destination, /^queue:\/\/contract\./)
        assert.match(delivery.endpoint, /^[a-z+]+:\/\/[^@]+$/)
      },
    },
  ],
}
