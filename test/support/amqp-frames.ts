/** AMQP 0-9-1 frames by hand, as far as scripts need them. */

/** The methods that scripts name: class and method number. */
export const METHODS = {
  'connection.start': [10, 10],
  'connection.start-ok': [10, 11],
  'connection.tune': [10, 30],
  'connection.tune-ok': [10, 31],
  'connection.open': [10, 40],
  'connection.open-ok': [10, 41],
  'connection.close': [10, 50],
  'connection.close-ok': [10, 51],
  'connection.blocked': [10, 60],
  'connection.unblocked': [10, 61],
  'channel.open': [20, 10],
  'channel.open-ok': [20, 11],
  'channel.close': [20, 40],
  'channel.close-ok': [20, 41],
  'exchange.declare': [40, 10],
  'exchange.declare-ok': [40, 11],
  'exchange.bind': [40, 30],
  'exchange.bind-ok': [40, 31],
  'queue.declare': [50, 10],
  'queue.declare-ok': [50, 11],
  'queue.bind': [50, 20],
  'queue.bind-ok': [50, 21],
  'queue.purge': [50, 30],
  'queue.purge-ok': [50, 31],
  'basic.qos': [60, 10],
  'basic.qos-ok': [60, 11],
  'basic.consume': [60, 20],
  'basic.consume-ok': [60, 21],
  'basic.cancel': [60, 30],
  'basic.cancel-ok': [60, 31],
  'basic.publish': [60, 40],
  'basic.return': [60, 50],
  'basic.deliver': [60, 60],
  'basic.ack': [60, 80],
  'basic.reject': [60, 90],
  'basic.nack': [60, 120],
  'confirm.select': [85, 10],
  'confirm.select-ok': [85, 11],
} as const

export type MethodName = keyof typeof METHODS

const NAMES = new Map<number, MethodName>(
  Object.entries(METHODS).map(([name, [of, method]]) => [of * 2 ** 16 + method, name as MethodName]),
)

export const METHOD_FRAME = 1
export const HEADER_FRAME = 2
export const BODY_FRAME = 3
export const HEARTBEAT_FRAME = 8
const FRAME_END = 0xce

export interface AmqpFrame {
  readonly type: number
  readonly channel: number
  /** Undefined for what is no method, or none that scripts name. */
  readonly method: MethodName | undefined
  /** Of a method, what follows its number. */
  readonly payload: Buffer
}

export const octet = (value: number): Buffer => Buffer.from([value])

export function short(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function long(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function longLong(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

export const shortString = (text: string): Buffer => Buffer.concat([octet(Buffer.byteLength(text)), Buffer.from(text)])

export const longString = (text: string): Buffer => Buffer.concat([long(Buffer.byteLength(text)), Buffer.from(text)])

/** A field table of texts. */
export function table(fields: Readonly<Record<string, string>>): Buffer {
  return lengthened(
    Buffer.concat(
      Object.entries(fields).flatMap(([name, value]) => [shortString(name), Buffer.from('S'), longString(value)]),
    ),
  )
}

function lengthened(bytes: Buffer): Buffer {
  return Buffer.concat([long(bytes.length), bytes])
}

export function frame(type: number, channel: number, payload: Buffer): Buffer {
  return Buffer.concat([octet(type), short(channel), long(payload.length), payload, octet(FRAME_END)])
}

export function method(channel: number, name: MethodName, ...args: Buffer[]): Buffer {
  const [of, number] = METHODS[name]
  return frame(METHOD_FRAME, channel, Buffer.concat([short(of), short(number), ...args]))
}

/** The head of a message: its length and its properties, which begin with their flags. */
export function header(channel: number, size: number | bigint, properties: Buffer = short(0)): Buffer {
  return frame(HEADER_FRAME, channel, Buffer.concat([short(60), short(0), longLong(size), properties]))
}

export function body(channel: number, bytes: Buffer): Buffer {
  return frame(BODY_FRAME, channel, bytes)
}

/** Properties that hold a message id alone. */
export const messageId = (id: string): Buffer => Buffer.concat([short(0x0080), shortString(id)])

/** Takes the first whole frame off; undefined while there is none. */
export function takeFrame(bytes: Buffer): { readonly frame: AmqpFrame; readonly rest: Buffer } | undefined {
  if (bytes.length < 8) return undefined
  const end = 7 + bytes.readUInt32BE(3)
  if (bytes.length <= end) return undefined
  const type = bytes.readUInt8(0)
  const payload = bytes.subarray(7, end)
  const isMethod = type === METHOD_FRAME
  return {
    frame: {
      type,
      channel: bytes.readUInt16BE(1),
      method: isMethod ? NAMES.get(payload.readUInt32BE(0)) : undefined,
      payload: isMethod ? payload.subarray(4) : payload,
    },
    rest: bytes.subarray(end + 1),
  }
}

/** Reads the short string at `from`, and says where it ends. */
export function readShortString(bytes: Buffer, from: number): { readonly text: string; readonly end: number } {
  const end = from + 1 + bytes.readUInt8(from)
  return { text: bytes.toString('utf8', from + 1, end), end }
}
