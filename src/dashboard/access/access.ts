import { UnderstudyError } from '../../errors.ts'
import { checkNames } from '../../transport/option-names.ts'
import { ROLES, type Role, type Visitor } from './visitor.ts'

/** A secret that lets somebody in. */
export interface AccessToken {
  /** Who that is, for the audit. */
  readonly name: string
  readonly role: Role
  /** At least 16 characters. */
  readonly token: string
}

/** Who may see the dashboard, and do what. */
export interface Access {
  /**
   * Who comes with which token. A function is asked at every request and must answer at once, with the same list while
   * nothing has changed; who came with a token that is in the list no more, or by another name or role, is logged out.
   * While it throws, or its list cannot be, the one before holds. Defaults to none: then only this machine is let in,
   * over its loopback address, and may do everything.
   */
  readonly tokens?: readonly AccessToken[] | (() => readonly AccessToken[])
  /**
   * An application's own way to know who asks; undefined for nobody. It is asked before tokens and sessions, for a page
   * that is live again every quarter of an hour. What comes from another site than the page is refused before it is
   * asked. It must leave the body unread. Defaults to none.
   */
  readonly identify?: (request: Request) => Visitor | undefined | Promise<Visitor | undefined>
  /**
   * The names that browsers may call this server by, as a `Host` header has them, such as `jobs.example.org` or
   * `jobs.example.org:8443`. Defaults to those of the loopback address where there are neither tokens nor `identify`,
   * and to any otherwise.
   */
  readonly hosts?: readonly string[]
  /** How long somebody stays logged in, in milliseconds. Defaults to twelve hours. */
  readonly sessionMs?: number
  /** Whether browsers come over https, so that the cookie may say so. Defaults to false. */
  readonly https?: boolean
}

// Sixteen characters of base64 are 96 bits.
const SHORTEST_TOKEN = 16
const MOST_TOKENS = 1000
const LONGEST_SESSION_MS = 30 * 24 * 3_600_000
const HOST = /^(?:[a-z0-9](?:[\w.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** @throws UnderstudyError `invalid-option`, which quotes no token. */
export function checkAccess(access: Access): void {
  checkNames('access', access, { tokens: true, identify: true, hosts: true, sessionMs: true, https: true })
  const { hosts, sessionMs, identify } = access
  if (identify !== undefined && typeof identify !== 'function') throw invalid('identify must be a function')
  const tokens = tokensOf(access)
  if (tokens !== undefined) checkTokens(tokens)
  if (hosts?.length === 0) throw invalid('the list of hosts is empty, so nobody could call: leave it out, or name one')
  if (hosts?.some((host) => typeof host !== 'string' || !HOST.test(host)))
    throw invalid('a host is written like jobs.example.org or jobs.example.org:8443, without a scheme and a path')
  if (sessionMs !== undefined && !(sessionMs > 0 && sessionMs <= LONGEST_SESSION_MS))
    throw invalid('sessionMs must be above 0, and 30 days at most')
}

/** Those that hold now; undefined where access goes without. */
export function tokensOf({ tokens }: Pick<Access, 'tokens'>): readonly AccessToken[] | undefined {
  return typeof tokens === 'function' ? tokens() : tokens
}

/** @throws UnderstudyError `invalid-option`, which quotes no token. */
export function checkTokens(tokens: readonly AccessToken[]): void {
  if (!Array.isArray(tokens)) throw invalid('tokens must be a list, or a function that returns one')
  if (tokens.length > MOST_TOKENS) throw invalid(`there are more than ${MOST_TOKENS} tokens`)
  if (tokens.length === 0) throw invalid('the list of tokens is empty: leave it out, or name one')
  for (const { name, role, token } of tokens as readonly AccessToken[]) {
    if (typeof name !== 'string' || name.trim() === '') throw invalid('a token has no name: it says who comes with it')
    if (!ROLES.includes(role)) throw invalid(`the role of ${name} must be viewer, operator or admin`)
    if (typeof token !== 'string' || token.length < SHORTEST_TOKEN)
      throw invalid(`the token of ${name} is too short: ${SHORTEST_TOKEN} characters are the least`)
  }
  if (new Set(tokens.map(({ token }) => token)).size < tokens.length) throw invalid('two tokens are the same')
}

function invalid(what: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `access: ${what}`)
}
