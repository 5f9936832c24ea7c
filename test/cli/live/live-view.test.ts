import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type LiveView, openLiveView } from '../../../src/cli/live/live-view.ts'
import { A, B, HOSTILE, KILLED, type Script, writeDrill } from '../../drill/report/written-drills.ts'
import { HandClock } from '../../adapters/memory/hand-clock.ts'
import { ToyTerminal } from './toy-terminal.ts'

const BROKERS = [
  { name: 'a', endpoint: A },
  { name: 'b', endpoint: B },
]

/** Shows a written drill at its own pace, up to an instant. */
function play(view: LiveView, clock: HandClock, script: Script, untilMs = Number.POSITIVE_INFINITY): void {
  const start = clock.now()
  view.onPhase({ name: 'steady' })
  for (const event of writeDrill(script)) {
    if (event.t > untilMs * 1e6) break
    clock.advance(Math.max(0, event.t / 1e6 - (clock.now() - start)))
    view.onEvent(event)
  }
}

describe('the live view on a terminal', () => {
  it('tells what is waited for before the heal, and what is watched after it, with its time', () => {
    const stream = new ToyTerminal(90)
    const view = openLiveView({
      stream,
      clock: new HandClock(),
      environment: { TERM: 'xterm' },
      brokers: BROKERS,
    })
    view.onPhase({ name: 'recovering', flowingMs: 1_000 })
    view.onPhase({ name: 'healing' })
    view.onPhase({ name: 'watching', windowMs: 10_000 })
    const text = stream.screen
    view.close()
    assert.match(text, /waiting until jobs have flowed for 1 s, then the heal$/m)
    assert.match(text, /watching that jobs flow as before, without a break for 10 s$/m)
  })

  it('keeps what matters above a panel that redraws in place', () => {
    const clock = new HandClock()
    const stream = new ToyTerminal(90)
    const view = openLiveView({ stream, clock, environment: { TERM: 'xterm' }, brokers: BROKERS })
    play(view, clock, KILLED, 6_200)
    assert.match(stream.screen, /^ {3}0\.00 s {2}waiting for a steady state\n/)
    assert.match(stream.screen, /6\.05 s {2}fault: kill a\n/)
    assert.equal(stream.screen.match(/embedded · kill · seed 42/g)?.length, 1, 'one panel, however often it was drawn')
    assert.equal(stream.screen.match(/NO CONFIRM FOR/g)?.length, 1)
    assert.match(stream.screen.split('\n').at(-1) ?? '', /^latency/)
    view.close()
  })

  it('takes a terminal without a size for one of 80 columns and 24 rows', () => {
    const writesOf = (size: { columns: number; rows: number }): readonly string[] => {
      const clock = new HandClock()
      const writes: string[] = []
      const unsized = { isTTY: true, ...size, write: (text: string) => void writes.push(text) }
      const view = openLiveView({ stream: unsized, clock, environment: {}, brokers: BROKERS })
      play(view, clock, KILLED, 6_060)
      view.close()
      return writes
    }
    const writes = writesOf({ columns: 0, rows: 0 })
    assert.ok(!writes.join('').includes('Infinity'))
    assert.deepEqual(writes, writesOf({ columns: 80, rows: 24 }))
  })

  it('counts the outage on while nothing at all happens', () => {
    const clock = new HandClock()
    const stream = new ToyTerminal(90)
    const view = openLiveView({ stream, clock, environment: {}, brokers: BROKERS })
    play(view, clock, KILLED, 6_060)
    clock.advance(3_050)
    assert.match(stream.screen, /NO CONFIRM FOR 3\.0 s/)
    view.close()
  })

  it('draws at most ten times a second', () => {
    const clock = new HandClock()
    const stream = new ToyTerminal(90)
    const view = openLiveView({ stream, clock, environment: {}, brokers: BROKERS })
    play(view, clock, KILLED, 5_000)
    const before = stream.writes.length
    clock.advance(1_000)
    assert.ok(stream.writes.length - before <= 10, String(stream.writes.length - before))
    view.close()
  })

  it('takes the panel away at the end, shows the cursor again and leaves no timer and no listener', () => {
    const clock = new HandClock()
    const stream = new ToyTerminal(90)
    const listeners = process.listenerCount('exit')
    const view = openLiveView({ stream, clock, environment: {}, brokers: BROKERS })
    assert.equal(stream.cursorShown, false)
    play(view, clock, KILLED)
    view.close()
    view.close()
    assert.equal(stream.cursorShown, true)
    assert.doesNotMatch(stream.screen, /latency/)
    assert.match(stream.screen, /drained: every confirmed job was delivered$/)
    assert.equal(clock.pending, 0)
    assert.equal(process.listenerCount('exit'), listeners)
    const written = stream.writes.length
    view.onEvent({ t: 1e9, wall: 0, type: 'drain', ok: true, outstanding: 0 })
    view.note('late')
    assert.equal(stream.writes.length, written)
  })

  it('gives the cursor back when the process exits without closing it', () => {
    const stream = new ToyTerminal(90)
    const before = new Set(process.listeners('exit'))
    const view = openLiveView({ stream, clock: new HandClock(), environment: {}, brokers: BROKERS })
    const added = process.listeners('exit').find((listener) => !before.has(listener))
    assert.ok(added)
    added.call(process, 0)
    assert.equal(stream.cursorShown, true)
    view.close()
  })

  it('fits every width, also when it changes on the way', () => {
    for (const columns of [40, 57, 80, 200]) {
      const clock = new HandClock()
      const stream = new ToyTerminal(columns)
      const view = openLiveView({ stream, clock, environment: {}, brokers: BROKERS })
      play(view, clock, HOSTILE, 6_200)
      stream.columns = columns + 10
      clock.advance(500)
      assert.equal(stream.screen.match(/NO CONFIRM FOR/g)?.length, 1)
      view.close()
    }
  })

  it('climbs over the lines that a narrower terminal has folded', () => {
    const clock = new HandClock()
    const stream = new ToyTerminal(100)
    const view = openLiveView({ stream, clock, environment: { NO_COLOR: '1' }, brokers: BROKERS })
    clock.advance(200)
    const before = stream.lines.length - 1
    const widest = Math.max(...stream.lines.map((line) => line.length))
    assert.ok(widest > 50)
    const climbs: number[] = []
    stream.write = (text: string): void => {
      climbs.push(Number(/\u001b\[(\d+)A/.exec(text)?.[1] ?? 0))
    }
    stream.columns = 50
    clock.advance(100)
    assert.ok((climbs[0] ?? 0) > before, `${climbs[0]} rows, and ${before} lines of which some were folded`)
    view.close()
  })

  it('uses no colour under NO_COLOR', () => {
    const clock = new HandClock()
    const stream = new ToyTerminal(90)
    const view = openLiveView({ stream, clock, environment: { NO_COLOR: '1' }, brokers: BROKERS })
    play(view, clock, KILLED)
    view.close()
    assert.doesNotMatch(stream.writes.join(''), /\u001b\[[\d;]*m/)
  })

  it("puts somebody else's line above the panel", () => {
    const stream = new ToyTerminal(90)
    const view = openLiveView({ stream, clock: new HandClock(), environment: {}, brokers: BROKERS })
    view.note('lab embedded: up')
    assert.match(stream.screen, /^lab embedded: up\n/)
    view.close()
  })
})

describe('the live view without a terminal', () => {
  function transcript(script: Script, environment: Record<string, string> = {}, isTTY = false): string {
    const clock = new HandClock()
    let text = ''
    const stream = { isTTY, write: (part: string): void => void (text += part) }
    const view = openLiveView({ stream, clock, environment, brokers: BROKERS })
    play(view, clock, script)
    view.close()
    assert.equal(clock.pending, 0)
    return text
  }

  it('writes one line for each thing that matters and one of progress every two seconds', () => {
    const lines = transcript(KILLED).trimEnd().split('\n')
    assert.ok(lines.includes('   6.05 s  fault: kill a'))
    assert.ok(lines.includes('   6.28 s  b took over after 0.23 s (first confirm)'))
    const progress = lines.filter((line) => / in flight; /.test(line))
    assert.equal(progress.length, 8)
    assert.match(progress[1] ?? '', /^ {3}4\.00 s {2}59 due, 59 confirmed, .* a serving \(master\), b standing by$/)
  })

  it('says how long there was no confirm while that lasts', () => {
    const text = transcript({ ...KILLED, backAtMs: 9_000, healAtMs: 12_000 })
    assert.match(text, /8\.00 s .*; no confirm for 1\.9 s\n/)
  })

  it('never writes a control code, whatever the run is called', () => {
    for (const script of [KILLED, HOSTILE])
      assert.doesNotMatch(transcript(script), /[\u0000-\u0009\u000b-\u001f\u007f]/)
  })

  it('counts a terminal that knows nothing as none', () => {
    assert.doesNotMatch(transcript(KILLED, { TERM: 'dumb' }, true), /\u001b/)
  })
})
