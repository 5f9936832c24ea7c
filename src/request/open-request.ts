import { SendError, UnderstudyError } from '../errors.ts'
import type { Timed } from './deadlines.ts'
import type { Reply } from './reply.ts'

/** A request that waits for answers. It ends exactly once, whatever comes first. */
export interface OpenRequest extends Timed {
  readonly id: string
  /** Takes a reply. False when it is a copy, or comes after what it should come before. */
  take(reply: Reply): boolean
  /** A broker has confirmed the request. */
  confirmed(): void
  /** Ends it with an error; once it has ended this does nothing. */
  fail(error: UnderstudyError): void
}

export interface SingleRequestOptions {
  readonly id: string
  readonly destination: string
  readonly timeoutMs: number
  readonly dueAt: number
  readonly onProgress: ((reply: Reply) => void) | undefined
  /** Called once, when it has ended. */
  readonly onEnd: (request: OpenRequest) => void
}

/** Waits for one answer: the first result or error that comes. */
export class SingleRequest implements OpenRequest {
  readonly id: string
  readonly dueAt: number
  readonly answer: Promise<Reply>
  readonly #options: SingleRequestOptions
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (error: UnderstudyError) => void
  #confirmed = false
  #lastProgress = 0
  #over = false

  constructor(options: SingleRequestOptions) {
    this.#options = options
    this.id = options.id
    this.dueAt = options.dueAt
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    this.answer = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  take(reply: Reply): boolean {
    // Whoever answers has the request, whatever becomes of its confirm.
    this.#confirmed = true
    if (reply.kind === 'progress') {
      if (reply.sequence <= this.#lastProgress) return false
      this.#lastProgress = reply.sequence
      this.#options.onProgress?.(reply)
      return true
    }
    this.#end()
    if (reply.error) this.#reject(reply.error)
    else this.#resolve(reply)
    return true
  }

  confirmed(): void {
    this.#confirmed = true
  }

  fail(error: UnderstudyError): void {
    if (this.#over || (this.#confirmed && error instanceof SendError)) return
    this.#end()
    this.#reject(error)
  }

  late(): void {
    this.fail(notAnswered(this.#options, this.#confirmed))
  }

  #end(): void {
    this.#over = true
    this.#options.onEnd(this)
  }
}

function notAnswered({ id, destination, timeoutMs }: SingleRequestOptions, confirmed: boolean): UnderstudyError {
  const known = confirmed ? 'a broker has it' : 'no broker has confirmed it'
  return new UnderstudyError(
    'deadline',
    `request ${id} to ${destination}: no answer came within ${timeoutMs} ms; ${known}`,
  )
}
