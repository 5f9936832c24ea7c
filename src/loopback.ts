import { isIPv4, isIPv6 } from 'node:net'

/** Whether a name or an address, also with a port as in a `Host` header, means this machine's loopback address. */
export function isLoopbackHost(host: string): boolean {
  // What looks like a port may be the end of an IPv6 address.
  const name = isIPv6(host) ? host : host.toLowerCase().replace(/:\d+$/, '')
  return name === 'localhost' || name === '[::1]' || name === '::1' || (isIPv4(name) && name.startsWith('127.'))
}

/** Whether a socket's address is the loopback one. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false
  const plain = address.replace(/^::ffff:/i, '')
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}
