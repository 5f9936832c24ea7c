/** What Prometheus would make of an exposition: https://prometheus.io/docs/instrumenting/exposition_formats/ */
import assert from 'node:assert/strict'

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)",?/g
const UNESCAPED: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' }

/** Every sample. A line that is none, a name without a type and a sample that stands twice are errors. */
export function samplesOf(text: string): readonly Sample[] {
  assert.ok(text.endsWith('\n'))
  const types = new Set<string>()
  const seen = new Set<string>()
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    const [, typed] = /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line) ?? []
    if (typed !== undefined) types.add(typed)
    if (line === '' || /^# (HELP \w+ \S|TYPE )/.test(line)) continue
    const [, name = '', inside = '', written = ''] = LINE.exec(line) ?? assert.fail(`not a sample: ${line}`)
    const value = written === '+Inf' ? Number.POSITIVE_INFINITY : Number(written)
    assert.ok(!Number.isNaN(value), `not a number: ${line}`)
    assert.ok(types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, '')), `no type: ${line}`)
    const labels = Object.fromEntries(
      Array.from(inside.matchAll(LABEL), ([, label = '', escaped = '']) => [
        label,
        escaped.replaceAll(/\\[\\"n]/g, (found) => UNESCAPED[found] ?? found),
      ]),
    )
    const key = `${name} ${JSON.stringify(labels, Object.keys(labels).toSorted())}`
    assert.ok(!seen.has(key), `twice: ${line}`)
    seen.add(key)
    samples.push({ name, labels, value })
  }
  return samples
}

/** The values of a metric by its labels in their order, as `high resize`; by nothing where it has none. */
export function valuesOf(text: string, name: string): Record<string, number> {
  const found = samplesOf(text).filter((sample) => sample.name === name)
  return Object.fromEntries(found.map(({ labels, value }) => [Object.values(labels).join(' '), value]))
}
