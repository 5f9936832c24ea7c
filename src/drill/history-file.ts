import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type Clock, systemClock, type Timer } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'
import { fileProblem } from '../folder.ts'
import type { HistoryEvent } from './history.ts'
import { parseHistoryLine } from './history-line.ts'

const FLUSH_AT_BYTES = 64 * 1024
const LONGEST_LINE_BYTES = 1024 * 1024
const MOST_EVENTS = 5_000_000

export interface HistoryWriterOptions {
  /** Defaults to the system's. */
  readonly clock?: Clock
  /** How long an event may wait to be written, in milliseconds. Defaults to 100. */
  readonly flushEveryMs?: number
  /** How much may wait for a slow disk, in bytes; more is a failure. Defaults to 64 MiB. */
  readonly maxPendingBytes?: number
  /** Called once when writing failed; nothing is written from then on. Must not throw. */
  readonly onError?: (error: UnderstudyError) => void
}

/** Writes a history, one JSON line per event, while the drill goes on. */
export class HistoryWriter {
  readonly #path: string
  readonly #file: FileHandle
  readonly #options: HistoryWriterOptions
  readonly #clock: Clock
  #lines: string[] = []
  #bytes = 0
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #failure: UnderstudyError | undefined
  #closing: Promise<void> | undefined

  private constructor(path: string, file: FileHandle, options: HistoryWriterOptions) {
    this.#path = path
    this.#file = file
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /**
   * Creates the file, or empties it.
   *
   * @throws UnderstudyError `invalid-option` when it cannot be written.
   */
  static async open(path: string, options: HistoryWriterOptions = {}): Promise<HistoryWriter> {
    try {
      return new HistoryWriter(path, await open(path, 'w'), options)
    } catch (error) {
      throw new UnderstudyError('invalid-option', `cannot write ${path}: ${fileProblem(error)}`, { cause: error })
    }
  }

  /**
   * Takes an event to be written soon. Never throws: a failure is told to `onError` and by
   * {@link HistoryWriter.close}. After either, events are dropped.
   */
  append(event: HistoryEvent): void {
    if (this.#failure || this.#closing) return
    const line = `${JSON.stringify(event)}\n`
    this.#lines.push(line)
    this.#bytes += Buffer.byteLength(line)
    if (this.#bytes > (this.#options.maxPendingBytes ?? 64 * 1024 * 1024)) {
      this.#failed(new Error('the disk is too slow for the drill'))
    } else if (this.#bytes >= FLUSH_AT_BYTES) this.#write()
    else this.#timer ??= this.#clock.after(this.#options.flushEveryMs ?? 100, () => this.#write())
  }

  /**
   * Writes what is left, makes it last (fsync), and closes the file. Idempotent.
   *
   * @throws UnderstudyError `storage` when anything could not be written.
   */
  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  #write(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#lines.length > 0) this.#writing ??= this.#drain()
  }

  /** Writes until nothing waits: one write at a time, whatever came meanwhile in the next one. */
  async #drain(): Promise<void> {
    while (this.#lines.length > 0) {
      const block = this.#lines.join('')
      const bytes = this.#bytes
      this.#lines = []
      try {
        await this.#file.appendFile(block)
      } catch (error) {
        this.#failed(error)
      }
      this.#bytes = Math.max(0, this.#bytes - bytes)
    }
    this.#writing = undefined
  }

  async #finish(): Promise<void> {
    this.#write()
    await this.#writing
    try {
      if (!this.#failure) await this.#file.sync()
      await this.#file.close()
    } catch (error) {
      this.#failed(error)
      await this.#file.close().catch(() => undefined)
    }
    if (this.#failure) throw this.#failure
  }

  #failed(cause: unknown): void {
    this.#timer?.cancel()
    this.#lines = []
    this.#bytes = 0
    if (this.#failure) return
    this.#failure = new UnderstudyError('storage', `cannot write ${this.#path}: ${fileProblem(cause)}`, { cause })
    this.#options.onError?.(this.#failure)
  }
}

export interface StoredHistory {
  readonly events: readonly HistoryEvent[]
  /** The number of the last line when it was cut off and left out; undefined when the file is whole. */
  readonly cutLine: number | undefined
}

/**
 * Reads a stored history. A last line without its end that is not JSON was cut off when the drill died:
 * it is left out, and told. Anything else that is not an event is refused. Lines are bounded to 1 MiB
 * and a history to five million events.
 *
 * @throws UnderstudyError `invalid-option` when the file cannot be read, holds no event, or holds a line
 * that is not one; the message names the line.
 */
export async function readHistory(path: string): Promise<StoredHistory> {
  const events: HistoryEvent[] = []
  const wrongLine = (number: number, wrong: string): UnderstudyError =>
    new UnderstudyError('invalid-option', `${path} is not a history: line ${number} ${wrong}`)
  let number = 0
  let cutLine: number | undefined
  for await (const { line, ended } of linesOf(path)) {
    number++
    if (line.length > LONGEST_LINE_BYTES) throw wrongLine(number, `is longer than ${LONGEST_LINE_BYTES} bytes`)
    const parsed = parseHistoryLine(line.toString('utf8'))
    if ('event' in parsed) events.push(parsed.event)
    else if (ended || parsed.isJson) throw wrongLine(number, parsed.wrong)
    else cutLine = number
    if (events.length > MOST_EVENTS) throw wrongLine(number, `is past the ${MOST_EVENTS} events that can be judged`)
  }
  if (events.length === 0) throw new UnderstudyError('invalid-option', `${path} is not a history: it holds no event`)
  return { events, cutLine }
}

/** The lines of a file, and whether each had its end. A line that is too long is given up as it is. */
async function* linesOf(path: string): AsyncGenerator<{ line: Buffer; ended: boolean }> {
  let rest: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        rest.push(chunk.subarray(start, end))
        yield { line: Buffer.concat(rest), ended: true }
        rest = []
        length = 0
        start = end + 1
      }
      rest.push(chunk.subarray(start))
      length += chunk.length - start
      if (length > LONGEST_LINE_BYTES) break
    }
  } catch (error) {
    throw new UnderstudyError('invalid-option', `cannot read ${path}: ${fileProblem(error)}`, { cause: error })
  }
  if (length > 0) yield { line: Buffer.concat(rest), ended: false }
}
