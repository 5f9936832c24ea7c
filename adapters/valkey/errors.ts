import { UnderstudyError, messageOf } from '../../src/errors.ts'
import { blot } from '../../src/transport/peer-failure.ts'
import { isTlsCode } from '../../src/transport/tls-settings.ts'
import type { ValkeyAddress } from './address.ts'

/**
 * Every error of the driver, of the socket below it and of the server behind it, as `storage`. Total: what is not known
 * may succeed later.
 */
export function classify(thrown: unknown, address: ValkeyAddress): UnderstudyError {
  if (thrown instanceof UnderstudyError) return thrown
  const said = blot(repliesOf(thrown), address.password)
  const cause = new Error(said)
  const { shown } = address
  if (/^(NOAUTH|WRONGPASS|NOPERM|ERR (invalid password|AUTH|Client sent AUTH))/.test(said)) {
    return new UnderstudyError('storage', `${shown} refused the user name, the password or the permission`, {
      endpoint: shown,
      cause,
    })
  }
  if (isTlsCode(codeOf(thrown))) {
    return new UnderstudyError('storage', `${shown} is not trusted: ${said}`, { endpoint: shown, cause })
  }
  // A server below version 6; and what no later call changes.
  const retriable = !/^(ERR|WRONGTYPE|NOPROTO)\b/.test(said)
  return new UnderstudyError('storage', `${shown} ${describe(thrown, said)}`, { retriable, endpoint: shown, cause })
}

/** A transaction's error says only that there were errors. */
function repliesOf(thrown: unknown): string {
  const { replies } = Object(thrown) as { readonly replies?: unknown }
  const first = Array.isArray(replies) ? replies.find((reply) => reply instanceof Error) : undefined
  return messageOf(first ?? (thrown instanceof AggregateError ? (thrown.errors[0] ?? thrown) : thrown))
}

function codeOf(thrown: unknown): string {
  const { code } = Object(thrown) as { readonly code?: unknown }
  return typeof code === 'string' ? code : ''
}

function describe(thrown: unknown, said: string): string {
  const code = codeOf(thrown)
  if (code === 'ECONNREFUSED') return 'refused the connection'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'has a host name that is not known'
  if (said === 'Connection timeout') return 'did not answer the dial in time'
  if (/^(Socket closed unexpectedly|Disconnects client|The client is (closed|offline))/.test(said) || code !== '')
    return `was lost${code === '' ? '' : ` (${code})`}`
  return `failed: ${said === '' ? 'no reason was given' : said}`
}
