import { UnderstudyError } from '../errors.ts'

/** Where messages go to and come from. */
export type Destination =
  | { readonly kind: 'queue'; readonly name: string }
  | { readonly kind: 'topic'; readonly name: string }
  | { readonly kind: 'exchange'; readonly name: string; readonly routingKey: string }

/**
 * Reads `queue://NAME` (a bare NAME means the same), `topic://NAME` or `exchange://NAME/ROUTING.KEY`.
 *
 * @throws UnderstudyError `invalid-option` when the name is empty, holds a control character, or the
 * prefix is none of the three.
 */
export function parseDestination(text: string): Destination {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/s.exec(text)
  const kind = match?.[1] ?? 'queue'
  const rest = match?.[2] ?? text
  if (rest === '') throw invalid(text, 'has no name')
  if (/[\u0000-\u001f\u007f]/.test(rest)) throw invalid(text, 'holds a control character')
  switch (kind) {
    case 'queue':
    case 'topic':
      return { kind, name: rest }
    case 'exchange': {
      const slash = rest.indexOf('/')
      if (slash < 1) throw invalid(text, 'needs a routing key: exchange://NAME/ROUTING.KEY')
      return { kind, name: rest.slice(0, slash), routingKey: rest.slice(slash + 1) }
    }
    default:
      throw invalid(text, `starts with ${kind}://; known are queue://, topic:// and exchange://`)
  }
}

/** The destination in the form that {@link parseDestination} reads. */
export function formatDestination(destination: Destination): string {
  const tail = destination.kind === 'exchange' ? `/${destination.routingKey}` : ''
  return `${destination.kind}://${destination.name}${tail}`
}

/**
 * The plain name of a queue that is written as a destination.
 *
 * @param rule what an error says of queues, such as `replies go to a queue`.
 * @throws UnderstudyError `invalid-option` for a destination that is no queue, or none at all.
 */
export function queueNameOf(text: string, rule: string): string {
  const { kind, name } = parseDestination(text)
  if (kind === 'queue') return name
  throw new UnderstudyError('invalid-option', `${rule}, not to ${kind}s such as ${text}`)
}

/** The same of what has been read before, or will be: anything else than a queue stays as it is. */
export function plainQueueName(text: string): string {
  return text.replace(/^queue:\/\//, '')
}

function invalid(text: string, why: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `destination ${JSON.stringify(text)} ${why}`)
}
