import type { UnderstudyError } from '../../src/errors.ts'
import type { StompIncomingFrame } from './driver.ts'

/** Is told what comes of a subscription that is no listener's. Must not throw. */
export interface Follower {
  /** A MESSAGE came. Its body was read and dropped; `bodyBytes` is its length. */
  message(headers: StompIncomingFrame['headers'], bodyBytes: number): void
  /** The link ended, and nothing comes any more. */
  lost(error: UnderstudyError): void
}

/** A subscription under way. */
export interface Following {
  /** Ends it. What comes until the broker has ended it still goes to the follower. Never rejects. */
  end(): Promise<void>
}

/** What a question to a broker needs of its link. */
export interface Conversation {
  /**
   * Writes one frame and waits for its RECEIPT.
   *
   * @throws UnderstudyError when the broker refuses it or the link ends.
   */
  frame(command: string, headers: Record<string, string | number>, body?: Buffer): Promise<void>
  /**
   * Subscribes under an id of its own, and resolves when the broker has taken it.
   *
   * @throws UnderstudyError as {@link frame} does.
   */
  follow(headers: Readonly<Record<string, string | number>>, follower: Follower): Promise<Following>
}
