import { TurnWrites } from '../../src/transport/turn-writes.ts'
import type { AmqpChannel, AmqpConnection } from './driver.ts'

/**
 * Lets a channel write to the socket itself. amqplib gives each channel a stream of its own and takes one
 * frame from each in turn, which costs more than the encoding of the frame. What is written within one turn
 * of the event loop goes out as one packet, as long as it is not much.
 */
export function writeDirectly({ connection }: AmqpConnection, channel: AmqpChannel): void {
  const { stream, channels } = connection
  const slot = channels[channel.ch]
  if (!slot) return
  const turn = new TurnWrites(stream)
  // Ended with the channel; the socket lives on.
  const { buffer } = slot
  slot.buffer = {
    write: (bytes) => {
      turn.hold()
      const taken = stream.write(bytes)
      turn.held(bytes.length)
      return taken
    },
    end: () => buffer.end(),
  }
}
