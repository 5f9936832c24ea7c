import type { Clock, Timer } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { TlsSettings } from '../../src/transport/tls-settings.ts'
import type { ValkeyAddress } from './address.ts'
import type { ValkeyClient, ValkeyDriver } from './driver.ts'
import { classify } from './errors.ts'

export interface LinkOptions {
  readonly driver: ValkeyDriver
  readonly address: ValkeyAddress
  readonly tls: TlsSettings | undefined
  readonly clock: Clock
  /** How long an answer may take, the server's greeting included. */
  readonly silenceMs: number
}

/**
 * One connection to one server. It never reconnects; when it dies, everything that waits on it is rejected. One that
 * leaves a question unanswered for `silenceMs` is dead: a server that is stopped accepts and says nothing.
 */
export class ValkeyLink {
  /** Resolves once, when it is of no use any more. Never rejects. */
  readonly lost: Promise<UnderstudyError>
  readonly #client: ValkeyClient
  readonly #address: ValkeyAddress
  readonly #clock: Clock
  readonly #silenceMs: number
  // In the order in which they were asked, which is that of the answers.
  readonly #asked = new Set<{ readonly since: number }>()
  readonly #lose: (error: UnderstudyError) => void
  #why: UnderstudyError | undefined
  #watch: Timer | undefined

  private constructor({ driver, address, tls, clock, silenceMs }: LinkOptions) {
    const { promise, resolve } = Promise.withResolvers<UnderstudyError>()
    this.lost = promise
    this.#address = address
    this.#clock = clock
    this.#silenceMs = silenceMs
    this.#client = driver(address, tls, silenceMs)
    this.#lose = (error) => {
      if (this.#why !== undefined) return
      this.#why = error
      this.#watch?.cancel()
      this.#client.destroy()
      resolve(error)
    }
    this.#client.on('error', (error) => this.#lose(classify(error, address)))
    this.#client.on('end', () => this.#lose(new UnderstudyError('storage', `${address.shown} was lost`, LATER)))
  }

  /** @throws UnderstudyError `storage`. */
  static async open(options: LinkOptions): Promise<ValkeyLink> {
    const link = new ValkeyLink(options)
    // A driver that is destroyed while it connects may say nothing any more.
    const lost = link.lost.then((error) => {
      throw error
    })
    lost.catch(() => {})
    try {
      await link.ask(async (client) => await Promise.race([client.connect(), lost]))
    } catch (error) {
      link.#lose(error as UnderstudyError)
      throw error
    }
    return link
  }

  get isLost(): boolean {
    return this.#why !== undefined
  }

  /** @throws UnderstudyError `storage`. */
  async ask<Answer>(question: (client: ValkeyClient) => Promise<Answer>): Promise<Answer> {
    if (this.#why !== undefined) throw this.#why
    const asked = { since: this.#clock.now() }
    this.#asked.add(asked)
    this.#watch ??= this.#clock.after(this.#silenceMs, () => this.#look())
    try {
      return await question(this.#client)
    } catch (error) {
      throw this.#why ?? classify(error, this.#address)
    } finally {
      this.#asked.delete(asked)
      if (this.#asked.size === 0) this.#rest()
    }
  }

  close(): void {
    this.#lose(new UnderstudyError('closed', `the connection to ${this.#address.shown} was closed`))
  }

  #rest(): void {
    this.#watch?.cancel()
    this.#watch = undefined
  }

  #look(): void {
    this.#watch = undefined
    const [eldest] = this.#asked
    if (eldest === undefined) return
    const leftMs = eldest.since + this.#silenceMs - this.#clock.now()
    if (leftMs > 0) this.#watch = this.#clock.after(leftMs, () => this.#look())
    else
      this.#lose(
        new UnderstudyError('storage', `${this.#address.shown} did not answer in ${this.#silenceMs} ms`, LATER),
      )
  }
}

const LATER = { retriable: true } as const
