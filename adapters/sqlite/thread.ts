import { Worker } from 'node:worker_threads'
import { UnderstudyError } from '../../src/errors.ts'
import type { Answer, Call, Operations, ThreadTask, ToThread } from './calls.ts'

/** How long a thread may take to end what it is at before it is stopped. */
const CLOSE_MS = 20_000

/** For how long a thread may say nothing while somebody waits: longer than any search, or another process's lock. */
const SILENT_MS = 60_000

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: UnderstudyError) => void
}

export interface ThreadOptions {
  /** The module that the thread runs. Defaults to the database's. */
  readonly source?: URL
  /** After how much silence a thread that somebody waits for is given up, in milliseconds. Defaults to a minute. */
  readonly silentMs?: number
}

/**
 * A database in a thread of its own. The thread starts with the first call; one that died or fell silent takes the calls
 * that waited with it, and the next call starts another. It keeps the process alive until it is closed.
 */
export class DatabaseThread<Name extends string, Offered extends Operations<Name>> {
  readonly #task: ThreadTask
  readonly #source: URL
  readonly #silentMs: number
  #worker: Worker | undefined
  readonly #waiting = new Map<number, Waiting>()
  #outbox: Call[] = []
  #calls = 0
  #closing: Promise<void> | undefined
  #silence: NodeJS.Timeout | undefined
  #heardAt = 0

  constructor(task: ThreadTask, { source = threadSource(), silentMs = SILENT_MS }: ThreadOptions = {}) {
    this.#task = task
    this.#source = source
    this.#silentMs = silentMs
  }

  /** @throws UnderstudyError `storage`; `closed` after {@link close}. */
  call<Asked extends Name>(name: Asked, ...args: Parameters<Offered[Asked]>): Promise<ReturnType<Offered[Asked]>> {
    if (this.#closing) {
      const message = `the SQLite file ${this.#task.path}: it was closed by its owner`
      return Promise.reject(new UnderstudyError('closed', message))
    }
    return new Promise((resolve, reject) => {
      const id = ++this.#calls
      if (this.#waiting.size === 0) this.#listen()
      this.#waiting.set(id, { resolve: (value) => resolve(value as ReturnType<Offered[Asked]>), reject })
      // What is asked for in one go travels in one message.
      if (this.#outbox.push({ id, name, args }) === 1) queueMicrotask(() => this.#send())
    })
  }

  /** Resolves once everything that was asked for before is done, and the thread has ended. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#send()
    const worker = this.#worker
    if (!worker) return
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    post(worker, 'close')
    const deadline = setTimeout(() => void worker.terminate(), CLOSE_MS)
    await ended
    clearTimeout(deadline)
  }

  #send(): void {
    if (this.#outbox.length === 0) return
    const calls = this.#outbox
    this.#outbox = []
    try {
      post((this.#worker ??= this.#start()), calls)
    } catch (error) {
      // Such as a value that cannot travel between threads.
      for (const { id } of calls) this.#settle(id)?.reject(this.#lost(String(error)))
    }
  }

  #start(): Worker {
    // The flags of the process are for its own program: --input-type, for one, would stop the thread.
    const worker = new Worker(this.#source, { workerData: this.#task, execArgv: [] })
    worker.on('message', (answers: readonly Answer[]) => {
      this.#heardAt = performance.now()
      for (const answer of answers) this.#take(answer)
    })
    let reason = 'it ended'
    worker.once('error', (error) => (reason = String(error)))
    worker.once('exit', () => {
      if (this.#worker === worker) this.#lose(reason)
    })
    return worker
  }

  /** What was sent to it has no answer any more; what was not sent yet goes to the next one. */
  #lose(reason: string): void {
    this.#worker = undefined
    const unsent = new Set(this.#outbox.map(({ id }) => id))
    for (const id of this.#waiting.keys()) if (!unsent.has(id)) this.#settle(id)?.reject(this.#lost(reason))
  }

  /** One timer for all that wait: as long as any answer comes, the thread is at work. */
  #listen(): void {
    this.#heardAt = performance.now()
    const look = (): void => {
      const left = this.#heardAt + this.#silentMs - performance.now()
      if (left > 0) {
        this.#silence = setTimeout(look, left)
        return
      }
      const worker = this.#worker
      this.#lose(`it said nothing for ${this.#silentMs} ms`)
      void worker?.terminate()
    }
    this.#silence = setTimeout(look, this.#silentMs)
  }

  #take(answer: Answer): void {
    const waiting = this.#settle(answer.id)
    if (!waiting) return
    if ('value' in answer) return waiting.resolve(answer.value)
    const { code, message, retriable } = answer.failed
    waiting.reject(new UnderstudyError(code, message, { retriable }))
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) clearTimeout(this.#silence)
    return waiting
  }

  #lost(reason: string): UnderstudyError {
    const message = `the SQLite file ${this.#task.path}: its thread was lost, ${reason}`
    return new UnderstudyError('storage', message, { retriable: true })
  }
}

function threadSource(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./database-thread.${extension}`, import.meta.url)
}

function post(worker: Worker, message: ToThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  worker.postMessage(message)
}
