import assert from 'node:assert/strict'
import { once } from 'node:events'
import test from 'node:test'
import { Duplex } from 'node:stream'
import * as fc from 'fast-check'
import { FrameWriter } from '../../../adapters/activemq/outgoing.ts'
import { DEFAULT_FRAME_LIMITS, FrameParser } from '../../../infra/embedded/stomp/frame-parser.ts'

/** A socket that notes what reaches it, and how many times. */
class Wire extends Duplex {
  readonly flushes: Buffer[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.flushes.push(chunk)
    done()
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.flushes.push(Buffer.concat(chunks.map(({ chunk }) => chunk)))
    done()
  }
}

function writing(version = '1.2'): { readonly wire: Wire; readonly writer: FrameWriter } {
  const wire = new Wire()
  const writer = new FrameWriter()
  writer.attach(wire as unknown as Parameters<FrameWriter['attach']>[0])
  writer.setVersion(version)
  return { wire, writer }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the frames of one turn leave together, in their order, and those of the next turn by themselves', async () => {
  const { wire, writer } = writing()
  writer.frame('SEND', { destination: '/queue/a', 'content-length': 1 }).end(Buffer.from('1'))
  writer.frame('SEND', { destination: '/queue/a' }).end('2')
  assert.equal(wire.flushes.length, 0)
  await turn()
  writer.frame('DISCONNECT', {}).end()
  await turn()
  assert.deepEqual(wire.flushes.map(String), [
    'SEND\ndestination:/queue/a\ncontent-length:1\n\n1\0\nSEND\ndestination:/queue/a\n\n2\0\n',
    'DISCONNECT\n\n\0\n',
  ])
})

test('a heart-beat of a turn with frames stands behind them and never within one', async () => {
  const { wire, writer } = writing()
  writer.frame('SEND', { destination: '/queue/a' }).end(Buffer.alloc(100_000, 'x'))
  writer.heartbeat()
  await turn()
  assert.match(Buffer.concat(wire.flushes).toString(), /^SEND\n.*\n\nx{100000}\0\n\n$/s)
})

test('whatever headers and bodies hold, a broker reads what was written', async () => {
  const name = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/\0/.test(text) && !/^\d+$/.test(text))
  const value = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'))
  const frame = fc.record({
    headers: fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true }),
    body: fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(new Uint8Array(20_000))),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 5 }), async (frames) => {
      const { wire, writer } = writing()
      for (const { headers, body } of frames)
        writer.frame('SEND', { ...headers, 'content-length': body.length }).end(Buffer.from(body))
      await turn()
      const parser = new FrameParser(DEFAULT_FRAME_LIMITS)
      parser.version = '1.2'
      parser.push(Buffer.concat(wire.flushes))
      for (const { headers, body } of frames) {
        const read = parser.next()
        assert.deepEqual({ ...read?.headers }, { ...headers, 'content-length': String(body.length) })
        assert.deepEqual(read?.body, Buffer.from(body))
      }
      assert.equal(parser.next(), undefined)
    }),
    { numRuns: 300 },
  )
})

test('the frame that asks for a version has no escapes', async () => {
  const { wire, writer } = writing('1.0')
  writer.frame('CONNECT', { passcode: 'a:b' }).end()
  await turn()
  assert.deepEqual(wire.flushes.map(String), ['CONNECT\npasscode:a:b\n\n\0\n'])
})

test('nothing is written to a socket that has closed', async () => {
  const { wire, writer } = writing()
  wire.destroy()
  await once(wire, 'close')
  assert.ok(writer.hasFinished())
  writer.frame('SEND', {}).end('late')
  writer.heartbeat()
  await turn()
  assert.deepEqual(wire.flushes, [])
})
