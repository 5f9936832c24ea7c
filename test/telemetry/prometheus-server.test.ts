import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { after, before, describe, it } from 'node:test'
import { Registry } from 'prom-client'
import { parse } from 'yaml'
import { prometheusJobMetrics, prometheusMetrics } from '../../src/telemetry/prometheus.ts'
import { until } from '../cli/jobs/job-stage.ts'
import type { CommandEnd } from '../support/command.ts'
import { type Prometheus, prometheusFor, prometheusSkip, type Series } from '../support/prometheus.ts'
import { samplesOf } from './exposition.ts'
import { openShop, SECRETS, type Shop, TRADED } from './shop.ts'

const infra = (path: string): string => fileURLToPath(new URL(`../../infra/${path}`, import.meta.url))
const read = (path: string): string => readFileSync(infra(path), 'utf8')

/** The configuration that users get, with the shop in it, and quicker. */
function configurationFor({ targets }: Shop): string {
  const shipped = parse(read('prometheus/prometheus.yml')) as {
    global: object
    rule_files: readonly string[]
    scrape_configs: readonly { job_name: string }[]
  }
  const [workers] = shipped.scrape_configs
  return JSON.stringify({
    ...shipped,
    global: { ...shipped.global, scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: shipped.rule_files.map((file) => infra(`prometheus/${file}`)),
    scrape_configs: [
      { ...workers, static_configs: [{ targets: [targets.worker] }] },
      { ...workers, job_name: 'understudy-dashboard', static_configs: [{ targets: [targets.front] }] },
    ],
  })
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}

interface Board {
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] }
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[]
}

const RULES = (parse(read('prometheus/alerts.yml')) as Rules).groups.flatMap(({ rules }) => rules)
const BOARD = JSON.parse(read('grafana/understudy.json')) as Board

/** As Grafana would send it: https://grafana.com/docs/grafana/latest/dashboards/variables/ */
const filledIn = (expression: string): string =>
  expression
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '10m')
    .replaceAll(/\$(queue|job)\b/g, '.*')

describe('a Prometheus that scrapes a shop', { skip: prometheusSkip() }, () => {
  let shop: Shop
  let prometheus: Prometheus
  let printed: CommandEnd | undefined
  // What the hooks start ends with the suite.
  const endings: (() => Promise<void> | void)[] = []
  const context = { after: (ending: () => Promise<void> | void) => void endings.push(ending) }

  before(async () => {
    shop = await openShop(context)
    prometheus = await prometheusFor(context, configurationFor(shop))
    const isUp = async (): Promise<boolean> => (await prometheus.query('up == 1')).length === 2
    await until('both targets up', isUp)
    await shop.trade()
    await shop.loseBroker()
    const isTold = async (): Promise<boolean> => (await sum('understudy_jobs_succeeded_total')) === TRADED.succeeded
    await until('the last job in a scrape', isTold)
    await until('the failover in a scrape', async () => (await sum('understudy_broker_failovers_total')) === 4)
  })
  after(async () => {
    for (const ending of endings.toReversed()) await ending()
  })

  const sum = async (expression: string): Promise<number | undefined> =>
    (await prometheus.query(`sum(${expression})`))[0]?.value

  it('finds the jobs, by their own names, as many as there were', async () => {
    for (const [name, value] of Object.entries(TRADED))
      assert.equal(await sum(`understudy_jobs_${name}_total{queue="images",job="resize"}`), value, name)
    assert.equal(await sum('understudy_job_duration_seconds_count{result="ok"}'), TRADED.succeeded)
    assert.equal(await sum('understudy_job_duration_seconds_count{result="error"}'), 4)
    assert.equal(await sum('understudy_job_queue_wait_seconds_bucket{le="+Inf"}'), TRADED.started - TRADED.retried)
  })

  it('finds what is kept, waits and works as both ends see it', async () => {
    const valueOf = (series: readonly Series[]): readonly number[] => series.map(({ value }) => value)
    await until('the failures in a scrape', async () => {
      const kept = await prometheus.query('understudy_failures{queue="images",job="resize"}')
      return valueOf(kept).join(' ') === '1 1'
    })
    const ages = await prometheus.query('understudy_oldest_failure_age_seconds')
    assert.equal(ages.length, 2)
    for (const { value } of ages) assert.ok(value > 0 && value < 600)
    await until('the depth in a scrape', async () => {
      const depths = await prometheus.query('understudy_queue_depth{queue="images"}')
      return valueOf(depths).join(' ') === '0 0'
    })
    await until('the worker from both sides', async () => {
      const up = await prometheus.query('understudy_worker_up{worker="shop"} == 1')
      const jobs = new Set(up.map(({ metric }) => metric['job']))
      return jobs.size === 2 && jobs.has('understudy-dashboard') && jobs.has('understudy-workers')
    })
  })

  it('finds every metric that there is', async () => {
    const register = new Registry()
    prometheusMetrics(register)
    prometheusJobMetrics(register)
    const missing: string[] = []
    for (const { name, type } of register.getMetricsAsArray() as unknown as { name: string; type: string }[]) {
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      for (const suffix of suffixes)
        if ((await prometheus.query(`${name}${suffix}`)).length === 0) missing.push(`${name}${suffix}`)
    }
    assert.deepEqual(missing, [])
    assert.deepEqual(await prometheus.query('{exported_job!=""}'), [])
  })

  it('has loaded every alert, and each of them asks for series that are there', async () => {
    const { groups } = (await prometheus.ask('rules')) as {
      groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[]
    }
    const loaded = groups.flatMap(({ rules }) => rules)
    assert.deepEqual(
      loaded.map(({ name, health, lastError }) => [name, health, lastError]),
      RULES.map(({ alert }) => [alert, 'ok', undefined]),
    )
    const without: string[] = []
    for (const { alert, expr } of RULES)
      for (const [selector] of expr.matchAll(/\b(?:understudy_\w+|up)(?:\{[^}]*\})?/g))
        if ((await prometheus.query(selector)).length === 0) without.push(`${alert}: ${selector}`)
    assert.deepEqual(without, [])
  })

  it('fires what the shop has earned, and nothing else', async () => {
    const firing = async (): Promise<readonly string[]> => {
      const { alerts } = (await prometheus.ask('alerts')) as {
        alerts: readonly { state: string; labels: Record<string, string> }[]
      }
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels['alertname'] ?? '')
    }
    await until('the expired job', async () => (await firing()).includes('UnderstudyJobsExpired'))
    assert.deepEqual(await firing(), ['UnderstudyJobsExpired'])
  })

  it('answers every question of the dashboard with series', async () => {
    const panels = BOARD.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
    assert.ok(panels.length > 30)
    const asked = [...panels, ...BOARD.annotations.list.map(({ name, expr }) => ({ title: name, expr }))]
    const empty: string[] = []
    for (const { title, expr } of asked) {
      const series = await prometheus.query(filledIn(expr))
      if (series.every(({ value }) => Number.isNaN(value))) empty.push(`${title}: ${expr}`)
    }
    assert.deepEqual(empty, [])
    const lists = BOARD.templating.list.filter(({ definition }) => definition !== undefined)
    const offered = await Promise.all(
      lists.map(async ({ name, definition = '' }) => {
        const [, metric = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? []
        return [name, await prometheus.ask(`label/${label}/values`, { 'match[]': filledIn(metric) })]
      }),
    )
    assert.deepEqual(offered, [
      ['queue', ['images']],
      ['job', ['resize']],
    ])
  })

  it('is shown no secret, and no log has one', async () => {
    for (const target of Object.values(shop.targets)) {
      const text = await (await fetch(`http://${target}/metrics`)).text()
      assert.ok(samplesOf(text).length > 100)
      for (const secret of Object.values(SECRETS)) assert.ok(!text.includes(secret), `${secret} at ${target}`)
    }
    printed = await shop.close()
    assert.equal(printed.exitCode, 0)
    assert.ok(shop.logged.some((line) => line.includes('connected again')))
    for (const secret of Object.values(SECRETS)) {
      assert.deepEqual(
        shop.logged.filter((line) => line.includes(secret)),
        [],
      )
      assert.ok(!printed.stderr.includes(secret), `${secret} in ${printed.stderr}`)
    }
    // An event of a job that failed tells a person why; nothing else of it is theirs.
    const { stdout } = printed
    assert.ok(!stdout.includes(SECRETS.password) && !stdout.includes(SECRETS.argument))
    for (const line of stdout.split('\n').filter((text) => text.includes(SECRETS.error)))
      assert.match(line, /^\{"event":"(?:retried|failed)"/)
  })
})
