import type { AmqpChannel, ChannelFrame } from './driver.ts'

// A broker fills its frames, and none may promise a frame_max below 4096. This leaves room.
const FEWEST_BODY_BYTES = 1024

/**
 * Bounds what a peer makes a channel hold: amqplib believes any size that the head of a message announces
 * and keeps the pieces of its body until they add up, however small and many they are.
 */
export function guardIncoming(
  channel: AmqpChannel,
  { maxMessageBytes, onTooLong }: { readonly maxMessageBytes: number; readonly onTooLong: () => void },
): void {
  const amqplib = Object.getPrototypeOf(channel) as AmqpChannel
  let piecesLeft = 0
  channel.accept = (frame: ChannelFrame) => {
    if (frame.size !== undefined) {
      if (frame.size > maxMessageBytes || frame.size < 0) {
        onTooLong()
        return undefined
      }
      piecesLeft = 1 + frame.size / FEWEST_BODY_BYTES
    } else if (frame.content !== undefined && --piecesLeft < 0) {
      onTooLong()
      return undefined
    }
    return amqplib.accept.call(channel, frame)
  }
}
