import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { UnderstudyError } from '../../../../src/errors.ts'
import { DEFAULT_FRAME_LIMITS, type FrameLimits, FrameParser } from '../../../../infra/embedded/stomp/frame-parser.ts'
import { encodeFrame, type Frame, type StompVersion } from '../../../../infra/embedded/stomp/frames.ts'

function parse(
  input: string | readonly Buffer[],
  { version = '1.2', limits = {} }: { version?: StompVersion; limits?: Partial<FrameLimits> } = {},
): Frame[] {
  const parser = new FrameParser({ ...DEFAULT_FRAME_LIMITS, ...limits })
  parser.version = version
  const frames: Frame[] = []
  for (const chunk of typeof input === 'string' ? [Buffer.from(input)] : input) {
    parser.push(chunk)
    for (let frame = parser.next(); frame !== undefined; frame = parser.next()) frames.push(frame)
  }
  return frames
}

function plain({ command, headers, body }: Frame) {
  return { command, headers: Object.entries(headers), body: body.toString('latin1') }
}

function refuses(input: string | readonly Buffer[], message: RegExp, limits: Partial<FrameLimits> = {}): void {
  assert.throws(
    () => parse(input, { limits }),
    (error) => error instanceof UnderstudyError && error.code === 'protocol' && message.test(error.message),
  )
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.constantFrom('\\', ':', '\n', '\r', 'c', 'n', 'r', 'ü', '漢', '😀', ' '), maxLength: 12 }),
)
// A NUL cannot stand in a header; a lone surrogate is not text.
const headerText = text.map((value) => value.replaceAll('\0', '0').toWellFormed())
const headers = fc.dictionary(
  headerText.filter((name) => name !== '' && name !== 'content-length'),
  headerText,
  { noNullPrototype: false, maxKeys: 8 },
)
const body = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 4_000, maxLength: 5_000 }))

/** Frames of every kind, with or without a counted body, and what may stand between them. */
const frames = fc.array(
  fc.record({
    frame: fc.record({ command: fc.constantFrom('SEND', 'MESSAGE', 'ERROR', 'ACK'), headers, body }),
    counted: fc.boolean(),
    after: fc.constantFrom('', '\n', '\r\n', '\n\n\n'),
  }),
  { minLength: 1, maxLength: 6 },
)

/** Cuts the bytes at these places, which may fall into the middle of a character, an escape or a line end. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % bytes.length)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}

for (const version of ['1.1', '1.2'] as const) {
  test(`any frames survive being written and read in ${version}, however the bytes are cut`, () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 40, size: 'max' }), (drafts, places) => {
        const sent: Frame[] = drafts.map(({ frame, counted }) => ({
          ...frame,
          headers: { ...frame.headers, ...(counted ? { 'content-length': String(frame.body.length) } : {}) },
          body: counted ? Buffer.from(frame.body) : Buffer.from(frame.body.filter((octet) => octet !== 0)),
        }))
        const between = (index: number): Buffer => Buffer.from(drafts[index]?.after ?? '')
        const bytes = Buffer.concat(sent.flatMap((frame, index) => [encodeFrame(frame, version), between(index)]))
        assert.deepEqual(parse(cut(bytes, places), { version }).map(plain), sent.map(plain))
      }),
      { numRuns: 300 },
    )
  })
}

test('no bytes whatsoever make the parser do anything but wait, give frames, or refuse', () => {
  const fragment = fc.constantFrom('SEND\n', 'CONNECT\r\n', 'content-length:3\n', 'a:b\n', '\n', '\0', '\\x', ':', '\r')
  const bytes = fc.array(
    fc.oneof(
      fragment.map((part) => Buffer.from(part)),
      fc.uint8Array().map((octets) => Buffer.from(octets)),
    ),
    {
      maxLength: 30,
    },
  )
  fc.assert(
    fc.property(bytes, (chunks) => {
      try {
        parse(chunks)
      } catch (error) {
        assert.ok(error instanceof UnderstudyError && error.code === 'protocol')
      }
    }),
    { numRuns: 2_000 },
  )
})

test('1.2 undoes its four escapes and refuses any other', () => {
  const [frame] = parse('SEND\na\\cb:c\\nd\\re\\\\f\n\n\0')
  assert.equal(frame?.headers['a:b'], 'c\nd\re\\f')
  refuses('SEND\na:\\t\n\n\0', /undefined escape sequence/)
  refuses('SEND\na:b\\\n\n\0', /undefined escape sequence/)
})

test('1.1 has no escape for a carriage return, and keeps one that stands there', () => {
  const [frame] = parse('SEND\na:b\r\n\n\0', { version: '1.1' })
  assert.equal(frame?.headers['a'], 'b\r')
  assert.throws(() => parse('SEND\na:\\r\n\n\0', { version: '1.1' }), /undefined escape sequence/)
})

test('CONNECT, STOMP and CONNECTED are not escaped, so that a backslash in a passcode is a backslash', () => {
  for (const command of ['CONNECT', 'STOMP', 'CONNECTED']) {
    const [frame] = parse(`${command}\npasscode:a\\nb\\:c\n\n\0`)
    assert.equal(frame?.headers['passcode'], 'a\\nb\\:c')
    const encoded = encodeFrame({ command, headers: { passcode: 'a\\nb:c' }, body: Buffer.alloc(0) }, '1.2')
    assert.equal(encoded.toString(), `${command}\npasscode:a\\nb:c\n\n\0`)
  }
})

test('a line break cannot be smuggled into a CONNECTED frame', () => {
  const frame = { command: 'CONNECTED', headers: { server: 'a\nadmin:true' }, body: Buffer.alloc(0) }
  assert.throws(() => encodeFrame(frame, '1.2'), /line break/)
})

test('a header that comes twice counts with its first value', () => {
  const [frame] = parse('SEND\nfoo:1\nfoo:2\n\n\0')
  assert.equal(frame?.headers['foo'], '1')
})

test('headers may bear the names that objects are born with', () => {
  const [frame] = parse('SEND\nconstructor:1\n__proto__:2\n\n\0')
  assert.deepEqual(Object.entries(frame?.headers ?? {}), [
    ['constructor', '1'],
    ['__proto__', '2'],
  ])
  assert.equal(parse('SEND\n\n\0')[0]?.headers['toString'], undefined)
})

test('lines may end in CR LF, and line ends between frames are heart-beats', () => {
  const got = parse('\n\r\n\nSEND\r\ndestination:/queue/a\r\n\r\nx\0\n\n\r\nACK\nid:1\n\n\0')
  assert.deepEqual(got.map(plain), [
    { command: 'SEND', headers: [['destination', '/queue/a']], body: 'x' },
    { command: 'ACK', headers: [['id', '1']], body: '' },
  ])
})

test('a counted body may hold NUL bytes, and must end in one', () => {
  assert.equal(parse('SEND\ncontent-length:3\n\na\0b\0')[0]?.body.toString('latin1'), 'a\0b')
  refuses('SEND\ncontent-length:2\n\nabc\0', /content-length says/)
})

test('a body is a copy: what was read may be reused', () => {
  const parser = new FrameParser()
  const chunk = Buffer.from('SEND\n\nhello\0')
  parser.push(chunk)
  const frame = parser.next()
  chunk.fill(0)
  assert.equal(frame?.body.toString(), 'hello')
})

test('what is not STOMP is refused as early as can be', () => {
  refuses('GET / HTTP/1.1\r\nhost: a\r\n\r\n', /not a STOMP frame/)
  refuses([Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00])], /NUL/)
  refuses('x'.repeat(33), /not a STOMP frame/)
  refuses('SEND\nno colon\n\n\0', /no name and colon/)
  refuses('SEND\n:value\n\n\0', /no name and colon/)
  refuses('SEND\nfoo:\0\n', /NUL/)
  refuses('SEND\ncontent-length:-1\n\n\0', /content-length is not a number/)
  refuses('SEND\ncontent-length:1e3\n\n\0', /content-length is not a number/)
  refuses([Buffer.from('SEND\na:'), Buffer.from([0xc3, 0x28]), Buffer.from('\n\n\0')], /not UTF-8/)
})

test('an endless header, endless headers and an endless body end at their limits', () => {
  const chunk = Buffer.alloc(1_000, 'x')
  refuses(
    [Buffer.from('SEND\na:'), ...Array<Buffer>(11).fill(chunk)],
    /headers of a frame are longer than 10000 bytes/,
    {
      maxHeadBytes: 10_000,
    },
  )
  refuses(`SEND\n${'a:b\n'.repeat(11)}`, /more than 10 headers/, { maxHeaders: 10 })
  refuses([Buffer.from('SEND\n\n'), ...Array<Buffer>(11).fill(chunk)], /body of a frame is longer/, {
    maxBodyBytes: 10_000,
  })
  refuses('SEND\ncontent-length:10001\n\n', /body of a frame is longer/, { maxBodyBytes: 10_000 })
})

test('what just fits is taken', () => {
  const limits = { maxBodyBytes: 10, maxHeaders: 2 }
  assert.equal(parse('SEND\na:1\ncontent-length:10\n\n0123456789\0', { limits })[0]?.body.length, 10)
  assert.equal(parse('SEND\na:1\nb:2\n\n0123456789\0', { limits })[0]?.body.length, 10)
})
