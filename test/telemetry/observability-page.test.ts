import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { Registry } from 'prom-client'
import { prometheusJobMetrics, prometheusMetrics } from '../../src/telemetry/prometheus.ts'

const PAGE = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8')

test('docs/observability.md lists every metric with its type and labels, and no other', async () => {
  const register = new Registry()
  prometheusMetrics(register)
  prometheusJobMetrics(register)
  const real = register.getMetricsAsArray().map((metric) => {
    const { name, type } = metric
    const labels = 'labelNames' in metric ? (metric.labelNames as string[]) : []
    return `${name} ${String(type)} ${labels.join(' ')}`.trim()
  })
  const told = [...PAGE.matchAll(/^\| `(understudy_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(([, name, type, labels]) =>
    `${name} ${type} ${[...(labels ?? '').matchAll(/`(\w+)`/g)].map(([, label]) => label).join(' ')}`.trim(),
  )
  assert.deepEqual(told.toSorted(), real.toSorted())
})

test('docs/observability.md names every status event', () => {
  const source = readFileSync(new URL('../../src/failover/status.ts', import.meta.url), 'utf8')
  const types = [...source.matchAll(/readonly type: '([a-z-]+)'/g)].map(([, type]) => type)
  const section = PAGE.slice(PAGE.indexOf('## Status events'), PAGE.indexOf('## The log'))
  const told = new Set([...section.matchAll(/`([a-z-]+)`/g)].map(([, word]) => word))
  assert.deepEqual(
    types.filter((type) => !told.has(type)),
    [],
  )
  assert.ok(types.length >= 10)
})

test('docs/observability.md names every alert, and no other', () => {
  const source = readFileSync(new URL('../../infra/prometheus/alerts.yml', import.meta.url), 'utf8')
  const alerts = [...source.matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
  const told = [...PAGE.matchAll(/^\| `(Understudy\w+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(told, alerts)
  assert.ok(alerts.length >= 10)
})
