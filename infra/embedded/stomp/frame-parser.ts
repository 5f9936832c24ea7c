import { isUtf8 } from 'node:buffer'
import { UnderstudyError } from '../../../src/errors.ts'
import { EMPTY_BODY, type Frame, isUnescaped, type StompVersion, unescapeHeader } from './frames.ts'

export interface FrameLimits {
  /** The longest body, in bytes. */
  readonly maxBodyBytes: number
  /** The longest command with all its headers, in bytes. */
  readonly maxHeadBytes: number
  readonly maxHeaders: number
}

export const DEFAULT_FRAME_LIMITS: FrameLimits = {
  maxBodyBytes: 10 * 2 ** 20,
  maxHeadBytes: 64 * 2 ** 10,
  maxHeaders: 256,
}

const LF = 10
const CR = 13
// The longest of the protocol is CONNECTED. Whatever runs on without a line end is no STOMP at all.
const MAX_COMMAND_BYTES = 32

type Head = Pick<Frame, 'command' | 'headers'>

/** Where the parser stands between two calls. */
type Stage = { readonly kind: 'head' } | CountedBody | TerminatedBody

/** A body whose length was announced. */
interface CountedBody {
  readonly kind: 'counted'
  readonly head: Head
  readonly body: Buffer
  filled: number
}

/** A body that ends with the first NUL. */
interface TerminatedBody {
  readonly kind: 'terminated'
  readonly head: Head
  scanned: number
}

const BETWEEN: Stage = { kind: 'head' }

/**
 * Turns the bytes of one connection into frames, in whatever pieces they come. Push what was read, then take
 * frames until there is none; the version may be changed between two frames.
 */
export class FrameParser {
  /** Decides which escapes are undone and whether a line may end in CR LF; CONNECT is read before it is known. */
  version: StompVersion = '1.2'
  readonly #limits: FrameLimits
  #bytes: Buffer = EMPTY_BODY
  #start = 0
  #end = 0
  // Only what this parser allocated may be written to.
  #owned = false
  // Within the head: how far it was searched, and where the line being searched began; from #start.
  #scanned = 0
  #line = 0
  #lines = 0
  #stage: Stage = BETWEEN

  constructor(limits: FrameLimits = DEFAULT_FRAME_LIMITS) {
    this.#limits = limits
  }

  push(chunk: Buffer): void {
    const unread = this.#end - this.#start
    if (unread === 0) {
      this.#bytes = chunk
      this.#start = 0
      this.#end = chunk.length
      this.#owned = false
      return
    }
    if (!this.#owned || this.#end + chunk.length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * unread, unread + chunk.length))
      this.#bytes.copy(grown, 0, this.#start, this.#end)
      this.#bytes = grown
      this.#start = 0
      this.#end = unread
      this.#owned = true
    }
    chunk.copy(this.#bytes, this.#end)
    this.#end += chunk.length
  }

  /**
   * The next whole frame, or undefined until more bytes come.
   *
   * @throws UnderstudyError `protocol` when the bytes are not STOMP or break a limit. The parser is of no use
   * after that.
   */
  next(): Frame | undefined {
    let stage = this.#stage
    if (stage.kind === 'head') {
      const head = this.#readHead()
      if (head === undefined) return undefined
      stage = this.#bodyOf(head)
      this.#stage = stage
    }
    const body = stage.kind === 'counted' ? this.#readCounted(stage) : this.#readTerminated(stage)
    if (body === undefined) return undefined
    this.#stage = BETWEEN
    return { command: stage.head.command, headers: stage.head.headers, body }
  }

  #readHead(): Head | undefined {
    if (this.#scanned === 0) {
      // Heart-beats and the line ends that may follow a frame.
      while (this.#start < this.#end && isLineEnd(this.#bytes[this.#start])) this.#start += 1
    }
    const unread = this.#bytes.subarray(this.#start, this.#end)
    const fresh = this.#scanned
    for (;;) {
      const lineEnd = unread.indexOf(LF, this.#scanned)
      const searched = lineEnd === -1 ? unread.length : lineEnd
      if (this.#lines === 0 && searched > MAX_COMMAND_BYTES) throw notStomp('what came is not a STOMP frame')
      if (searched > this.#limits.maxHeadBytes) {
        throw notStomp(`the headers of a frame are longer than ${this.#limits.maxHeadBytes} bytes`)
      }
      if (lineEnd === -1) {
        if (unread.includes(0, fresh)) throw notStomp('a NUL stands before the end of the headers')
        this.#scanned = unread.length
        return undefined
      }
      const length = lineEnd - this.#line
      const blank = length === 0 || (length === 1 && unread[this.#line] === CR && this.version === '1.2')
      this.#scanned = lineEnd + 1
      if (blank) {
        const head = unread.subarray(0, this.#line)
        this.#start += this.#scanned
        this.#scanned = 0
        this.#line = 0
        this.#lines = 0
        return this.#parseHead(head)
      }
      this.#line = lineEnd + 1
      this.#lines += 1
      if (this.#lines > this.#limits.maxHeaders + 1) {
        throw notStomp(`a frame has more than ${this.#limits.maxHeaders} headers`)
      }
    }
  }

  #parseHead(bytes: Buffer): Head {
    if (!isUtf8(bytes)) throw notStomp('the headers of a frame are not UTF-8')
    const text = bytes.toString()
    if (text.includes('\0')) throw notStomp('a NUL stands before the end of the headers')
    const lines = text.split('\n')
    const command = this.#trimmed(lines[0] ?? '')
    if (!/^[A-Z]+$/.test(command)) throw notStomp('what came is not a STOMP frame')
    const unescape = isUnescaped(command) ? (part: string) => part : this.#unescape
    // No prototype: a header may be called "constructor".
    const headers: Record<string, string> = Object.create(null) as Record<string, string>
    // The last line ended with the LF before the blank line.
    for (let index = 1; index < lines.length - 1; index += 1) {
      const line = this.#trimmed(lines[index] ?? '')
      const colon = line.indexOf(':')
      if (colon < 1) throw notStomp('a header line has no name and colon')
      const name = unescape(line.slice(0, colon))
      if (!(name in headers)) headers[name] = unescape(line.slice(colon + 1))
    }
    return { command, headers }
  }

  readonly #unescape = (text: string): string => unescapeHeader(text, this.version)

  // 1.1 ends a line with LF alone; there a CR is part of the value.
  #trimmed(line: string): string {
    return this.version === '1.2' && line.endsWith('\r') ? line.slice(0, -1) : line
  }

  #bodyOf(head: Head): CountedBody | TerminatedBody {
    const counted = head.headers['content-length']
    if (counted === undefined) return { kind: 'terminated', head, scanned: 0 }
    const length = /^\d{1,15}$/.test(counted.trim()) ? Number(counted) : Number.NaN
    if (Number.isNaN(length)) throw notStomp('content-length is not a number')
    if (length > this.#limits.maxBodyBytes) throw this.#tooLong()
    return { kind: 'counted', head, body: Buffer.allocUnsafe(length), filled: 0 }
  }

  #readCounted(stage: CountedBody): Buffer | undefined {
    const { body } = stage
    const taken = Math.min(body.length - stage.filled, this.#end - this.#start)
    this.#bytes.copy(body, stage.filled, this.#start, this.#start + taken)
    stage.filled += taken
    this.#start += taken
    if (stage.filled < body.length || this.#start === this.#end) return undefined
    if (this.#bytes[this.#start] !== 0) throw notStomp('no NUL stands where content-length says that the body ends')
    this.#start += 1
    return body
  }

  #readTerminated(stage: TerminatedBody): Buffer | undefined {
    const unread = this.#bytes.subarray(this.#start, this.#end)
    const nul = unread.indexOf(0, stage.scanned)
    const length = nul === -1 ? unread.length : nul
    if (length > this.#limits.maxBodyBytes) throw this.#tooLong()
    if (nul === -1) {
      stage.scanned = unread.length
      return undefined
    }
    this.#start += nul + 1
    // A copy: a view would keep the whole chunk that was read alive for as long as the message.
    return Buffer.from(unread.subarray(0, nul))
  }

  #tooLong(): UnderstudyError {
    return notStomp(`the body of a frame is longer than ${this.#limits.maxBodyBytes} bytes`)
  }
}

function isLineEnd(octet: number | undefined): boolean {
  return octet === LF || octet === CR
}

function notStomp(message: string): UnderstudyError {
  return new UnderstudyError('protocol', message)
}
