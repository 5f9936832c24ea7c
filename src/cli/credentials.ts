import type { BrokerControl } from '../drill/broker-control.ts'

/** A URI, or a failover URI, with the brokers' user and password in each address, percent-encoded. */
export function withCredentials(uri: string, credentials: BrokerControl['credentials']): string {
  if (credentials === undefined) return uri
  const login = `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}@`
  return uri.replaceAll('://', `://${login}`)
}
