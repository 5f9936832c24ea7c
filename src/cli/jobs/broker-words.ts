import { Exit, EXIT } from '../exit-code.ts'

/** Where the brokers stand when a command line does not say. */
const URI_VARIABLE = 'UNDERSTUDY_URI'

const LIKE_A_URI = /^[a-z][a-z0-9+.-]*:(?:\/\/|\()/i
const DESTINATION = /^(?:queue|topic|exchange):\/\//i
const BROKER = /^(?:failover|stomp|stomp\+ssl|amqp|amqps|memory):/i

export interface BrokerWords {
  readonly uri: string
  /** The other words, in order. */
  readonly rest: readonly string[]
}

/**
 * The URI is the first word of a command line, unless that is something else and the environment names the brokers.
 *
 * @throws Exit when neither does.
 */
export function uriFirst(words: readonly string[], environment: NodeJS.ProcessEnv = process.env): BrokerWords {
  const [first, ...rest] = words
  // A misspelt scheme is better told as such than taken for a queue. `order:17` may be the id of a job.
  if (first !== undefined && (BROKER.test(first) || (LIKE_A_URI.test(first) && !DESTINATION.test(first))))
    return { uri: first, rest }
  return { uri: fromEnvironment(environment), rest: words }
}

/** An argument that may be missing, and those after it. */
export function wordsOf(first: string | undefined, rest: readonly string[]): readonly string[] {
  return first === undefined ? rest : [first, ...rest]
}

/**
 * The URI that was given, or that of the environment.
 *
 * @throws Exit when neither names the brokers.
 */
export function brokersAt(uri: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  return uri ?? fromEnvironment(environment)
}

/**
 * The URI is the last word, after what may well have colons of its own.
 *
 * @throws Exit when neither it nor the environment names the brokers.
 */
export function uriLast(words: readonly string[], environment: NodeJS.ProcessEnv = process.env): BrokerWords {
  const last = words.at(-1)
  if (last !== undefined && BROKER.test(last)) return { uri: last, rest: words.slice(0, -1) }
  return { uri: fromEnvironment(environment), rest: words }
}

function fromEnvironment(environment: NodeJS.ProcessEnv): string {
  const uri = environment[URI_VARIABLE]
  if (uri !== undefined && uri !== '') return uri
  throw new Exit(
    EXIT.badArguments,
    `which brokers? Give a URI, such as failover:(stomp://a:61613,stomp://b:61613), or set ${URI_VARIABLE}`,
  )
}
