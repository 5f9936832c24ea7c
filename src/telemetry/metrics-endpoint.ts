import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UnderstudyError } from '../errors.ts'
import { listenProblem } from '../listen-problem.ts'
import { isLoopbackHost } from '../loopback.ts'

export interface MetricsEndpointOptions {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** What a scrape is answered with. */
  readonly text: () => Promise<{ readonly contentType: string; readonly body: string }>
}

/** A server that shows metrics and nothing else. */
export interface MetricsEndpoint {
  readonly url: string
  /** Ends open scrapes too. Idempotent. */
  close(): Promise<void>
}

const PATH = '/metrics'
const MOST_CONNECTIONS = 50
// Whoever connects and says nothing.
const REQUEST_WITHIN_MS = 10_000

/**
 * Serves `/metrics`; on loopback to whoever calls it by a name of loopback: a page of another site that has its own name
 * lead here is not answered.
 *
 * @throws UnderstudyError `invalid-option` when it cannot listen there.
 */
export async function serveMetrics({ host, port, text }: MetricsEndpointOptions): Promise<MetricsEndpoint> {
  const server = createServer(
    { requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS },
    (asked, answer) => void respond(asked, answer, text, isLoopbackHost(host)),
  )
  server.maxConnections = MOST_CONNECTIONS
  await listen(server, host, port)
  const { address, family, port: given } = server.address() as AddressInfo
  const shown = family === 'IPv6' ? `[${address}]` : address
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  return {
    url: `http://${shown}:${given}${PATH}`,
    close: () => {
      server.close()
      server.closeAllConnections()
      return closed
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => {
      const why = listenProblem(cause)
      reject(new UnderstudyError('invalid-option', `metrics cannot be served at ${host}:${port}: ${why}`, { cause }))
    }
    server.once('error', refuse)
    server.listen(port, host, () => {
      server.off('error', refuse)
      // What goes wrong with one connection, such as no descriptor being left, is no end of the others.
      server.on('error', () => {})
      resolve()
    })
  })
}

async function respond(
  asked: IncomingMessage,
  answer: ServerResponse,
  text: MetricsEndpointOptions['text'],
  isForHere: boolean,
): Promise<void> {
  const end = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): void => {
    answer.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers })
    answer.end(asked.method === 'HEAD' ? '' : body)
  }
  if (isForHere && !isLoopbackHost(asked.headers.host ?? '')) return end(403, 'not called by that name\n')
  if (asked.url?.split('?')[0] !== PATH) return end(404, `only ${PATH} is here\n`)
  if (asked.method !== 'GET' && asked.method !== 'HEAD') return end(405, 'GET only\n', { allow: 'GET, HEAD' })
  try {
    const { contentType, body } = await text()
    end(200, body, { 'content-type': contentType })
  } catch {
    // What a metric of somebody's own throws is not for whoever scrapes.
    end(500, 'the metrics could not be read\n')
  }
}
