import { type Clock, sleep } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { TlsSettings } from '../../src/transport/tls-settings.ts'
import type { ValkeyAddress } from './address.ts'
import type { ValkeyDriver } from './driver.ts'
import { ValkeyLink } from './link.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

export interface ValkeySessionOptions {
  readonly driver: ValkeyDriver
  readonly address: ValkeyAddress
  readonly tls: TlsSettings | undefined
  readonly clock: Clock
  /** How long a call may take, connecting included. */
  readonly withinMs: number
  /** Called with every connection that replaces a lost one, before anybody else uses it. */
  readonly onReconnected: (link: ValkeyLink) => Promise<void>
  /** Whether a lost connection is wanted again before somebody asks for it. */
  readonly isFollowed: () => boolean
}

/** One connection at a time for one purpose: made at the first use, and again when it was lost. */
export class ValkeySession {
  readonly #options: ValkeySessionOptions
  readonly #end = new AbortController()
  #link: ValkeyLink | undefined
  #connecting: Promise<ValkeyLink> | undefined
  #restoring: Promise<void> | undefined
  #hadOne = false

  constructor(options: ValkeySessionOptions) {
    this.#options = options
  }

  /**
   * Does something on the connection, again on the next one if it was lost meanwhile, until the time is up.
   *
   * @throws UnderstudyError `storage`, or `closed`.
   */
  async run<Answer>(action: (link: ValkeyLink) => Promise<Answer>): Promise<Answer> {
    const { clock, withinMs } = this.#options
    const until = clock.now() + withinMs
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await action(await this.#connected())
      } catch (error) {
        if (this.#end.signal.aborted) throw this.#closed()
        const isLate = clock.now() + pauseMs >= until
        if (isLate || !(error instanceof UnderstudyError) || !error.retriable) throw error
      }
      await this.#pause(pauseMs)
    }
  }

  /** Ends the connection; what waits is rejected with `closed`. May be called twice. */
  async close(): Promise<void> {
    this.#end.abort()
    this.#link?.close()
    await this.#connecting?.then(
      (link) => link.close(),
      () => {},
    )
    await this.#restoring
  }

  async #connected(): Promise<ValkeyLink> {
    if (this.#end.signal.aborted) throw this.#closed()
    if (this.#link !== undefined && !this.#link.isLost) return this.#link
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined))
    return await this.#connecting
  }

  async #connect(): Promise<ValkeyLink> {
    const { driver, address, tls, clock, withinMs, onReconnected } = this.#options
    const link = await ValkeyLink.open({ driver, address, tls, clock, silenceMs: withinMs / 2 })
    try {
      if (this.#end.signal.aborted) throw this.#closed()
      if (this.#hadOne) await onReconnected(link)
    } catch (error) {
      link.close()
      throw error
    }
    this.#hadOne = true
    this.#link = link
    void link.lost.then(() => {
      if (!this.#end.signal.aborted && this.#options.isFollowed()) this.#restoring ??= this.#restore()
    })
    return link
  }

  /** For those who only listen, and would not notice. */
  async #restore(): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      if (this.#end.signal.aborted || !this.#options.isFollowed()) break
      try {
        // Without a wait between this look and the end, a loss in that moment is seen here or starts the next one.
        if (!(await this.#connected()).isLost) break
      } catch {
        await this.#pause(pauseMs).catch(() => {})
      }
    }
    this.#restoring = undefined
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(this.#options.clock, delayMs, this.#end.signal).catch(() => {
      throw this.#closed()
    })
  }

  #closed(): UnderstudyError {
    return new UnderstudyError('closed', `the results at ${this.#options.address.shown} were closed`)
  }
}
