import { type ErrorCode, messageOf, UnderstudyError } from '../../src/errors.ts'
import { blot, byDialCode, type FailureClass, type Peer, type Phase } from '../../src/transport/peer-failure.ts'
import { isTlsCode, saysNoTls } from '../../src/transport/tls-settings.ts'
import type { AmqpError } from './driver.ts'
import { queueDifference } from './queue-difference.ts'

/** AMQP's reply codes, where the broker's words make no difference. */
const BY_REPLY_CODE: Readonly<Record<number, FailureClass>> = {
  311: { code: 'rejected', retriable: false },
  320: { code: 'link-lost', retriable: true },
  405: { code: 'rejected', retriable: true },
  506: { code: 'link-lost', retriable: true },
  540: { code: 'unsupported', retriable: false },
  541: { code: 'link-lost', retriable: true },
}

/**
 * Every error of amqplib, of the socket below it and of the broker behind it, in our words. Total: what is
 * not known is a protocol error, which another attempt may cure.
 */
export function classify(thrown: unknown, phase: Phase, peer: Peer): UnderstudyError {
  if (thrown instanceof UnderstudyError) return thrown
  const { code, retriable } = classOf(thrown as AmqpError, phase)
  return describe(code, retriable, thrown as AmqpError, peer)
}

/** Whether the error says that a queue is where nobody can reach it for now; the link is as good as before. */
export function isAway(error: UnderstudyError): boolean {
  return error.code === 'unreachable'
}

/** AMQP's reply code of an error, or undefined where the broker did not speak. */
export function replyCodeOf(error: unknown): number | undefined {
  const { code } = error as AmqpError
  if (typeof code === 'number') return code
  const told = /^Handshake terminated by server: (\d{3})\b/.exec(messageOf(error))
  return told ? Number(told[1]) : undefined
}

/** The broker's own words, out of what amqplib makes of them. */
export function replyTextOf(error: unknown): string {
  const text = messageOf(error)
  return /with message "(.*)"$/s.exec(text)?.[1] ?? text
}

function describe(code: ErrorCode, retriable: boolean, thrown: AmqpError, peer: Peer): UnderstudyError {
  const { address, secret } = peer
  const said = blot(replyTextOf(thrown), secret)
  const system = (thrown as AmqpError | undefined)?.code
  const cause = Object.assign(new Error(said), system === undefined ? {} : { code: system })
  const verb = code === 'rejected' ? 'refused it' : 'failed'
  const access = code === 'authentication' ? REFUSED_ACCESS.exec(said)?.[1] : undefined
  const what =
    access !== undefined
      ? `refused ${access}`
      : saysNoTls(said)
        ? 'does not speak TLS on that port'
        : (DESCRIPTIONS[code] ??
          queueDifference(said) ??
          `${verb}: ${said === '' ? String(system ?? 'no reason was given') : said}`)
  return new UnderstudyError(code, `${address} ${what}`, { retriable, endpoint: address, cause })
}

function classOf(error: AmqpError, phase: Phase): FailureClass {
  const system = typeof error?.code === 'string' ? error.code : undefined
  if (system !== undefined) {
    const known = byDialCode(system)
    if (known && phase === 'dialling') return known
    if (isTlsCode(system)) return { code: 'tls', retriable: false }
  }
  const reply = replyCodeOf(error)
  if (reply !== undefined) return byReply(reply, replyTextOf(error))
  const text = messageOf(error)
  if (text === 'Heartbeat timeout') return { code: 'heartbeat-lost', retriable: true }
  if (text.startsWith('SASL mechanism')) return { code: 'authentication', retriable: false }
  // Node's own words for bytes that cannot be read as what they claim to be.
  if (system?.startsWith('ERR_') === true || (system === undefined && !ENDED.test(text)))
    return { code: 'protocol', retriable: true }
  return { code: phase === 'established' ? 'link-lost' : 'unreachable', retriable: true }
}

// amqplib's words for a socket that ended, and for what waited on it.
const ENDED = /^Unexpected close|^Socket closed|^Channel (closed|ended)|^Connection clos|^the connection ended/

// What may not be read, written or declared: the words before those that name the user.
const REFUSED_ACCESS = /\b((?:read |write |configure )?access to .+) refused\b/s

function byReply(reply: number, text: string): FailureClass {
  switch (reply) {
    case 403:
      // Another consumer has the queue to itself, until it goes.
      if (/in exclusive use/.test(text)) return { code: 'unreachable', retriable: true }
      // What nobody may do, whoever they are.
      if (/reserved prefix|default exchange|internal exchange/.test(text)) return { code: 'rejected', retriable: false }
      return { code: 'authentication', retriable: false }
    case 404:
      // `home node 'rabbit@a' of durable queue 'q' in vhost '/' is down or inaccessible`; while that node is
      // on its way out, `queue 'q' in vhost '/' process is stopped by supervisor`.
      return /down or inaccessible|home node|stopped by supervisor|due to timeout/.test(text)
        ? { code: 'unreachable', retriable: true }
        : { code: 'rejected', retriable: true }
    case 406:
      if (/acknowledgement.*timed out/.test(text)) return { code: 'deadline', retriable: true }
      return { code: /unknown delivery tag/.test(text) ? 'protocol' : 'rejected', retriable: false }
    case 530:
      return byRefusedVhost(text)
    default:
      return BY_REPLY_CODE[reply] ?? { code: 'protocol', retriable: true }
  }
}

function byRefusedVhost(text: string): FailureClass {
  if (/vhost .*not found/.test(text)) return { code: 'invalid-uri', retriable: false }
  // The virtual host is starting or down, or too many are connected: that passes.
  if (/is down|limit/.test(text)) return { code: 'unreachable', retriable: true }
  return { code: 'authentication', retriable: false }
}

// In place of the driver's text where that is vaguer, or names the user.
const DESCRIPTIONS: Partial<Record<ErrorCode, string>> = {
  refused: 'refused the connection',
  'unknown-host': 'has a host name that is not known',
  authentication: 'refused the user name, the password or the permission',
  'heartbeat-lost': 'went silent past its heart-beat',
}
