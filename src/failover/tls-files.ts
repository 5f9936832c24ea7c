import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { messageOf, UnderstudyError } from '../errors.ts'
import { fileProblem } from '../folder.ts'
import { type Endpoint, redact } from '../transport/endpoint.ts'
import type { TlsSettings } from '../transport/tls-settings.ts'

/** Options of an inner URI that name files in PEM form. */
export const tlsFileOptions: readonly string[] = ['caFile', 'certFile', 'keyFile', 'serverName']

const ENCRYPTED_SCHEMES = new Set(['stomp+ssl', 'amqps'])

/**
 * The endpoint with its TLS settings: the application's own, and over them what the URI names in files.
 *
 * @throws UnderstudyError `invalid-option` for a file that cannot be read or holds no certificate or key,
 * a certificate without its key, or TLS options on a scheme without TLS.
 */
export async function withTls(endpoint: Endpoint, given: TlsSettings | undefined): Promise<Endpoint> {
  const address = redact(endpoint)
  const named = tlsFileOptions.find((name) => endpoint.options[name] !== undefined)
  if (!ENCRYPTED_SCHEMES.has(endpoint.scheme)) {
    if (named === undefined) return endpoint
    throw invalid(`option ${named} of ${address} needs a scheme with TLS: stomp+ssl: or amqps:`)
  }
  const tls: TlsSettings = {
    ...given,
    ...(await fromFile('ca', 'caFile', endpoint)),
    ...(await fromFile('cert', 'certFile', endpoint)),
    ...(await fromFile('key', 'keyFile', endpoint)),
    ...(endpoint.options['serverName'] === undefined ? {} : { serverName: endpoint.options['serverName'] }),
  }
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw invalid(
      `${address} has a client ${tls.cert === undefined ? 'key and no certificate' : 'certificate and no key'}`,
    )
  const { ca, cert, key, passphrase } = tls
  try {
    createSecureContext({ ca, cert, key, passphrase })
  } catch (error) {
    // OpenSSL says what is wrong with the PEM text and quotes nothing of it.
    throw invalid(`the TLS settings of ${address} cannot be used: ${messageOf(error)}`)
  }
  const options = Object.fromEntries(
    Object.entries(endpoint.options).filter(([name]) => !tlsFileOptions.includes(name)),
  )
  return Object.freeze({ ...endpoint, options: Object.freeze(options), tls: Object.freeze(tls) })
}

async function fromFile(field: 'ca' | 'cert' | 'key', option: string, endpoint: Endpoint): Promise<TlsSettings> {
  const path = endpoint.options[option]
  if (path === undefined) return {}
  try {
    return { [field]: await readFile(path) }
  } catch (error) {
    throw invalid(`option ${option} of ${redact(endpoint)}: the file cannot be read: ${fileProblem(error)}`)
  }
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', message)
}
