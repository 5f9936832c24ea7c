import { connect } from 'node:net'

/** `AMQP`, then protocol 0-9-1. */
const HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])
/** A frame of this type carries a method; the first one that a server sends is connection.start. */
const METHOD_FRAME = 1

/**
 * Dials the broker, at 127.0.0.1 unless told otherwise, and greets it as an AMQP 0-9-1 client does. True when it answered with its own
 * greeting: it serves. Anything else, a second of silence included, is false.
 */
export function answersAmqp(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const finish = (serving: boolean): void => {
      socket.destroy()
      resolve(serving)
    }
    socket.setTimeout(1000, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => resolve(false))
    socket.once('connect', () => socket.write(HEADER))
    socket.once('data', (chunk) => finish(chunk[0] === METHOD_FRAME))
  })
}
