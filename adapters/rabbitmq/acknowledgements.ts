import type { AmqpChannel } from './driver.ts'

/**
 * Acknowledges what was settled within one turn of the event loop with as few frames as can be: where
 * nothing is unsettled up to some delivery, one frame acknowledges all of them. One consumer to a channel,
 * so deliveries are numbered as they come.
 */
export class Acknowledgements {
  readonly #channel: AmqpChannel
  readonly #gone: () => Error
  /** Delivered and not settled, the eldest first. */
  readonly #unsettled = new Set<number>()
  #acked: number[] = []
  #written:
    | { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (e: Error) => void }
    | undefined

  /** @param gone what is said of an acknowledge that comes too late. */
  constructor(channel: AmqpChannel, gone: () => Error) {
    this.#channel = channel
    this.#gone = gone
  }

  delivered(tag: number): void {
    this.#unsettled.add(tag)
  }

  /** Resolves when it was written. */
  ack(tag: number): Promise<void> {
    this.#unsettled.delete(tag)
    this.#acked.push(tag)
    if (!this.#written) {
      this.#written = Promise.withResolvers<void>()
      setImmediate(() => this.flush())
    }
    return this.#written.promise
  }

  /** Written at once. @throws when the channel is dead. */
  reject(tag: number, requeue: boolean): void {
    this.#unsettled.delete(tag)
    this.#channel.reject({ fields: { deliveryTag: tag } }, requeue)
  }

  /** Writes what waits. */
  flush(): void {
    const written = this.#written
    if (!written) return
    this.#written = undefined
    const acked = this.#acked
    this.#acked = []
    try {
      this.#write(acked)
      written.resolve()
    } catch {
      // The channel is dead, or on its way there.
      written.reject(this.#gone())
    }
  }

  /** The channel is dead: what was not written never will be. */
  drop(): void {
    this.#written?.reject(this.#gone())
    this.#written = undefined
    this.#acked = []
  }

  #write(acked: readonly number[]): void {
    const eldest = this.#unsettled.values().next().value ?? Number.POSITIVE_INFINITY
    let upTo = 0
    let covered = 0
    for (const tag of acked) {
      if (tag > eldest) continue
      covered++
      if (tag > upTo) upTo = tag
    }
    if (covered > 0) this.#ack(upTo, covered > 1)
    if (covered === acked.length) return
    for (const tag of acked) if (tag > eldest) this.#ack(tag, false)
  }

  #ack(deliveryTag: number, allUpTo: boolean): void {
    this.#channel.ack({ fields: { deliveryTag } }, allUpTo)
  }
}
