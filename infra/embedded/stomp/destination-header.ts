import type { EngineAddress } from '../../../adapters/memory/queue-engine/queue-engine.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import type { FrameHeaders } from './frames.ts'

/** The queues that a connection has to itself. */
export interface TempQueues {
  /** The name that the queue has among all others. */
  nameOf(own: string): string
}

// No queue that is sent to or subscribed to by its name has one in it.
const TEMP_MARK = '>'

/** The name of a queue that only the connection of that number knows. */
export function tempQueueName(connection: string, own: string): string {
  return `temp${TEMP_MARK}${connection}${TEMP_MARK}${own}`
}

/** Whether a queue belongs to one connection. */
export function isTempQueue(name: string): boolean {
  return name.includes(TEMP_MARK)
}

/**
 * Reads `/queue/NAME`, `/temp-queue/NAME` of the connection's own or `/topic/NAME`. A topic to subscribe to may have ActiveMQ's wildcards: `*` for one
 * word between dots, `>` at the end for any number of them.
 *
 * @throws UnderstudyError `protocol` when the header is missing, `unsupported` when it is anything else.
 */
export function parseDestinationHeader(command: string, headers: FrameHeaders, temp: TempQueues): EngineAddress {
  const { destination } = headers
  if (destination === undefined) throw new UnderstudyError('protocol', `${command} has no destination header`)
  const own = /^\/temp-queue\/([^*>?]+)$/s.exec(destination)?.[1]
  if (own !== undefined) return { kind: 'queue', name: temp.nameOf(own) }
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
    `destination ${JSON.stringify(destination)} is neither /queue/NAME nor /topic/NAME nor /temp-queue/NAME, without *, > and ? but for wildcards of topics subscribed to`,
  )
}

export function destinationHeader(address: EngineAddress): string {
  const [, , own] = address.name.split(TEMP_MARK)
  if (address.kind === 'queue' && own !== undefined) return `/temp-queue/${own}`
  return `/${address.kind}/${address.name}`
}
