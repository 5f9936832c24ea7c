import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createLabs } from '../../infra/labs/labs.ts'
import type { Lab } from '../../infra/labs/lab.ts'
import { drillUri } from '../../src/cli/drill/run.ts'
import { connect } from '../../src/connect.ts'
import { createDashboard } from '../../src/dashboard/dashboard.ts'
import { eventBytes, EventStream } from '../../src/dashboard/live/event-stream.ts'
import { Lately } from '../../src/dashboard/live/lately.ts'
import { LiveFeed } from '../../src/dashboard/live/live-feed.ts'
import { silentLogger } from '../../src/logger.ts'
import { html } from '../../src/page/html.ts'
import { eventually } from '../../src/testing/contract/waiting.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { newLabRoot } from '../support/lab-root.ts'
import { stage, TOKENS, form } from './stage.ts'

interface Told {
  readonly id: string
  readonly html: string
}

/** Reads a stream of events into a list, until it ends. */
function follow(body: ReadableStream<Uint8Array>): {
  readonly told: Told[]
  readonly ended: Promise<void>
  readonly cancel: () => Promise<void>
} {
  const told: Told[] = []
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      rest += decoder.decode(value, { stream: true })
      const whole = rest.split('\n\n')
      rest = whole.pop() ?? ''
      for (const event of whole) {
        const [, data] = /^event: fragment\ndata: (.*)$/.exec(event) ?? []
        if (data !== undefined) told.push(JSON.parse(data) as Told)
      }
    }
  })()
  return { told, ended: ended.catch(() => {}), cancel: () => reader.cancel() }
}

describe('a failover while a page is open', () => {
  let lab: Lab
  before(async () => {
    lab = await createLabs({ root: newLabRoot('dashboard') }).up('embedded')
  })
  after(() => lab?.down())

  it('is told on its stream: first that nobody serves, then who is master now', async () => {
    await using connection = await connect(drillUri(lab, {}))
    await using dashboard = createDashboard({ connection })
    const { url } = await dashboard.listen({ port: 0 })
    const active = await lab.active()
    const [first, second] = lab.nodes.toSorted((a) => (a.name === active ? -1 : 1)).map(({ endpoint }) => endpoint)
    assert(active && first && second)
    const { body } = await fetch(new URL('/events?page=overview', url))
    assert(body)
    const { told, cancel } = follow(body)
    const lines = (): readonly string[] => told.filter(({ id }) => id === 'broker-line').map((one) => one.html)
    await eventually('both links are up', () =>
      lines().some((line) => line.includes(first) && !line.includes('for sends')),
    )
    const before = told.length
    await lab.kill(active)
    await eventually('the new master', () =>
      lines().some((line) => line.includes(`Serving</span> <span class="endpoint">${second}`)),
    )
    const after = told.slice(before).filter(({ id }) => id === 'broker-line')
    const isOver = (line: string): boolean => line.includes(second) && !line.includes('No broker')
    await eventually('both links', () => isOver(lines().at(-1) ?? ''))
    const lost = after.findIndex((one) => one.html.includes('No broker'))
    const found = after.findIndex((one) => one.html.includes(`class="endpoint">${second}`))
    // The two links are found one after the other: then one is told up while the other is still down.
    assert(lost === -1 || lost <= found, 'nobody serves before somebody does')
    await eventually('the list of failovers', () =>
      told.some(({ id, html }) => id === 'failovers' && html.includes(second)),
    )
    const page = await (await fetch(url)).text()
    assert.match(page, new RegExp(`<h1 id="who-serves"><span class="good"><svg[^]*?</span>\u00a0${second} serves</h1>`))
    await cancel()
  })
})

describe('the stream of a page', () => {
  it('is not for who is not logged in, and ends when its session does', async (context) => {
    const on = await stage(context)
    assert.equal((await fetch(new URL('/events?page=overview', on.url))).status, 401)
    const login = await fetch(new URL('/login', on.url), {
      ...form({ token: TOKENS.vera.token }),
      redirect: 'manual',
      headers: { origin: new URL(on.url).origin },
    })
    const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const events = await fetch(new URL('/events?page=overview', on.url), { headers: { cookie } })
    assert.equal(events.headers.get('content-type'), 'text/event-stream')
    assert(events.body)
    const { told, ended } = follow(events.body)
    await eventually('its first fragments', () => told.length > 3)
    const origin = new URL(on.url).origin
    await fetch(new URL('/logout', on.url), { method: 'POST', redirect: 'manual', headers: { cookie, origin } })
    await ended
  })

  it('ends after a quarter of an hour where the application has to be asked anew', async (context) => {
    const clock = new FakeClock()
    const identify = (): { name: string; role: 'viewer' } => ({ name: 'nina', role: 'viewer' })
    const on = await stage(context, { hasTokens: false, access: { identify }, clock })
    const events = await on.ask('/events?page=none')
    assert(events.body)
    const { told, ended, cancel } = follow(events.body)
    await clock.advance(250)
    await eventually('its first fragment', () => told.length > 0)
    let isOver = false
    void ended.then(() => (isOver = true))
    clock.freeze(15 * 60_000 - 2000)
    await clock.advance(1000)
    assert.equal(isOver, false)
    await clock.advance(2000)
    await ended
    await cancel()
  })

  it('is not opened where only its headers are wanted', async (context) => {
    const on = await stage(context)
    for (let n = 0; n < 201; n++) {
      const { status, headers } = await on.ask('/events?page=none', 'vera', { method: 'HEAD' })
      assert.deepEqual([status, headers.get('content-type')], [200, 'text/event-stream'])
    }
    const events = await on.ask('/events?page=none')
    assert.equal(events.status, 200)
    await events.body?.cancel()
  })

  it('ends when the dashboard closes, which waits for nobody', async (context) => {
    const on = await stage(context)
    const events = await on.ask('/events?page=queues')
    assert(events.body)
    const { told, ended } = follow(events.body)
    await eventually('its first fragment', () => told.length > 0)
    await on.dashboard.close()
    await ended
    await assert.rejects(on.ask('/'))
  })

  it('shows each role what it may do', async (context) => {
    const on = await stage(context, { queues: ['orders'] })
    await on.connection.send('queue://orders', 'one')
    const seen: Record<string, string> = {}
    for (const role of ['vera', 'otto', 'ada'] as const) {
      const events = await on.ask('/events?page=queues', role)
      assert(events.body)
      const { told, cancel } = follow(events.body)
      seen[role] = await eventually('the queue', () => told.findLast(({ html }) => html.includes('orders'))?.html)
      await cancel()
    }
    const buttons = (role: string): readonly string[] =>
      [...(seen[role] ?? '').matchAll(/<button[^>]*>([^<]*)/g)].map(([, label = '']) => label)
    assert.deepEqual(buttons('vera'), [])
    assert.deepEqual(buttons('otto'), ['Pause'])
    assert.deepEqual(buttons('ada'), ['Purge…', 'Pause'])
  })
})

describe('the live feed', () => {
  function feed(mostStreams?: number): {
    clock: FakeClock
    live: LiveFeed
    rendered: () => number
    say: (text: string) => void
  } {
    const clock = new FakeClock()
    const live = new LiveFeed({ clock, logger: silentLogger, ...(mostStreams === undefined ? {} : { mostStreams }) })
    let count = 0
    let text = 'first'
    live.register('page', () => {
      count++
      return [{ id: 'part', inside: html`${text} <time datetime="x">${count} s</time>` }]
    })
    return { clock, live, rendered: () => count, say: (next) => (text = next) }
  }

  const read = (
    stream: ReadableStream<Uint8Array> | undefined,
  ): { readonly told: Told[]; readonly ended: Promise<void>; readonly cancel: () => Promise<void> } => {
    assert(stream)
    return follow(stream)
  }

  it('renders what a page is about for those who look at that alone', async () => {
    const { clock, live } = feed()
    live.register('one', (_role, of) => [{ id: 'part', inside: html`about ${of}` }])
    const [first, second] = ['a', 'b'].map((of) => read(live.open('one', 'viewer', () => true, of)))
    await clock.advance(0)
    assert.deepEqual(
      [first?.told.map((one) => one.html), second?.told.map((one) => one.html)],
      [['about a'], ['about b']],
    )
    await first?.cancel()
    assert.equal(live.streams, 1)
    live.close()
  })

  it('shows nobody again what was rendered before a visitor changed something', async () => {
    const { clock, live } = feed()
    const looks: PromiseWithResolvers<string>[] = []
    live.register('slow', async () => {
      const look = Promise.withResolvers<string>()
      looks.push(look)
      return [{ id: 'part', inside: html`${await look.promise}` }]
    })
    const first = read(live.open('slow', 'viewer', () => true))
    await clock.advance(0)
    looks[0]?.resolve('before')
    await clock.advance(1000)
    assert.equal(looks.length, 2)
    live.wrote()
    looks[1]?.resolve('seen before')
    const second = read(live.open('slow', 'viewer', () => true))
    await clock.advance(1000)
    looks[2]?.resolve('after')
    await clock.advance(0)
    assert.deepEqual(
      [first, second].map(({ told }) => told.map((one) => one.html)),
      [['before', 'after'], ['after']],
    )
    live.close()
  })

  it('renders a page once for all who look at it, and at most four times a second', async () => {
    const { clock, live, rendered, say } = feed()
    const streams = Array.from({ length: 50 }, () => read(live.open('page', 'viewer', () => true)))
    await clock.advance(0)
    assert.equal(rendered(), 1)
    for (let n = 0; n < 100; n++) {
      say(`change ${n}`)
      live.changed()
      await clock.advance(10)
    }
    assert(rendered() <= 6, `${rendered()} times in a second`)
    await clock.advance(250)
    for (const { told } of streams) assert.match(told.at(-1)?.html ?? '', /^change 99/)
    live.close()
    await Promise.all(streams.map(({ ended }) => ended))
    assert.equal(clock.pending, 0)
  })

  it('lets who has just lost a broker find the next one first, and tells of both at once', async () => {
    const { clock, live, rendered, say } = feed()
    const { told } = read(live.open('page', 'viewer', () => true))
    await clock.advance(500)
    say('lost')
    live.changed()
    await clock.advance(140)
    say('found')
    live.changed(true)
    await clock.advance(99)
    assert.equal(rendered(), 1)
    await clock.advance(1)
    assert.equal(rendered(), 2)
    assert.match(told.at(-1)?.html ?? '', /^found/)
    live.close()
  })

  it('logs once that a page cannot be rendered, however long that lasts, and once more when it happens again', async () => {
    const clock = new FakeClock()
    let warnings = 0
    const live = new LiveFeed({ clock, logger: { ...silentLogger, warn: () => void warnings++ } })
    let isAway = true
    live.register('page', () => {
      if (isAway) throw new Error('the store is away')
      return []
    })
    read(live.open('page', 'viewer', () => true))
    await clock.advance(10_000)
    assert.equal(warnings, 1)
    isAway = false
    await clock.advance(1000)
    isAway = true
    await clock.advance(10_000)
    assert.equal(warnings, 2)
    live.close()
  })

  it('waits for nothing with what a visitor has changed himself', async () => {
    const { clock, live, rendered } = feed()
    read(live.open('page', 'viewer', () => true))
    await clock.advance(500)
    live.wrote()
    await clock.advance(0)
    assert.equal(rendered(), 2)
    live.close()
  })

  it('says nothing where only the words of a time have changed, and that it is still there', async () => {
    const { clock, live } = feed()
    const { told } = read(live.open('page', 'viewer', () => true))
    await clock.advance(60_000)
    assert.equal(told.length, 1)
    live.close()
  })

  it('does nothing while nobody looks', async () => {
    const { clock, live, rendered } = feed()
    const { cancel } = read(live.open('page', 'viewer', () => true))
    await clock.advance(2000)
    await cancel()
    const before = rendered()
    live.changed()
    await clock.advance(10_000)
    assert.equal(rendered(), before)
    assert.equal(clock.pending, 0)
    assert.equal(live.streams, 0)
  })

  it('has no more streams than it may, and none of a page that there is not', () => {
    const { live } = feed(2)
    const [one, two, three] = [1, 2, 3].map(() => live.open('page', 'viewer', () => true))
    assert(one && two)
    assert.equal(three, undefined)
    assert.equal(live.streams, 2)
    live.close()
    assert.equal(
      live.open('page', 'viewer', () => true),
      undefined,
    )
    assert.equal(
      feed().live.open('no-page', 'viewer', () => true),
      undefined,
    )
  })

  it('ends the stream of who reads nothing', async () => {
    const { clock, live, say } = feed()
    assert(live.open('page', 'viewer', () => true))
    for (let n = 0; n < 100 && live.streams > 0; n++) {
      say(`change ${n}`)
      live.changed()
      await clock.advance(300)
    }
    assert.equal(live.streams, 0)
  })

  it('tells who is master while the page itself waits for its store', async () => {
    const clock = new FakeClock()
    const live = new LiveFeed({ clock, logger: silentLogger })
    let master = 'a'
    live.registerCommon(() => [{ id: 'broker-line', inside: html`${master}` }])
    live.register('slow', () => new Promise(() => {}))
    const { told } = read(live.open('slow', 'viewer', () => true))
    await clock.advance(1000)
    master = 'b'
    live.changed()
    await settled()
    assert.deepEqual(
      told.map((one) => one.html),
      ['a', 'b'],
    )
    live.close()
  })
})

describe('an event stream', () => {
  it('ends, once, where it is not allowed any more', async () => {
    let isAllowed = true
    let ends = 0
    const stream = new EventStream({ isAllowed: () => isAllowed, onEnd: () => ends++ })
    const { told, ended } = follow(stream.readable)
    stream.write(eventBytes('fragment', '{"id":"a","html":""}'))
    isAllowed = false
    stream.write(eventBytes('fragment', '{"id":"b","html":""}'))
    stream.end()
    await ended
    assert.deepEqual(
      told.map(({ id }) => id),
      ['a'],
    )
    assert.equal(ends, 1)
  })
})

describe('an event stream that nobody reads', () => {
  /** How many events it takes before it ends. */
  function filled(event: Uint8Array, cutOff?: () => void): { readonly stream: EventStream; readonly taken: number } {
    const ends: true[] = []
    let taken = 0
    const stream = new EventStream({ isAllowed: () => true, onEnd: () => ends.push(true), cutOff })
    for (; ends.length === 0 && taken < 1000; taken++) stream.write(event)
    stream.write(event)
    stream.end()
    assert.equal(ends.length, 1)
    return { stream, taken: taken - 1 }
  }

  it('takes so many events, and so many bytes', () => {
    assert.equal(filled(eventBytes('fragment', 'small')).taken, 64)
    assert.equal(filled(new Uint8Array(1024 * 1024)).taken, 4)
  })

  it('frees what was not read, and has its connection cut', async () => {
    const { stream } = filled(eventBytes('fragment', 'small'))
    await assert.rejects(stream.readable.getReader().read(), /too slow/)
    let cuts = 0
    filled(eventBytes('fragment', 'small'), () => cuts++)
    assert.equal(cuts, 1)
  })
})

describe('an answer of lately', () => {
  it('serves all who ask the same within a while, and none that failed', async () => {
    const clock = new FakeClock()
    const feed = { writes: 0 }
    const lately = new Lately<string>(clock, 1000, feed)
    let looks = 0
    const look = (what: string) => async (): Promise<string> => {
      looks++
      if (what === 'wrong') throw new Error('away')
      return what
    }
    assert.deepEqual(await Promise.all(['a', 'a', 'b'].map((key) => lately.ask(key, look(key)))), ['a', 'a', 'b'])
    assert.equal(looks, 2)
    await assert.rejects(lately.ask('wrong', look('wrong')), /away/)
    await assert.rejects(lately.ask('wrong', look('wrong')), /away/)
    assert.equal(looks, 4)
    await clock.advance(1000)
    await lately.ask('a', look('a'))
    assert.equal(looks, 5)
    feed.writes++
    await lately.ask('a', look('a'))
    assert.equal(looks, 6, 'what a visitor changed is looked up again')
  })
})
