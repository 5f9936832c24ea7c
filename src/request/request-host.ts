import type { Listener } from '../listener/listener.ts'
import type { ListenOptions } from '../listener/options.ts'
import type { DeliveryHandler } from '../listener/handler-pool.ts'
import type { Payload } from '../producer/payload.ts'

/** How a request or a reply is sent. */
export interface Outgoing {
  readonly id?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly persistent?: boolean
  readonly priority?: number
  readonly expireAfterMs?: number
  readonly contentType?: string
  readonly signal?: AbortSignal
  readonly correlationId: string
  readonly replyTo?: string
}

/** What requests need of the connection that they go over. */
export interface RequestHost {
  send(destination: string, payload: Payload, options: Outgoing): Promise<string>
  listen(destination: string, handler: DeliveryHandler, options: ListenOptions): Listener
  /** As `listen`, also while the connection waits for its handlers. */
  listenForReplies(queue: string, handler: DeliveryHandler, options: ListenOptions): Listener
  declare(queue: string, settings: { readonly expiresAfterMs: number; readonly deadLetterTo: string }): Promise<void>
}
