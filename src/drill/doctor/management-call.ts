import { request as requestPlain, type RequestOptions } from 'node:http'
import { request as requestTls } from 'node:https'
import { UnderstudyError } from '../../errors.ts'

/** The management API of a RabbitMQ node, and who asks. */
export interface ManagementAddress {
  /** `http:` or `https:`, a host, a port and perhaps a path; no credentials. */
  readonly base: URL
  readonly username: string
  readonly password: string
}

// A page of 500 queues takes a few hundred kilobytes.
const MOST_BYTES = 32 * 1024 * 1024

/**
 * Reads `http://user:password@host:15672`. Without a user it is that of `login`, and without one RabbitMQ's
 * own `guest`.
 *
 * @throws UnderstudyError `invalid-option` that quotes nothing of it.
 */
export function managementAddress(
  text: string,
  login?: { readonly username: string; readonly password: string },
): ManagementAddress {
  let url: URL
  let username: string
  let password: string
  try {
    url = new URL(text)
    username = decodeURIComponent(url.username)
    password = decodeURIComponent(url.password)
  } catch {
    throw invalid(
      'is not a valid URL; percent-encode what the user name and the password hold beside letters and digits',
    )
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid('must begin with http:// or https://')
  if (url.search !== '' || url.hash !== '') throw invalid('has a query or a fragment, which mean nothing here')
  const base = new URL(`${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '').replace(/\/api$/, '')}/`)
  if (username !== '') return { base, username, password }
  return { base, username: login?.username ?? 'guest', password: login?.password ?? 'guest' }
}

function invalid(why: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `option --management ${why}`)
}

/**
 * One GET of the API, the whole answer within `withinMs`. Undefined is 404. A redirect is not followed: it
 * could carry the password to another host.
 *
 * @throws UnderstudyError `refused`, `unreachable`, `deadline`, `authentication` or `protocol`, naming the
 * address without credentials; `aborted` on the signal.
 */
export function callManagement(
  { base, username, password }: ManagementAddress,
  path: string,
  withinMs: number,
  signal: AbortSignal,
): Promise<unknown> {
  const where = `the management API at ${base.host}`
  const late = AbortSignal.timeout(withinMs)
  return new Promise((resolve, reject) => {
    const fail = (code: 'refused' | 'unreachable' | 'deadline' | 'authentication' | 'protocol', why: string): void => {
      reject(new UnderstudyError(code, `${where} ${why}`))
    }
    const onError = (error: NodeJS.ErrnoException): void => {
      if (signal.aborted) reject(new UnderstudyError('aborted', `${where} was not waited for`))
      else if (late.aborted) fail('deadline', `did not answer within ${withinMs} ms`)
      else if (error.code === 'ECONNREFUSED') fail('refused', 'refuses connections: is the management plugin enabled?')
      else fail('unreachable', `cannot be asked: ${error.message}`)
    }
    const options: RequestOptions = {
      auth: `${username}:${password}`,
      agent: false,
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([signal, late]),
    }
    const call = (base.protocol === 'https:' ? requestTls : requestPlain)(new URL(`api/${path}`, base), options)
    call.once('error', onError)
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > MOST_BYTES) response.destroy(new Error(`it answered with more than ${MOST_BYTES} bytes`))
        else chunks.push(chunk)
      })
      response.once('error', onError)
      response.once('end', () => {
        const { statusCode } = response
        if (statusCode === 404) return resolve(undefined)
        if (statusCode === 401 || statusCode === 403) {
          return fail(
            'authentication',
            'refused the user name, the password or the permission (it wants the tag monitoring)',
          )
        }
        if (statusCode !== 200) return fail('protocol', `answered ${statusCode}`)
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')))
        } catch {
          fail('protocol', 'answered something that is no JSON')
        }
      })
    })
    call.end()
  })
}
