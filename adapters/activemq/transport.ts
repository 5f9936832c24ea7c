import { UnderstudyError } from '../../src/errors.ts'
import { type Endpoint, redact } from '../../src/transport/endpoint.ts'
import type { Link } from '../../src/transport/link.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { type StompConnect, stompitConnect } from './driver.ts'
import { classify, type Phase } from './errors.ts'
import { StompLink } from './link.ts'

// stompit's own limits (1,024 characters, 64 headers) are below what a dead letter carries.
const MAX_LINE_LENGTH = 64 * 1024
const MAX_HEADERS = 1000

/** ActiveMQ, and any broker that speaks STOMP 1.2 with `client-individual` acknowledgement. */
export function activemqTransport(connect: StompConnect = stompitConnect): Transport {
  return {
    schemes: ['stomp', 'stomp+ssl'],
    capabilities: {
      priority: true,
      expiry: true,
      delay: false,
      topics: true,
      exchanges: false,
      deadLetters: true,
      confirmedSettlement: true,
    },
    optionNames: ['vhost'],
    validate,
    dial: (endpoint, signal) => dial(connect, endpoint, signal),
  }
}

function validate(endpoint: Endpoint): void {
  if (endpoint.path !== '') {
    throw new UnderstudyError('invalid-uri', `${redact(endpoint)} has a path, which STOMP gives no meaning`)
  }
}

function dial(connect: StompConnect, endpoint: Endpoint, signal: AbortSignal): Promise<Link> {
  const address = redact(endpoint)
  let phase: Phase = 'dialling'
  let link: StompLink | undefined
  return new Promise((resolve, reject) => {
    const client = connect(
      {
        host: endpoint.host,
        port: endpoint.port,
        ssl: endpoint.scheme === 'stomp+ssl',
        timeout: 0,
        noDelay: true,
        connectHeaders: connectHeaders(endpoint),
        maxLineLength: MAX_LINE_LENGTH,
        maxHeaders: MAX_HEADERS,
        heartbeatDelayMargin: endpoint.heartbeatMs / 2,
        heartbeatOutputMargin: Math.floor(endpoint.heartbeatMs / 4),
        ...(isName(endpoint.host) ? { servername: endpoint.host } : {}),
      },
      (error) => {
        signal.removeEventListener('abort', onAbort)
        if (error) {
          reject(classify(error, phase, address))
          return
        }
        phase = 'established'
        link = new StompLink(client, address)
        resolve(link)
      },
    )
    const onAbort = (): void => {
      reject(phase === 'handshake' ? mute(endpoint, address) : signal.reason)
      client.destroy()
    }
    client.on('socket-connect', () => {
      phase = 'handshake'
    })
    client.on('error', (error) => link?.ended(error))
    client.on('end', () => link?.ended())
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

function connectHeaders(endpoint: Endpoint): Record<string, string> {
  return {
    'accept-version': '1.2',
    host: endpoint.options['vhost'] ?? endpoint.host,
    'heart-beat': `${endpoint.heartbeatMs},${endpoint.heartbeatMs}`,
    ...(endpoint.username === undefined ? {} : { login: endpoint.username }),
    ...(endpoint.password === undefined ? {} : { passcode: endpoint.password }),
  }
}

function mute(endpoint: Endpoint, address: string): UnderstudyError {
  const message = `${address} accepted the connection and answered nothing within ${endpoint.connectTimeoutMs} ms`
  return new UnderstudyError('handshake-timeout', message, { retriable: true, endpoint: address })
}

/** TLS sends a server name for names alone, never for addresses. */
function isName(host: string): boolean {
  return !host.includes(':') && !/^\d+(\.\d+){3}$/.test(host)
}
