/**
 * A report stands by itself: nothing of the dashboard's. In a sandbox it has an origin of its own, so that a script in a
 * file that somebody changed can neither read a page of the dashboard nor act on it.
 */
const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** For files that are handed out and never shown. */
export const FILE_POLICY: string = `${NOTHING}; sandbox`

/** For a page of ours that was made on the spot, and has no script: only its own style. */
export function pagePolicy(page: string): string {
  const own = ownPolicy(page)
  return own === undefined ? FILE_POLICY : policyOf(own.style, undefined)
}

/**
 * What a report's head asks for by hashes, and not a word more: its own style and its own scripts. What is no report of
 * ours gets neither.
 *
 * @param head The beginning of the page, up to its policy at least.
 */
export function reportPolicy(head: string): string {
  const own = ownPolicy(head)
  return own === undefined ? FILE_POLICY : policyOf(own.style, own.script)
}

/**
 * Without scripts there is nothing to keep in a sandbox, and links of such a page, as of a suite to its runs, come from
 * the dashboard: its cookie is for requests of its own site alone. What has scripts must not be of that site.
 */
function policyOf(style: string, script: string | undefined): string {
  return script === undefined
    ? `${NOTHING}; style-src ${style}`
    : `${NOTHING}; style-src ${style}; script-src ${script}; img-src data:; sandbox allow-scripts allow-downloads`
}

const META = /<meta http-equiv="Content-Security-Policy" content="([^"]{1,4096})">/
const HASHES = /^'sha256-[A-Za-z0-9+/]{43}='(?: 'sha256-[A-Za-z0-9+/]{43}=')*$/

function ownPolicy(head: string): { readonly style: string; readonly script: string | undefined } | undefined {
  const content = META.exec(head)?.[1]?.replaceAll('&#39;', "'")
  const directives = new Map(
    content?.split(';').map((directive) => {
      const [name = '', ...sources] = directive.trim().split(' ')
      return [name, sources.join(' ')]
    }),
  )
  const style = directives.get('style-src')
  const script = directives.get('script-src')
  if (style === undefined || !HASHES.test(style)) return undefined
  return script !== undefined && !HASHES.test(script) ? undefined : { style, script }
}
