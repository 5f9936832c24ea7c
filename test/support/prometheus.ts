import type { TestContext } from 'node:test'
import { findPrometheus, type PrometheusProgram } from '../../infra/prometheus/find-server.ts'
import { startPrometheus } from '../../infra/prometheus/start-server.ts'
import { newLabRoot } from './lab-root.ts'

/** Why tests against Prometheus are skipped here, or false; a failure with `UNDERSTUDY_REQUIRE_BROKERS=1`. */
export function prometheusSkip(): string | false {
  if (findPrometheus() !== undefined) return false
  const reason = 'Prometheus is not installed; run `understudy lab install`'
  if (process.env['UNDERSTUDY_REQUIRE_BROKERS'] === '1') throw new Error(`UNDERSTUDY_REQUIRE_BROKERS is set: ${reason}`)
  return reason
}

export function prometheusProgram(): PrometheusProgram {
  return findPrometheus() ?? raise('no Prometheus here')
}

/** One series of an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A Prometheus of a test's own, and its HTTP API. */
export interface Prometheus {
  /** What a query gives now. @throws Error with Prometheus' own words for one that it cannot read. */
  query(expression: string): Promise<readonly Series[]>
  /** `data` of an endpoint, such as `rules`. */
  ask(endpoint: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>
}

/** One that ends with the test. */
export async function prometheusFor(context: Pick<TestContext, 'after'>, configuration: string): Promise<Prometheus> {
  const server = await startPrometheus(prometheusProgram(), { configuration, root: newLabRoot('prometheus') })
  context.after(async () => await server.remove())
  const ask: Prometheus['ask'] = async (endpoint, parameters = {}) => {
    const url = new URL(`/api/v1/${endpoint}`, server.url)
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
    const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string }
    if (status !== 'success') throw new Error(`${url.search}: ${error}`)
    return data
  }
  return {
    ask,
    async query(expression) {
      const { result } = (await ask('query', { query: expression })) as {
        result: readonly { metric: Record<string, string>; value: [number, string] }[]
      }
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }))
    },
  }
}

function raise(message: string): never {
  throw new Error(message)
}
