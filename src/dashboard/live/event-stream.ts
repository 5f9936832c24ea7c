// A reader that leaves so many events unread is gone or too slow: it is better told all anew.
const MOST_UNREAD = 64

const encoder = new TextEncoder()

/** One stream of server-sent events. */
export class EventStream {
  readonly readable: ReadableStream<Uint8Array>
  readonly #isAllowed: () => boolean
  readonly #onEnd: () => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #ended = false

  /** `isAllowed` is asked before anything is sent; where it says no, the stream ends. */
  constructor(isAllowed: () => boolean, onEnd: () => void) {
    this.#isAllowed = isAllowed
    this.#onEnd = onEnd
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.#over(),
      },
      { highWaterMark: MOST_UNREAD },
    )
  }

  /** `data` is one line. */
  event(name: string, data: string): void {
    this.#write(`event: ${name}\ndata: ${data}\n\n`)
  }

  comment(text: string): void {
    this.#write(`: ${text}\n\n`)
  }

  /** Ends the stream of who may not look any more. */
  check(): void {
    if (!this.#ended && !this.#isAllowed()) this.end()
  }

  /** Idempotent. */
  end(): void {
    if (this.#ended) return
    this.#over()
    this.#controller?.close()
  }

  #write(text: string): void {
    this.check()
    if (this.#ended) return
    if ((this.#controller?.desiredSize ?? 0) <= 0) this.end()
    else this.#controller?.enqueue(encoder.encode(text))
  }

  #over(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
  }
}
