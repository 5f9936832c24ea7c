import type { Socket } from 'node:net'
import { TurnWrites } from '../../src/transport/turn-writes.ts'

/** The part of a socket that frames are written to. */
export type FrameSocket = Pick<Socket, 'write' | 'cork' | 'uncork' | 'on'>

interface WritableFrame {
  end(body?: Buffer | string): void
  /** For stompit, which waits for errors of single frames; here an error is always the socket's. */
  on(): void
}

// A body up to this length is copied next to its headers; a longer one is written as it is.
const COPIED_BYTES = 16 * 1024

/**
 * Takes the place of the stream that stompit writes frames with, which gives a socket three pieces for
 * each frame and waits for it in between. Here a frame is one piece, and the frames of one turn of the
 * event loop leave together.
 */
export class FrameWriter {
  #socket: FrameSocket | undefined
  #escapes = false
  #turn: TurnWrites | undefined
  #finished = false

  /** Writes to this socket from now on. */
  attach(socket: FrameSocket): void {
    this.#socket = socket
    this.#turn = new TurnWrites(socket)
    const finish = (): void => this.finish()
    socket.on('error', finish)
    socket.on('close', finish)
    socket.on('finish', finish)
  }

  /** STOMP 1.0 has no escapes, and the frame that asks for a version has none in any. */
  setVersion(version: string): boolean {
    this.#escapes = version === '1.2'
    return true
  }

  frame(command: string, headers: Readonly<Record<string, string | number>>): WritableFrame {
    return {
      end: (body) => this.#write(this.#head(command, headers), body),
      on: () => {},
    }
  }

  heartbeat(): void {
    if (!this.#finished) this.#socket?.write('\n')
  }

  finish(): void {
    this.#finished = true
  }

  hasFinished(): boolean {
    return this.#finished
  }

  #head(command: string, headers: Readonly<Record<string, string | number>>): string {
    let head = `${command}\n`
    for (const name in headers) {
      const value = headers[name]
      if (value !== undefined) head += `${this.#escaped(name)}:${this.#escaped(value)}\n`
    }
    return `${head}\n`
  }

  #escaped(value: string | number): string {
    if (typeof value === 'number' || !this.#escapes || !NEEDS_ESCAPE.test(value)) return String(value)
    return value.replace(/[\\\r\n:]/g, (character) => ESCAPES[character] ?? character)
  }

  #write(head: string, body: Buffer | string = ''): void {
    const socket = this.#socket
    // The end of the link, which is on its way, rejects whoever waits for this frame.
    if (socket === undefined || this.#finished) return
    this.#turn?.hold()
    if (body.length > COPIED_BYTES) {
      socket.write(head)
      socket.write(body)
      socket.write('\0\n')
      this.#turn?.held(head.length + body.length)
      return
    }
    const headLength = Buffer.byteLength(head)
    const content = typeof body === 'string' ? Buffer.from(body) : body
    const frame = Buffer.allocUnsafe(headLength + content.length + 2)
    frame.write(head, 0)
    content.copy(frame, headLength)
    frame[headLength + content.length] = 0
    frame[headLength + content.length + 1] = 0x0a
    socket.write(frame)
    this.#turn?.held(frame.length)
  }
}

const NEEDS_ESCAPE = /[\\\r\n:]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' }
