import type { AmqpChannel, AmqpConnection } from './driver.ts'

/**
 * Lets a channel write to the socket itself. amqplib gives each channel a stream of its own and takes one
 * frame from each in turn, which costs more than the encoding of the frame. What is written within one turn
 * of the event loop goes out as one packet.
 */
export function writeDirectly({ connection }: AmqpConnection, channel: AmqpChannel): void {
  const { stream, channels } = connection
  const slot = channels[channel.ch]
  if (!slot) return
  let corked = false
  const uncork = (): void => {
    corked = false
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
      return stream.write(bytes)
    },
    end: () => buffer.end(),
  }
}
