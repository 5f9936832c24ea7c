import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concernsList } from '../../src/dashboard/overview/brokers-section.ts'
import { type ConcernSources, concernsOf } from '../../src/dashboard/overview/concerns.ts'
import type { Failover, WatchedLink } from '../../src/dashboard/overview/broker-watch.ts'
import type { OverviewParts } from '../../src/dashboard/overview/sections.ts'
import type { WatchedQueue } from '../../src/dashboard/queues/queue-watch.ts'
import type { HeardWorker } from '../../src/jobs/worker/heartbeat.ts'
import { html } from '../../src/page/html.ts'

const NOW = Date.UTC(2026, 10, 21, 3, 0, 0)

function link(role: WatchedLink['role'], given: Partial<WatchedLink> = {}): WatchedLink {
  const up = { condition: 'up', endpoint: 'stomp://a', prior: undefined, since: NOW - 60_000 } as const
  return { role, ...up, isOlder: false, reason: undefined, ...given }
}

function queue(name: string, given: Partial<WatchedQueue> & { ready?: number; consumers?: number } = {}): WatchedQueue {
  const { ready = 0, consumers = 1, ...rest } = given
  const state = { ready, consumers, isExact: true }
  return { queue: name, state, error: undefined, isPaused: false, workers: { all: 1, paused: 0 }, ...rest }
}

const seen = <Value>(value: Value, error?: string) => ({ value, at: NOW, error })

function told(
  sources: { readonly links?: readonly WatchedLink[]; readonly failovers?: readonly Failover[]; readonly why?: string },
  parts: Partial<OverviewParts> = {},
): readonly string[] {
  const context: ConcernSources = {
    basePath: '/jobs',
    clock: { wallTime: () => NOW },
    brokers: { links: sources.links ?? [link('producer'), link('listener')], failovers: sources.failovers ?? [] },
    workers: { seen: { at: NOW, error: sources.why } },
  }
  const all = {
    queues: seen<readonly WatchedQueue[]>([]),
    workers: [],
    asked: { at: NOW, error: undefined },
    failures: undefined,
    drills: undefined,
    ...parts,
  }
  return concernsOf(context, all).map(
    ({ tone, what }) => `${tone}: ${html`${what}`.markup.replaceAll(/<[^>]*>/g, '').replaceAll('&#39;', "'")}`,
  )
}

describe('what is wrong', () => {
  it('is nothing where everything is as it should be, and is not known before brokers have answered', () => {
    assert.deepEqual(told({}, { queues: seen([queue('orders', { ready: 4 })]) }), [])
    assert.match(concernsList([], true).markup, /Nothing is wrong, as far as this dashboard sees/)
    assert.match(concernsList([], false).markup, /have not answered yet/)
  })

  it('says that no broker serves, for what and for how long', () => {
    const down = { condition: 'down', endpoint: undefined, reason: 'refused' } as const
    assert.deepEqual(told({ links: [link('producer', down), link('listener', down)] }), [
      'bad: No broker for sends and deliveries, for 1 min: refused',
    ])
    assert.deepEqual(told({ links: [link('producer'), link('listener', down)] }), [
      'bad: No broker for deliveries, for 1 min: refused',
    ])
  })

  it('tells of queues that could not be looked at, unless no broker serves at all', () => {
    const queues = seen([queue('orders', { state: undefined, error: 'refused' })])
    assert.deepEqual(told({}, { queues }), ['doubtful: orders could not be looked at: refused'])
    const away = [link('producer', { condition: 'down', endpoint: undefined }), link('listener')]
    assert.deepEqual(told({ links: away }, { queues }), ['bad: No broker for sends, for 1 min'])
  })

  it('says that two brokers serve, and what takes nothing', () => {
    assert.deepEqual(told({ links: [link('producer'), link('listener', { endpoint: 'stomp://b' })] }), [
      'doubtful: Sends go to stomp://a, and deliveries come from stomp://b',
    ])
    assert.deepEqual(
      told({ links: [link('producer', { condition: 'blocked', reason: 'memory' }), link('listener')] }),
      ['bad: stomp://a takes nothing for now: memory'],
    )
  })

  it('tells of a failover for a while, as something that is over', () => {
    const failover = { role: 'producer', from: 'stomp://b', to: 'stomp://a', outageMs: 241 } as const
    const lately = told({ failovers: [{ ...failover, at: NOW - 180_000 }] })
    assert.deepEqual(lately, ['quiet: Failed over to stomp://a 3 min ago, after 241 ms without a broker: timeline'])
    assert.deepEqual(told({ failovers: [{ ...failover, at: NOW - 3_600_000 }] }), [])
    assert.match(concernsList([{ tone: 'quiet', what: 'x' }], true).markup, /Nothing is wrong/)
    assert.doesNotMatch(concernsList([{ tone: 'bad', what: 'x' }], true).markup, /Nothing is wrong/)
  })

  it('names queues that nobody takes from and that are paused, and counts them where they are many', () => {
    const queues = [
      queue('idle'),
      queue('left', { ready: 3, consumers: 0 }),
      queue('held', { ready: 1, consumers: 0, isPaused: true }),
      queue('understudy.failed', { ready: 2, consumers: 0 }),
    ]
    assert.deepEqual(told({}, { queues: seen(queues) }), [
      'bad: Nobody takes from left, where 3 messages wait',
      'doubtful: held is paused, and 1 message waits there',
      'doubtful: 2 messages in understudy.failed wait to be collected into a failure store',
    ])
    const many = Array.from({ length: 4 }, (_, n) => queue(`q-${n}`, { ready: 1, consumers: 0 }))
    assert.deepEqual(told({}, { queues: seen(many) }), ['bad: Nobody takes from 4 queues where something waits'])
  })

  it('says who is gone, what failed, and what could not be asked, the worst first', () => {
    const worker = { name: 'web-1', isGone: true } as HeardWorker
    const failures = seen({ count: 12, groups: [] })
    assert.deepEqual(told({ why: 'too late' }, { workers: [worker], failures }), [
      'bad: Worker web-1 is gone: workers',
      'doubtful: Workers could not be asked: too late',
      'doubtful: 12 failed jobs wait for somebody',
    ])
    assert.deepEqual(told({}, { failures: { ...failures, error: 'locked' }, queues: seen([], 'refused') }), [
      'bad: Queues cannot be looked at: refused',
      'bad: The failure store does not answer: locked',
    ])
  })
})
