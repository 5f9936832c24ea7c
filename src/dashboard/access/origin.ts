/** Whether a `Host` header is one of these names; a name without a port means any port. */
export function isNamed(host: string, names: readonly string[]): boolean {
  const said = host.toLowerCase()
  return names.some((name) => {
    const meant = name.toLowerCase()
    return meant === said || meant === hostName(said)
  })
}

export type SiteRelation = 'same' | 'foreign' | 'untold'

/**
 * Whether a request comes from a page of this server: browsers say so by `Sec-Fetch-Site` and `Origin`, which no page
 * can forge, and with every request that may change something. `untold` is what no browser sends.
 */
export function siteOf(headers: Headers, host: string, names: readonly string[]): SiteRelation {
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  if (site !== null && site !== 'same-origin') return 'foreign'
  if (origin !== null) {
    if (!URL.canParse(origin)) return 'foreign'
    const from = new URL(origin).host
    // Another port of the same name is another site, unless it is named with it.
    if (from !== host.toLowerCase() && !names.some((name) => name.toLowerCase() === from)) return 'foreign'
  }
  return site === null && origin === null ? 'untold' : 'same'
}

/**
 * Whether a page of another site asks for something to be shown within itself, or to be had in passing. It may only lead
 * here: what it could not read anyway still costs a look at brokers and stores, or a stream.
 */
export function isForeignPart(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site')
  return (site === 'cross-site' || site === 'same-site') && headers.get('sec-fetch-mode') !== 'navigate'
}

function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '')
}
