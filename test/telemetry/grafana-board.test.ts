import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[]
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  readonly options?: { readonly legend?: { readonly showLegend: boolean } }
}

const PATH = fileURLToPath(new URL('../../infra/grafana/understudy.json', import.meta.url))
const { panels } = JSON.parse(readFileSync(PATH, 'utf8')) as { readonly panels: readonly Panel[] }
const SHOWN = panels.filter(({ type }) => type !== 'row')

describe('the dashboard for Grafana', () => {
  it('gives each panel a name of its own, a description, a unit, and each of its lines a name', () => {
    assert(SHOWN.length > 20)
    for (const { title, description = '', fieldConfig, targets = [], type, options } of SHOWN) {
      assert.match(description, /^[A-Z].{10,}\.$/, title)
      assert(fieldConfig?.defaults.unit, title)
      assert(targets.length > 0 && targets.every(({ legendFormat = '' }) => legendFormat !== ''), title)
      if (type === 'timeseries') assert.equal(options?.legend?.showLegend, true, title)
    }
    assert.equal(new Set(SHOWN.map(({ title }) => title)).size, SHOWN.length)
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  })

  it('puts no panel on another one, or beyond the width', () => {
    const taken = new Map<string, string>()
    for (const { title, gridPos } of panels) {
      assert(gridPos.x + gridPos.w <= 24, title)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.equal(taken.get(`${x} ${y}`), undefined, `${title} lies on another one`)
          taken.set(`${x} ${y}`, title)
        }
    }
  })

  it('answers at a glance what is asked first', () => {
    const first = SHOWN.filter(({ gridPos }) => gridPos.y < 9)
    const asked = first.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n')
    for (const metric of [
      'broker_connected',
      'broker_failovers_total[1d]',
      'failover_duration_seconds_bucket[1d]',
      'send_duration_seconds_bucket',
      'queue_depth',
      'job_queue_wait_seconds_bucket',
      'failures{',
      'oldest_failure_age_seconds',
      'worker_up',
      'worker_gone',
    ])
      assert(asked.includes(`understudy_${metric}`), metric)
    assert.deepEqual(new Set(first.map(({ type }) => type)), new Set(['stat']))
  })
})
