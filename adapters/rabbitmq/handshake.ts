import type { Socket } from 'node:net'

const FRAME_HEAD = 7
const METHOD = 1
const OPEN_OK = 0x000a_0029
const CLOSE = 0x000a_0032

export interface CarefulHandshake {
  /** The error with the broker's own words, where it closed the connection and amqplib left them out. */
  explain(error: unknown): unknown
  /** The handshake has ended: the bytes that were held back may be read. */
  over(): void
}

/**
 * Watches what amqplib reads during the handshake, for two of its faults:
 *
 * - It reads on before anybody can listen to the new connection, so bytes right behind the handshake's last
 *   frame can raise an `error` event without a listener. They are held back until then.
 * - It does not tell why a broker refuses the virtual host.
 */
export function careful(socket: Socket): CarefulHandshake {
  let bytes: Buffer = Buffer.alloc(0)
  let rest: Buffer | undefined
  let finished = false
  let refusal: { readonly code: number; readonly text: string } | undefined
  socket.read = (size?: number): Buffer | null => {
    if (finished) return null
    const chunk = (Object.getPrototypeOf(socket) as Socket).read.call(socket, size) as Buffer | null
    if (chunk === null) return null
    const known = bytes.length
    bytes = known === 0 ? chunk : Buffer.concat([bytes, chunk])
    let at = 0
    for (let end = frameEnd(bytes, at); end !== undefined; end = frameEnd(bytes, at)) {
      const method = bytes[at] === METHOD && end - at >= FRAME_HEAD + 5 ? bytes.readUInt32BE(at + FRAME_HEAD) : 0
      if (method === CLOSE) refusal = readClose(bytes.subarray(at + FRAME_HEAD + 4, end - 1))
      at = end
      if (method === OPEN_OK) {
        finished = true
        rest = bytes.subarray(at)
        return chunk.subarray(0, at - known)
      }
    }
    bytes = bytes.subarray(at)
    return chunk
  }
  return {
    explain(error) {
      if (!error || !refusal) return error
      const message = `Handshake terminated by server: ${refusal.code} with message "${refusal.text}"`
      return Object.assign(new Error(message), { code: refusal.code })
    },
    over() {
      const held = rest
      if (!held || held.length === 0) {
        Reflect.deleteProperty(socket, 'read')
        return
      }
      socket.read = () => {
        Reflect.deleteProperty(socket, 'read')
        return held
      }
      process.nextTick(() => socket.emit('readable'))
    },
  }
}

/** Where the frame that begins at `from` ends, or undefined while it is not whole. */
function frameEnd(bytes: Buffer, from: number): number | undefined {
  if (bytes.length < from + FRAME_HEAD) return undefined
  const end = from + FRAME_HEAD + bytes.readUInt32BE(from + 3) + 1
  return end <= bytes.length ? end : undefined
}

function readClose(payload: Buffer): { readonly code: number; readonly text: string } | undefined {
  if (payload.length < 3) return undefined
  return { code: payload.readUInt16BE(0), text: payload.toString('utf8', 3, 3 + (payload[2] ?? 0)) }
}
