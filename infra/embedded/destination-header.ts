import type { EngineAddress } from '../../adapters/memory/queue-engine.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { FrameHeaders } from './frames.ts'

/**
 * Reads `/queue/NAME` or `/topic/NAME`.
 *
 * @throws UnderstudyError `protocol` when the header is missing, `unsupported` when it is anything else.
 */
export function parseDestinationHeader(command: string, headers: FrameHeaders): EngineAddress {
  const { destination } = headers
  if (destination === undefined) throw new UnderstudyError('protocol', `${command} has no destination header`)
  const match = /^\/(queue|topic)\/(.+)$/s.exec(destination)
  const name = match?.[2]
  // ActiveMQ reads these as wildcards and as options; taking them literally would be something else.
  if (name === undefined || /[*>?]/.test(name)) {
    throw new UnderstudyError(
      'unsupported',
      `destination ${JSON.stringify(destination)} is neither /queue/NAME nor /topic/NAME, without *, > and ?`,
    )
  }
  return { kind: match?.[1] === 'topic' ? 'topic' : 'queue', name }
}

export function destinationHeader(address: EngineAddress): string {
  return `/${address.kind}/${address.name}`
}
