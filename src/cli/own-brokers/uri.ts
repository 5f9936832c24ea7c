import { UnderstudyError } from '../../errors.ts'
import { isFailoverOption } from '../../failover/options.ts'
import { parseFailoverUri } from '../../failover/uri.ts'
import { redact } from '../../transport/endpoint.ts'

/** One broker of a failover URI as it was written, in pieces. */
interface OwnAddress {
  /** `stomp://host:61613`, without credentials. */
  readonly endpoint: string
  readonly host: string
  readonly port: number
  /** The whole address again, credentials and options included, with another `scheme://host:port` in front. */
  at(endpoint: string): string
}

export interface OwnUri {
  readonly addresses: readonly OwnAddress[]
  /** The options of the list. */
  readonly options: Readonly<Record<string, string>>
  /** The URI as it may be shown: `USER:PASSWORD` in place of credentials. */
  readonly shown: string
  /** What must be shown nowhere. */
  readonly secrets: readonly string[]
}

/**
 * Takes a failover URI apart so that its brokers can be named, probed and put behind proxies.
 *
 * @throws UnderstudyError `invalid-uri` or `invalid-option`, which never names a credential; brokers of several
 * protocols, or in memory, cannot be drilled.
 */
export function readOwnUri(text: string): OwnUri {
  const { endpoints } = parseFailoverUri(text)
  const [first] = endpoints
  const unlike = endpoints.find((one) => one.scheme !== first?.scheme)
  if (unlike)
    throw new UnderstudyError(
      'invalid-uri',
      `brokers of one scheme can be drilled, not ${first?.scheme}: and ${unlike.scheme}:`,
    )
  if (first?.scheme === 'memory')
    throw new UnderstudyError('invalid-uri', 'a broker in memory has no process or network to be hurt')
  const { inner, options } = takeApart(text.trim())
  // Decoded, encoded as this program does it, and as it was written: `%2f` and `%2F` are the same.
  const secrets = endpoints.flatMap(({ password }, index) =>
    password === undefined
      ? []
      : [password, encodeURIComponent(password), inner[index]?.login.replace(/^[^:]*:|@$/g, '') ?? ''],
  )
  const addresses = endpoints.map((endpoint, index): OwnAddress => {
    const { login, rest } = inner[index] ?? { login: '', rest: '' }
    return {
      endpoint: redact(endpoint),
      host: endpoint.host,
      port: endpoint.port,
      at: (elsewhere) => elsewhere.replace('://', `://${login}`) + rest,
    }
  })
  const shown = endpoints.map((endpoint) => {
    const login = endpoint.username === undefined ? '' : 'USER:PASSWORD@'
    return redact(endpoint).replace('://', `://${login}`)
  })
  // An option may name brokers again, credentials included.
  const query = new URLSearchParams(Object.entries(options).filter(([, value]) => !value.includes('@'))).toString()
  return {
    addresses,
    options,
    shown: `failover:(${shown.join(',')})${query === '' ? '' : `?${query}`}`,
    // The longest first: one that begins another must not leave the rest of it.
    secrets: [...new Set(secrets)].filter((secret) => secret !== '').toSorted((a, b) => b.length - a.length),
  }
}

/** A text of somebody else with every password taken out, and the credentials of every address in it. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const cleared = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  return cleared.replaceAll(/:\/\/[^\s/@'"]*@/g, '://***@')
}

interface Inner {
  /** `user:password@`, or nothing. */
  readonly login: string
  /** Path and query. */
  readonly rest: string
}

/** The URI has been checked: what is left is to find where its pieces end. */
function takeApart(text: string): {
  readonly inner: readonly Inner[]
  readonly options: Readonly<Record<string, string>>
} {
  const body = text.replace(/^failover:(?:\/\/)?/i, '')
  const listed = /^\(([^)]*)\)(?:\?(.*))?$/.exec(body)
  const inner = (listed?.[1] ?? body).split(',').map((one) => piecesOf(one.trim()))
  if (listed) return { inner, options: Object.fromEntries(new URLSearchParams(listed[2] ?? '')) }
  // Without parentheses the last query holds options of both kinds.
  const options: Record<string, string> = {}
  const last = inner.at(-1)
  const query = new URLSearchParams(/\?(.*)$/.exec(last?.rest ?? '')?.[1] ?? '')
  const own = new URLSearchParams()
  for (const [name, value] of query) {
    if (isFailoverOption(name) || name.startsWith('nested.')) options[name] = value
    else own.append(name, value)
  }
  const path = (last?.rest ?? '').replace(/\?.*$/, '')
  const kept: Inner = { login: last?.login ?? '', rest: path + (own.size === 0 ? '' : `?${own.toString()}`) }
  return { inner: [...inner.slice(0, -1), kept], options }
}

function piecesOf(address: string): Inner {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:([^/?#]*)@)?[^/?#]*(.*)$/i.exec(address)
  return { login: match?.[1] === undefined ? '' : `${match[1]}@`, rest: match?.[2] ?? '' }
}
