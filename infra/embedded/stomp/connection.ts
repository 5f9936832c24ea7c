import type { Socket } from 'node:net'
import type { Timer } from '../../../src/clock.ts'
import { messageOf, UnderstudyError } from '../../../src/errors.ts'
import type { CommitGroup, CommitMember } from '../commit-group.ts'
import { type FrameLimits, FrameParser } from './frame-parser.ts'
import { EMPTY_BODY, encodeFrame, type Frame } from './frames.ts'
import { agree, type Credentials, HEARTBEAT_MS } from './handshake.ts'
import { Heartbeat } from './heartbeat.ts'
import { Session, type SessionContext } from './session.ts'

export interface ConnectionContext extends SessionContext {
  readonly group: CommitGroup
  readonly credentials: Credentials | undefined
  readonly limits: FrameLimits
  /** How long a client may take to send its CONNECT, in milliseconds. */
  readonly handshakeMs: number
  /** Called when the client is sent an ERROR frame or is dropped. */
  readonly onClientError: (client: string, message: string) => void
}

/**
 * - `handshake`: no CONNECT yet.
 * - `open`: the session runs.
 * - `closing`: no frame is read any more; what waits is sent, then the connection ends.
 * - `closed`: the socket is gone.
 */
type State =
  | { readonly kind: 'handshake'; readonly deadline: Timer }
  | { readonly kind: 'open'; readonly session: Session; readonly heartbeat: Heartbeat }
  | { readonly kind: 'closing'; readonly grace: Timer | undefined }
  | { readonly kind: 'closed' }

// Unsent bytes past which deliveries are held back, and past which the client is not even read any more.
const HOLD_BYTES = 2 ** 20
const STOP_READING_BYTES = 4 * 2 ** 20
// How long a client may take to close its side of a connection that the broker ended, in milliseconds.
const GRACE_MS = 500
// A client that does not learn from its refusals does not fill the log.
const LOGGED_REFUSALS = 10

const HEARTBEAT = Buffer.from('\n')

/** One client's socket. Frames go out only after the commit of everything that came in before them. */
export class Connection implements CommitMember {
  readonly #socket: Socket
  readonly #context: ConnectionContext
  readonly #client: string
  readonly #parser: FrameParser
  #state: State
  #outbox: Buffer[] = []
  #outboxBytes = 0
  #refusals = 0

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket
    this.#context = context
    this.#client = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`
    this.#parser = new FrameParser(context.limits)
    const deadline = context.clock.after(context.handshakeMs, () =>
      this.fail(new UnderstudyError('protocol', `no CONNECT frame came within ${context.handshakeMs} ms`)),
    )
    this.#state = { kind: 'handshake', deadline }
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 30_000)
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('drain', () => this.#relieve())
    socket.on('end', () => this.finish())
    // The close that follows says all.
    socket.on('error', () => {})
    socket.on('close', () => this.#transition({ kind: 'closed' }))
  }

  /** Sends an ERROR frame, and ends the connection. */
  fail(error: unknown, frame?: Frame): void {
    if (this.#state.kind === 'closing' || this.#state.kind === 'closed') return
    const message = messageOf(error)
    this.#context.onClientError(this.#client, message)
    // A client that shares no version learns here which ones there are.
    this.#send(errorFrame(message, frame, this.#state.kind === 'handshake' ? { version: '1.1,1.2' } : {}))
    this.finish()
  }

  /** Reads no more, gives everything unsettled back, and ends the connection once everything waiting is sent. */
  finish(): void {
    if (this.#state.kind === 'closing' || this.#state.kind === 'closed') return
    this.#transition({ kind: 'closing', grace: undefined })
    this.#context.group.join(this)
  }

  /** Ends the connection at once, with whatever waits. */
  destroy(): void {
    this.#socket.destroy()
  }

  committed(): void {
    if (this.#state.kind === 'closed') return
    if (this.#outbox.length > 0) {
      this.#socket.cork()
      for (const bytes of this.#outbox) this.#socket.write(bytes)
      this.#socket.uncork()
      this.#outbox = []
      this.#outboxBytes = 0
      if (this.#state.kind === 'open') this.#state.heartbeat.wrote()
    }
    if (this.#state.kind === 'closing') {
      if (this.#state.grace !== undefined) return
      // Reading goes on, into nothing: unread bytes would make the system send a reset, which can overtake
      // the ERROR frame.
      this.#socket.resume()
      this.#socket.end()
      this.#state = { kind: 'closing', grace: this.#context.clock.after(GRACE_MS, () => this.destroy()) }
      return
    }
    this.#relieve()
  }

  #read(chunk: Buffer): void {
    if (this.#state.kind === 'closing' || this.#state.kind === 'closed') return
    if (this.#state.kind === 'open') this.#state.heartbeat.read()
    this.#parser.push(chunk)
    let isNext = true
    while (isNext) isNext = this.#readFrame()
    this.#context.group.join(this)
  }

  /** @returns whether another one may follow. */
  #readFrame(): boolean {
    let frame: Frame | undefined
    try {
      frame = this.#parser.next()
      return frame !== undefined && this.#handle(frame)
    } catch (error) {
      if (!(error instanceof UnderstudyError)) throw error
      if (this.#state.kind === 'open' && frame !== undefined && Session.serves(frame.command)) {
        this.#refuse(error, frame)
        return true
      }
      this.fail(error, frame)
      return false
    }
  }

  /** As ActiveMQ does: what is wrong with one frame costs that frame, and the connection goes on. */
  #refuse(error: UnderstudyError, frame: Frame): void {
    this.#refusals += 1
    if (this.#refusals <= LOGGED_REFUSALS) this.#context.onClientError(this.#client, messageOf(error))
    this.#send(errorFrame(messageOf(error), frame))
  }

  /** @returns whether the next frame may be handled. */
  #handle(frame: Frame): boolean {
    if (this.#state.kind === 'handshake') this.#connect(frame)
    else if (this.#state.kind === 'open') this.#state.session.handle(frame)
    return this.#state.kind === 'open'
  }

  #connect(frame: Frame): void {
    if (frame.command !== 'CONNECT' && frame.command !== 'STOMP') {
      throw new UnderstudyError('protocol', `the first frame is ${JSON.stringify(frame.command)} and not CONNECT`)
    }
    const { clock, credentials } = this.#context
    const agreement = agree(frame, credentials)
    this.#parser.version = agreement.version
    const peer = { send: (answer: Frame) => this.#send(answer), finish: () => this.finish() }
    const heartbeat = new Heartbeat(clock, agreement, {
      beat: () => {
        this.#socket.write(HEARTBEAT)
        heartbeat.wrote()
      },
      lost: (silentMs) =>
        this.fail(new UnderstudyError('heartbeat-lost', `the client has been silent for ${Math.round(silentMs)} ms`)),
    })
    this.#transition({ kind: 'open', session: new Session(this.#context, peer, agreement.version), heartbeat })
    const headers: Record<string, string> = {
      version: agreement.version,
      'heart-beat': `${HEARTBEAT_MS},${HEARTBEAT_MS}`,
      server: 'understudy-embedded/1',
      session: this.#context.nextMessageId(),
    }
    const { receipt } = frame.headers
    this.#send({ command: 'CONNECTED', headers, body: EMPTY_BODY })
    if (receipt !== undefined) this.#send({ command: 'RECEIPT', headers: { 'receipt-id': receipt }, body: EMPTY_BODY })
  }

  #send(frame: Frame): void {
    const bytes = encodeFrame(frame, this.#parser.version)
    this.#outbox.push(bytes)
    this.#outboxBytes += bytes.length
    this.#context.group.join(this)
    if (this.#state.kind !== 'open') return
    const unsent = this.#unsent()
    if (unsent > HOLD_BYTES) this.#state.session.setPaused(true)
    if (unsent > STOP_READING_BYTES && !this.#socket.isPaused()) {
      this.#socket.pause()
      this.#state.heartbeat.setReading(false)
    }
  }

  /** Lets things flow again as far as what is unsent allows. */
  #relieve(): void {
    if (this.#state.kind !== 'open' || this.#unsent() > HOLD_BYTES / 2) return
    if (this.#socket.isPaused()) {
      this.#socket.resume()
      this.#state.heartbeat.setReading(true)
    }
    this.#state.session.setPaused(false)
  }

  #unsent(): number {
    return this.#outboxBytes + this.#socket.writableLength
  }

  #transition(next: State): void {
    const last = this.#state
    this.#state = next
    switch (last.kind) {
      case 'handshake':
        last.deadline.cancel()
        break
      case 'open':
        last.heartbeat.stop()
        last.session.close()
        break
      case 'closing':
        last.grace?.cancel()
        break
      case 'closed':
        break
    }
  }
}

function errorFrame(message: string, about: Frame | undefined, more: Readonly<Record<string, string>> = {}): Frame {
  const body = Buffer.from(`${message}\n`)
  const receipt = about?.headers['receipt']
  const headers: Record<string, string> = {
    message,
    'content-type': 'text/plain',
    'content-length': String(body.length),
    ...(receipt === undefined ? {} : { 'receipt-id': receipt }),
    ...more,
  }
  return { command: 'ERROR', headers, body }
}
