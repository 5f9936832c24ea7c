/**
 * How to prove and check identities over TLS; PEM text or bytes throughout. The broker's certificate is
 * always verified, against the host's own name: there is no switch that turns this off.
 */
export interface TlsSettings {
  /** The authorities to believe. Defaults to those that Node believes. */
  readonly ca?: string | Buffer
  /** This client's certificate chain, for brokers that ask for one. Needs `key`. */
  readonly cert?: string | Buffer
  /** The private key of `cert`. */
  readonly key?: string | Buffer
  /** What `key` is encrypted with. Never shown. */
  readonly passphrase?: string
  /** The name that the broker's certificate must carry. Defaults to the endpoint's host. */
  readonly serverName?: string
}

// OpenSSL's words for bytes that are no TLS record, as from a plain port.
const NO_RECORD = /SSL routines:.*:(wrong version number|packet length too long|http request|unknown protocol)\b/

/** Whether the text of a failed TLS handshake says that the peer spoke no TLS at all. */
export function saysNoTls(text: string): boolean {
  return NO_RECORD.test(text)
}

/** Whether a code, Node's or OpenSSL's, tells of TLS: a certificate, a key or a handshake. */
export function isTlsCode(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code)
}

/** The name to ask a host for, where there is one: TLS sends names alone, never addresses. */
function serverNameOf(host: string, { serverName }: TlsSettings): string | undefined {
  if (serverName !== undefined) return serverName
  return host.includes(':') || /^\d+(\.\d+){3}$/.test(host) ? undefined : host
}

/** What Node's `tls.connect` is given for that host, of what is set; it verifies unless told otherwise. */
export function tlsOptionsOf(
  host: string,
  settings: TlsSettings = {},
): Omit<TlsSettings, 'serverName'> & { readonly servername?: string } {
  const { ca, cert, key, passphrase } = settings
  const name = serverNameOf(host, settings)
  return {
    ...(name === undefined ? {} : { servername: name }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
}
