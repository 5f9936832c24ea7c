import type { EngineAddress } from '../../adapters/memory/queue-engine.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { FrameHeaders } from './frames.ts'

/**
 * Reads `/queue/NAME` or `/topic/NAME`. A topic to subscribe to may have ActiveMQ's wildcards: `*` for one
 * word between dots, `>` at the end for any number of them.
 *
 * @throws UnderstudyError `protocol` when the header is missing, `unsupported` when it is anything else.
 */
export function parseDestinationHeader(command: string, headers: FrameHeaders): EngineAddress {
  const { destination } = headers
  if (destination === undefined) throw new UnderstudyError('protocol', `${command} has no destination header`)
  const match = /^\/(queue|topic)\/(.+)$/s.exec(destination)
  const kind = match?.[1] === 'topic' ? 'topic' : 'queue'
  const name = match?.[2]
  if (name !== undefined && kind === 'topic' && command === 'SUBSCRIBE') {
    const words = name.split('.')
    const read = words.map((word, index) => (word === '>' && index === words.length - 1 ? '#' : word))
    // The engine's own sign for `>`, which is a word like any other to ActiveMQ.
    const isPlain = (word: string): boolean => word === '*' || !/[*>?]|^#$/.test(word)
    if (words.every((word, index) => isPlain(word) || read[index] !== word)) return { kind, name: read.join('.') }
  } else if (name !== undefined && !/[*>?]/.test(name)) return { kind, name }
  // ActiveMQ reads these as wildcards and as options; taking them literally would be something else.
  throw new UnderstudyError(
    'unsupported',
    `destination ${JSON.stringify(destination)} is neither /queue/NAME nor /topic/NAME, without *, > and ? but for wildcards of topics subscribed to`,
  )
}

export function destinationHeader(address: EngineAddress): string {
  return `/${address.kind}/${address.name}`
}
