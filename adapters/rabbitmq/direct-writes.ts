import type { AmqpChannel, AmqpConnection } from './driver.ts'

// With more, the broker would stand idle while we go on.
const HELD_BYTES = 16 * 1024

/**
 * Lets a channel write to the socket itself. amqplib gives each channel a stream of its own and takes one
 * frame from each in turn, which costs more than the encoding of the frame. What is written within one turn
 * of the event loop goes out as one packet, as long as it is not much.
 */
export function writeDirectly({ connection }: AmqpConnection, channel: AmqpChannel): void {
  const { stream, channels } = connection
  const slot = channels[channel.ch]
  if (!slot) return
  let corked = false
  let heldBytes = 0
  const uncork = (): void => {
    corked = false
    heldBytes = 0
    stream.uncork()
  }
  // Ended with the channel; the socket lives on.
  const { buffer } = slot
  slot.buffer = {
    write: (bytes) => {
      if (!corked) {
        corked = true
        stream.cork()
        process.nextTick(uncork)
      }
      const taken = stream.write(bytes)
      heldBytes += bytes.length
      if (heldBytes >= HELD_BYTES) {
        heldBytes = 0
        stream.uncork()
        stream.cork()
      }
      return taken
    },
    end: () => buffer.end(),
  }
}
