import type { Destination } from './destination.ts'

/** A message on its way to a broker. One object per job: a resend uses the same one. */
export interface OutgoingMessage {
  /** The stable identity of the job, the same on every attempt. Travels in the message. */
  readonly id: string
  readonly destination: Destination
  readonly body: Buffer
  /** A MIME type; undefined when the body is plain bytes. */
  readonly contentType: string | undefined
  /** Application headers. Names and values are text; adapters escape what their protocol reserves. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether the message survives a restart of the broker. */
  readonly persistent: boolean
  /** 0 (lowest) to 9, as in JMS; undefined leaves the broker's default of 4. */
  readonly priority: number | undefined
  /** Wall time in milliseconds after which the broker may drop the message; undefined for never. */
  readonly expiresAtMs: number | undefined
  /** Wall time in milliseconds before which the broker delivers it to nobody; undefined for at once. */
  readonly deliverAtMs: number | undefined
  /** Which request this message answers or asks; undefined for none. */
  readonly correlationId: string | undefined
  /** Where an answer should go; undefined when none is wanted. */
  readonly replyTo: Destination | undefined
}

/** A message as a broker delivered it. */
export interface IncomingMessage {
  /** The sender's identity of the job where it travelled along, else the broker's own message id. */
  readonly id: string
  /** Which attempt of the sender this copy comes from, from 1; 1 where the sender did not say. */
  readonly attempt: number
  readonly destination: Destination
  readonly body: Buffer
  readonly contentType: string | undefined
  /** Application headers, without those that the adapter itself added. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Whether the broker says that this message may have been delivered before. Brokers differ in how
   * freely they set it: ActiveMQ marks every message that was prefetched on a lost link, handled or not.
   */
  readonly redelivered: boolean
  /** Which request this message answers or asks; undefined where the sender did not say. */
  readonly correlationId: string | undefined
  /** Where the sender wants an answer; undefined for none, or for a place that this package has no name for. */
  readonly replyTo: Destination | undefined
}
