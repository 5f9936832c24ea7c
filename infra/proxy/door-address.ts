import { UnderstudyError } from '../../src/errors.ts'

const ENDPOINT = /^([a-z][a-z0-9+.-]*):\/\/(?:\[([0-9a-f:.%]+)\]|([^/:?@[\]]+)):(\d{1,5})(.*)$/i
const ENCRYPTED: ReadonlySet<string> = new Set(['stomp+ssl', 'amqps'])

/**
 * Where an endpoint such as `stomp://[::1]:61613` is, the brackets of an address of IPv6 taken off.
 *
 * @throws UnderstudyError `invalid-uri` when it names no host and port, as a broker in memory does not.
 */
export function addressOf(endpoint: string): { readonly host: string; readonly port: number } {
  const [, , address, name, port] = ENDPOINT.exec(endpoint) ?? []
  const host = address ?? name
  if (host === undefined) throw noAddress(endpoint)
  return { host, port: Number(port) }
}

/** The same endpoint at another address, which is no address of IPv6. @throws UnderstudyError likewise. */
export function throughAddress(
  endpoint: string,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  const [, scheme, , , , rest = ''] = ENDPOINT.exec(endpoint) ?? []
  if (scheme === undefined) throw noAddress(endpoint)
  return `${scheme}://${host}:${port}${rest}`
}

/** Whether clients check the certificate of who answers there. */
export function isEncrypted(endpoint: string): boolean {
  return ENCRYPTED.has(ENDPOINT.exec(endpoint)?.[1]?.toLowerCase() ?? '')
}

function noAddress(endpoint: string): UnderstudyError {
  const shown = endpoint.replace(/\/\/.*@/, '//')
  return new UnderstudyError('invalid-uri', `no proxy can stand in front of ${shown}: it names no host and port`)
}
