import { type ErrorCode, messageOf, UnderstudyError } from '../../src/errors.ts'
import { blot, byDialCode, type FailureClass, type Peer, type Phase } from '../../src/transport/peer-failure.ts'
import { isTlsCode, saysNoTls } from '../../src/transport/tls-settings.ts'
import { SILENT, type StompError } from './driver.ts'

// What ActiveMQ and the embedded broker write into an ERROR frame's message header.
const CREDENTIALS = /password is invalid|authentication failed|not authorized|credentials|security/i
// A destination is named in it as the application named it, which says nothing about what is wrong.
const DESTINATION = /\b(?:temp-)?(?:queue|topic):\/\/\S+/gi
const NO_PERMISSION = /not authorized to ([a-z ]+?):? (\S+)$/
const STILL_CONNECTED = /already connected/i
const SHUTTING_DOWN = /broker .*(stopp|being stopped|shut)|peer .* disposed|connection disposed/i

/**
 * Every error of stompit, of the socket below it and of the broker behind it, in our words. Total: what
 * is not known is a protocol error, which another attempt may cure.
 */
export function classify(thrown: unknown, phase: Phase, peer: Peer): UnderstudyError {
  if (thrown instanceof UnderstudyError) return thrown
  const { code, retriable } = classOf(thrown as StompError, phase)
  return describe(code, retriable, thrown, peer)
}

/**
 * What an ERROR frame says about the one frame it answers: `authentication` and no further attempt,
 * `rejected` where another broker may not repeat it, `link-lost` where the broker is only leaving.
 */
export function classifyRefusal(message: string, peer: Peer): UnderstudyError {
  const { code, retriable } = byBrokerMessage(message)
  return describe(code === 'protocol' ? 'rejected' : code, retriable, new Error(message), peer)
}

function describe(code: ErrorCode, retriable: boolean, thrown: unknown, { address, secret }: Peer): UnderstudyError {
  const said = blot(messageOf(thrown), secret)
  const system = (thrown as StompError).code
  // Not the driver's own error, which carries the options of `connect`, password and all.
  const cause = Object.assign(new Error(said), system === undefined ? {} : { code: system })
  const verb = code === 'rejected' ? 'refused it' : 'failed'
  const denied = code === 'authentication' ? NO_PERMISSION.exec(said) : null
  const what = denied
    ? `gives no permission to ${denied[1]} ${denied[2]}`
    : saysNoTls(said)
      ? 'does not speak TLS on that port'
      : (DESCRIPTIONS[code] ?? `${verb}: ${said === '' ? (system ?? 'no reason was given') : said}`)
  return new UnderstudyError(code, `${address} ${what}`, { retriable, endpoint: address, cause })
}

function classOf(error: StompError, phase: Phase): FailureClass {
  const system = error.code === undefined ? undefined : byDialCode(error.code)
  if (system && phase === 'dialling') return system
  if (isTlsCode(error.code ?? '')) return { code: 'tls', retriable: false }
  if (error.isApplicationError?.()) return byBrokerMessage(error.message)
  if (phase === 'established' && (error.message === SILENT || error.code === 'ETIMEDOUT'))
    return { code: 'heartbeat-lost', retriable: true }
  if (error.isProtocolError?.() && !/connection ended/.test(error.message)) return { code: 'protocol', retriable: true }
  return { code: phase === 'established' ? 'link-lost' : 'unreachable', retriable: true }
}

function byBrokerMessage(text: string): FailureClass {
  const message = text.replaceAll(DESTINATION, '')
  if (STILL_CONNECTED.test(message) || SHUTTING_DOWN.test(message)) return { code: 'link-lost', retriable: true }
  if (CREDENTIALS.test(message)) return { code: 'authentication', retriable: false }
  return { code: 'protocol', retriable: true }
}

// In place of the driver's text where that is vaguer, or names the user.
const DESCRIPTIONS: Partial<Record<ErrorCode, string>> = {
  refused: 'refused the connection',
  'unknown-host': 'has a host name that is not known',
  authentication: 'refused the user name, the password or the permission',
  'heartbeat-lost': 'went silent past its heart-beat',
}
