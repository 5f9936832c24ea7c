import { createConnection, type Socket } from 'node:net'

/** The little of a WebSocket that a STOMP client uses, over a plain TCP connection. */
export class SocketAsWebSocket {
  readonly url: string
  binaryType = 'arraybuffer'
  readyState: 0 | 1 | 2 | 3 = 0
  onopen: ((event?: unknown) => void) | null = null
  onmessage: ((event: unknown) => void) | null = null
  onerror: ((event: unknown) => void) | null = null
  onclose: ((event?: unknown) => void) | null = null
  readonly #socket: Socket

  constructor(host: string, port: number) {
    this.url = `tcp://${host}:${port}`
    this.#socket = createConnection({ host, port, noDelay: true })
    this.#socket.on('connect', () => {
      this.readyState = 1
      this.onopen?.({})
    })
    this.#socket.on('data', ({ buffer, byteOffset, byteLength }) => {
      this.onmessage?.({ data: buffer.slice(byteOffset, byteOffset + byteLength) })
    })
    this.#socket.on('error', (error) => this.onerror?.(error))
    this.#socket.on('close', () => {
      this.readyState = 3
      this.onclose?.({ code: 1000, reason: '', wasClean: true })
    })
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (typeof data === 'string' || data instanceof Uint8Array) this.#socket.write(data)
    else if (data instanceof ArrayBuffer) this.#socket.write(new Uint8Array(data))
    else throw new TypeError('only text and bytes are sent')
  }

  close(): void {
    this.readyState = 2
    this.#socket.end()
  }

  terminate(): void {
    this.#socket.destroy()
  }
}
