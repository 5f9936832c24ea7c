// A reader that leaves so much unread is gone or too slow: it is better told all anew.
const MOST_UNREAD_EVENTS = 64
const MOST_UNREAD_BYTES = 4 * 1024 * 1024
const LEAST_SIZE = MOST_UNREAD_BYTES / MOST_UNREAD_EVENTS

const encoder = new TextEncoder()

/** One event as it is sent, the same to all who are told. `data` is one line. */
export function eventBytes(name: string, data: string): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${data}\n\n`)
}

/** What shows a stream that nothing happens on that it is still there. */
export const STILL_HERE: Uint8Array = encoder.encode(': still here\n\n')

export interface EventStreamOptions {
  /** Asked before anything is sent; where it says no, the stream ends. */
  readonly isAllowed: () => boolean
  /** Called once, however it ends. */
  readonly onEnd: () => void
  /**
   * Cuts the connection of a reader that is too slow, and so frees what it has not read. Defaults to an error of the
   * stream, which frees the same.
   */
  readonly cutOff?: (() => void) | undefined
}

/** One stream of server-sent events. */
export class EventStream {
  readonly readable: ReadableStream<Uint8Array>
  readonly #options: EventStreamOptions
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #ended = false

  constructor(options: EventStreamOptions) {
    this.#options = options
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.#over(),
      },
      { highWaterMark: MOST_UNREAD_BYTES, size: (event) => Math.max(event.length, LEAST_SIZE) },
    )
  }

  /** An event, or a sign of life. */
  write(event: Uint8Array): void {
    this.check()
    if (this.#ended) return
    if ((this.#controller?.desiredSize ?? 0) > 0) this.#controller?.enqueue(event)
    else this.#cutOff()
  }

  /** Ends the stream of who may not look any more. */
  check(): void {
    if (!this.#ended && !this.#options.isAllowed()) this.end()
  }

  /** Idempotent. */
  end(): void {
    if (this.#ended) return
    this.#over()
    this.#controller?.close()
  }

  #cutOff(): void {
    this.#over()
    const { cutOff } = this.#options
    if (cutOff) cutOff()
    else this.#controller?.error(new Error('its reader is too slow'))
  }

  #over(): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.onEnd()
  }
}
