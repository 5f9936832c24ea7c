import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { overviewDrills, overviewFigures, type OverviewParts } from '../../src/dashboard/overview/sections.ts'
import type { ShelfEntry } from '../../src/dashboard/drills/entry.ts'
import type { HeardWorker } from '../../src/jobs/worker/heartbeat.ts'
import { readable } from './page-text.ts'

const NOW = Date.UTC(2026, 10, 21, 3, 0, 0)
const clock = { wallTime: () => NOW }
const parts: OverviewParts = {
  queues: { value: [], at: NOW, error: undefined },
  workers: [{ isGone: false, concurrency: 4, slots: [{}] } as unknown as HeardWorker],
  asked: { at: NOW, error: undefined },
  failures: { value: { count: 3, groups: [] }, at: NOW, error: undefined },
  drills: undefined,
}

function figures(change: Partial<OverviewParts> = {}): string {
  const { markup } = overviewFigures({ clock } as never, { ...parts, ...change })
  return readable(markup.replaceAll('</dd>', ' '))
}

describe('the figures of the overview', () => {
  it('say of what they are made while somebody answers', () => {
    assert.match(figures(), /Waiting in queues 0 in 0 known queues Jobs in work 1 of 4 slots Workers 1 Failed jobs 3/)
  })

  it('say how old they are, each for itself, when nobody has answered since', () => {
    const old = { at: NOW - 20_000, error: 'refused' }
    assert.match(
      figures({ asked: old }),
      /Jobs in work 1 as it was 20 s ago Workers 1 as it was 20 s ago Failed jobs 3/,
    )
    assert.match(
      figures({ queues: { ...old, value: [] } }),
      /Waiting in queues 0 as it was 20 s ago Jobs in work 1 of 4/,
    )
    assert.match(
      figures({ failures: { ...old, value: { count: 3, groups: [] } } }),
      /Workers 1 Failed jobs 3 as it was 20 s ago/,
    )
    const gone = [{ isGone: true, concurrency: 4, slots: [] } as unknown as HeardWorker]
    assert.match(figures({ asked: old, workers: gone }), /Workers 0 1 gone as it was 20 s ago/i)
  })
})

describe('the latest drills on the overview', () => {
  it('are told as the page of drills tells them: by fault and lab, with verdict and time', () => {
    const entry: ShelfEntry = {
      name: '20261121-025500-embedded-kill',
      kind: 'drill',
      state: 'fail',
      lab: 'embedded',
      fault: 'kill a',
      at: NOW - 300_000,
      outageMs: 240,
      retryThresholdMs: 240,
      lost: 1,
      duplicated: 0,
      says: 'One of 300 jobs was lost.',
      hasReport: true,
    }
    const drills = { value: [entry], at: NOW, error: undefined }
    const { markup } = overviewDrills({ basePath: '/ops', clock } as never, { ...parts, drills })
    assert.match(markup, /<a href="\/ops\/drills\/20261121-025500-embedded-kill">kill a on embedded<\/a>/)
    assert.match(readable(markup), /kill a on embedded Fail 5 min ago One of 300 jobs was lost\./)
  })
})
