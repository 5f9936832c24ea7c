import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { memoryFailures } from '../../adapters/memory/failures.ts'
import { connect } from '../../src/connect.ts'
import type { Connection } from '../../src/connection.ts'
import { createDashboard } from '../../src/dashboard/dashboard.ts'
import { type App, createApp } from '../../src/jobs/app.ts'
import type { FailureStore } from '../../src/jobs/failures/store.ts'
import type { Logger } from '../../src/logger.ts'
import { sqliteFailures } from '../../src/stores.ts'
import { memoryBroker } from '../../src/testing/memory-broker.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

export type StoreKind = 'memory' | 'sqlite'

export const STORE_KINDS: readonly StoreKind[] = ['memory', 'sqlite']

const TOKENS = {
  vera: { name: 'vera', role: 'viewer', token: 'vera-0123456789abcdef' },
  otto: { name: 'otto', role: 'operator', token: 'otto-0123456789abcdef' },
  olga: { name: 'olga', role: 'operator', token: 'olga-0123456789abcdef' },
  ada: { name: 'ada', role: 'admin', token: 'ada-00123456789abcdef' },
} as const

export type Who = keyof typeof TOKENS

export interface Answer {
  readonly status: number
  readonly text: string
  readonly location: string | null
  readonly headers: Headers
}

/** Fields of a form, each once or several times. */
export type Fields = Readonly<Record<string, string | readonly string[]>>

export interface FailuresStage {
  readonly app: App
  readonly store: FailureStore
  readonly connection: Connection
  readonly url: string
  readonly log: readonly string[]
  readonly get: (path: string, who?: Who) => Promise<Answer>
  readonly post: (path: string, fields: Fields, who?: Who) => Promise<Answer>
  /** The same, and then the page that it leads to. */
  readonly posted: (path: string, fields: Fields, who?: Who) => Promise<Answer>
}

let stages = 0

/** A dashboard on a port of its own, over a broker in memory unless a uri names another, with four visitors. */
export async function failuresStage(
  context: Pick<TestContext, 'after'>,
  {
    kind = 'memory',
    store: given,
    uri,
    basePath = '',
  }: {
    readonly kind?: StoreKind
    readonly store?: FailureStore
    readonly uri?: string
    readonly basePath?: string
  } = {},
): Promise<FailuresStage> {
  const name = `dashboard-failures-${++stages}`
  const connection = await connect(uri ?? `memory:${name}`)
  const store =
    given ??
    (kind === 'memory' ? memoryFailures() : sqliteFailures(join(temporaryFolder('dashboard', context), 'f.db')))
  const log: string[] = []
  const app = createApp({ connection, failures: store })
  const dashboard = createDashboard({
    connection,
    app,
    basePath,
    access: { tokens: Object.values(TOKENS) },
    logger: noting(log),
  })
  const { url } = await dashboard.listen({ port: 0 })
  context.after(async () => {
    await dashboard.close()
    await app.close()
    await connection.close()
    if (uri === undefined) memoryBroker(name).reset()
  })
  const ask = async (path: string, who: Who, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(new URL(path, url), {
      redirect: 'manual',
      ...init,
      headers: { authorization: `Bearer ${TOKENS[who].token}` },
    })
    const { status, headers } = response
    return { status, headers, location: headers.get('location'), text: await response.text() }
  }
  const post = async (path: string, fields: Fields, who: Who = 'otto'): Promise<Answer> => {
    const body = new URLSearchParams()
    for (const [field, value] of Object.entries(fields))
      for (const one of typeof value === 'string' ? [value] : value) body.append(field, one)
    return await ask(path, who, { method: 'POST', body })
  }
  return {
    app,
    store,
    connection,
    url,
    log,
    get: (path, who = 'otto') => ask(path, who),
    post,
    posted: async (path, fields, who = 'otto') => {
      const answer = await post(path, fields, who)
      return answer.location === null ? answer : await ask(answer.location, who)
    },
  }
}

/** The token that somebody logs in with. */
export function tokenOf(who: Who): string {
  return TOKENS[who].token
}

/** The text of a page as it is read: without markup, and with every character as itself. */
export function readable(page: string): string {
  return page
    .replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, '')
    .replaceAll(/<\/(?:p|li|h\d|div|dt|dd|td|th|label|button|option|ul|section)>/g, ' ')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ')
}

/** What a form carries on in fields that are not seen. */
export function hiddenFields(page: string): Record<string, string[]> {
  const fields: Record<string, string[]> = {}
  const form = page.slice(page.indexOf('<form class="confirm"'))
  for (const [, name = '', value = ''] of form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    const text = value.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    ;(fields[name] ??= []).push(text)
  }
  return fields
}

function noting(lines: string[]): Logger {
  const note = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`)
  return { debug: note, info: note, warn: note, error: note }
}

export async function allOf<One>(list: AsyncIterable<One>): Promise<One[]> {
  const all: One[] = []
  for await (const one of list) all.push(one)
  return all
}
