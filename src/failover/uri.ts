import { UnderstudyError } from '../errors.ts'
import { type Endpoint, type RedactedEndpoint, redact } from '../transport/endpoint.ts'
import { didYouMean } from '../transport/option-names.ts'
import {
  type FailoverOptions,
  failoverOptionNames,
  isFailoverOption,
  readEndpointMs,
  readFailoverOptions,
} from './options.ts'

/** A failover URI, read and checked. */
export interface FailoverUri {
  /** At least one, in the order written. */
  readonly endpoints: readonly Endpoint[]
  readonly options: FailoverOptions
}

/** The schemes that there is an adapter for. */
const SPOKEN_SCHEMES = ['stomp', 'stomp+ssl', 'amqp', 'amqps', 'memory'] as const
export type SpokenScheme = (typeof SPOKEN_SCHEMES)[number]

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  stomp: 61613,
  'stomp+ssl': 61614,
  amqp: 5672,
  amqps: 5671,
  memory: 0,
}

const MOST_ENDPOINTS = 100
const LONGEST_URI = 16_384

/**
 * Reads `failover:(uri1,uri2)?options`, the same without parentheses, or a single plain URI.
 *
 * Inside parentheses an inner URI's own query holds transport options; behind them stand the failover
 * options and `nested.*`, which apply to every inner URI that does not say otherwise. Without
 * parentheses the last query holds both kinds.
 *
 * @throws UnderstudyError `invalid-uri` or `invalid-option`; the message names the place and never a
 * credential.
 */
export function parseFailoverUri(text: string): FailoverUri {
  const uri = text.trim()
  if (uri === '') throw invalid('the URI is empty')
  if (uri.length > LONGEST_URI) throw invalid(`the URI is longer than ${LONGEST_URI} characters`)
  if (/[\u0000-\u0020\u007f]/.test(uri.replaceAll(/,\s+/g, ',')))
    throw invalid('the URI holds white space or a control character')
  const composite = /^failover:(?:\/\/)?(.*)$/is.exec(uri)
  const { inner, query } = composite ? splitComposite(composite[1] ?? '') : { inner: [uri], query: undefined }
  if (inner.length > MOST_ENDPOINTS) throw invalid(`the URI lists more than ${MOST_ENDPOINTS} brokers`)

  // All places before any query: a broken password is found out before a piece of it is quoted as an option.
  const places = inner.map((one, index) =>
    parsePlace(one, `broker ${index + 1}`, index > 0 && inner.slice(index).join(',').includes('@')),
  )
  const outer = new Map<string, string>()
  const nested = new Map<string, string>()
  for (const [name, value] of readQuery(query ?? '', 'the list')) {
    if (name.startsWith('nested.')) nested.set(name.slice('nested.'.length), value)
    else outer.set(name, value)
  }
  const parsed = places.map(readInner)
  if (query === undefined) hoistFailoverOptions(parsed.at(-1), outer, nested)
  const options = readFailoverOptions(outer)
  const endpoints = parsed.map((one) => finish(one, nested, options))
  return Object.freeze({ endpoints: Object.freeze(endpoints), options })
}

interface Place {
  readonly url: URL
  readonly scheme: string
  /** What an error calls it, such as `broker 2`. */
  readonly place: string
}

interface InnerUri extends Place {
  readonly query: Map<string, string>
}

/** `(a,b)?q`, or `a,b` whose last query is left in place and returned as undefined. */
function splitComposite(rest: string): { inner: readonly string[]; query: string | undefined } {
  let body = rest
  let query: string | undefined
  if (rest.startsWith('(')) {
    const end = rest.indexOf(')')
    if (end === -1) throw invalid('a closing parenthesis is missing')
    const tail = rest.slice(end + 1)
    if (tail !== '' && !tail.startsWith('?')) throw invalid('only ?options may follow the closing parenthesis')
    body = rest.slice(1, end)
    query = tail.slice(1)
  } else if (/[()]/.test(rest)) {
    throw invalid('parentheses must enclose the whole list: failover:(uri1,uri2)?options')
  }
  const inner = body.split(',').map((one) => one.trim())
  if (inner.some((one) => one === '')) throw invalid('the list of brokers has an empty place')
  return { inner, query }
}

/** `mayBeSecret`: behind a comma and before an @ it may be a piece of a password, not to be shown. */
function parsePlace(text: string, place: string, mayBeSecret = false): Place {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) throw invalid(`${place} has no scheme; write stomp://host:port or amqp://host:port`)
  if (!Object.hasOwn(DEFAULT_PORTS, scheme)) {
    const which = mayBeSecret ? 'an unknown scheme' : `the unknown scheme ${scheme}:`
    throw invalid(`${place} has ${which}; ${whatIsSpoken()}`)
  }
  let url: URL
  try {
    url = new URL(text)
  } catch {
    // The cause quotes the whole URI, password included, so it is left out.
    throw invalid(`${place} (${scheme}:) is not a valid URI; check the host, the port and percent-encoding`)
  }
  refuseStrayAt(url.pathname + url.search + url.hash, place)
  if (url.hash !== '') throw invalid(`${place} has a fragment (#…), which means nothing here`)
  if (scheme !== 'memory' && url.hostname === '') throw invalid(`${place} (${scheme}:) names no host`)
  if (url.port === '0') throw invalid(`${place} has port 0`)
  if (url.username === '' && url.password !== '') throw invalid(`${place} has a password and no user name`)
  return { url, scheme, place }
}

/** For the error about a scheme that is not. */
function whatIsSpoken(): string {
  const names = SPOKEN_SCHEMES.map((name) => `${name}:`)
  return `known are ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function readInner({ url, scheme, place }: Place): InnerUri {
  return { url, scheme, place, query: readQuery(url.search.slice(1), place) }
}

/**
 * A user name or password that holds `/`, `?` or `#` as it is ends the host early, and its rest would be
 * taken for a path or an option and quoted in an error. What gives it away is the `@` behind.
 */
function refuseStrayAt(behindHost: string, place: string): void {
  if (!behindHost.includes('@')) return
  throw invalid(`${place} has an @ where none can stand; percent-encode user names, passwords and option values`)
}

function finish(inner: InnerUri, nested: ReadonlyMap<string, string>, options: FailoverOptions): Endpoint {
  const { url, scheme, place, query } = inner
  const merged = new Map([...nested, ...query])
  const connectTimeout = merged.get('connectTimeout')
  const heartbeat = merged.get('heartbeat')
  merged.delete('connectTimeout')
  merged.delete('heartbeat')
  for (const name of merged.keys()) {
    if (isFailoverOption(name)) {
      throw new UnderstudyError(
        'invalid-option',
        `option ${name} of ${place} belongs behind the list: failover:(…)?${name}=…`,
      )
    }
  }
  return Object.freeze({
    scheme,
    ...placeOf(url, scheme),
    username: url.username === '' ? undefined : decode(url.username, `the user name of ${place}`),
    password: url.password === '' ? undefined : decode(url.password, `the password of ${place}`),
    path: scheme === 'memory' ? '' : decode(url.pathname.replace(/^\//, ''), `the path of ${place}`),
    options: Object.freeze(Object.fromEntries(merged)),
    connectTimeoutMs:
      connectTimeout === undefined ? options.connectTimeoutMs : readEndpointMs('connectTimeout', connectTimeout),
    heartbeatMs: heartbeat === undefined ? options.heartbeatMs : readEndpointMs('heartbeat', heartbeat),
    tls: undefined,
  })
}

function placeOf(url: URL, scheme: string): { readonly host: string; readonly port: number } {
  return {
    host:
      scheme === 'memory'
        ? url.pathname.replace(/^\/+/, '') || url.hostname || 'default'
        : url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (DEFAULT_PORTS[scheme] ?? 0) : Number(url.port),
  }
}

/** Without parentheses the last query serves both levels: take out what belongs to the list. */
function hoistFailoverOptions(
  last: InnerUri | undefined,
  outer: Map<string, string>,
  nested: Map<string, string>,
): void {
  for (const [name, value] of last?.query ?? []) {
    if (name.startsWith('nested.')) nested.set(name.slice('nested.'.length), value)
    else if (isFailoverOption(name)) outer.set(name, value)
    else continue
    last?.query.delete(name)
  }
}

function readQuery(query: string, place: string): Map<string, string> {
  refuseStrayAt(query, place)
  const values = new Map<string, string>()
  if (query === '') return values
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    if (equals < 1) throw invalid(`option ${JSON.stringify(pair.slice(0, 64))} must be written name=value`)
    const name = decode(pair.slice(0, equals), 'an option name')
    if (values.has(name)) throw new UnderstudyError('invalid-option', `option ${name} is given twice`)
    values.set(name, decode(pair.slice(equals + 1), `option ${name}`))
  }
  return values
}

function decode(text: string, what: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw invalid(`${what} has a percent sign that encodes nothing`)
  }
  if (/[\u0000-\u001f\u007f]/.test(decoded)) throw invalid(`${what} holds a control character`)
  return decoded
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-uri', message)
}

/**
 * Refuses what neither the list nor the endpoint's transport knows.
 *
 * @throws UnderstudyError `invalid-option` naming the option and the nearest known one.
 */
export function checkEndpointOptions(endpoint: Endpoint, known: readonly string[]): void {
  for (const name of Object.keys(endpoint.options)) {
    if (known.includes(name)) continue
    const hint = didYouMean(name, [...known, ...failoverOptionNames])
    throw new UnderstudyError(
      'invalid-option',
      `unknown option ${JSON.stringify(name.slice(0, 64))} of ${redact(endpoint)}${hint}`,
    )
  }
}

/** The address that a URI names, its default port filled in, or undefined where it names none. */
export function addressOf(text: string): RedactedEndpoint | undefined {
  try {
    const { url, scheme } = parsePlace(text, 'it')
    return redact({ scheme, ...placeOf(url, scheme) })
  } catch {
    return undefined
  }
}

/** The list as it may be shown: schemes, hosts and ports alone. */
export function describeFailoverUri(uri: FailoverUri): string {
  return `failover:(${uri.endpoints.map(redact).join(',')})`
}
