import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { latencyTrace, sparkline, traceConfirm, traceDue } from '../../../src/cli/live/latency-trace.ts'
import { advance, type LiveState, liveState } from '../../../src/cli/live/live-state.ts'
import { panel } from '../../../src/cli/live/panel.ts'
import { textWidth } from '../../../src/text-width.ts'
import { A, B, HOSTILE, KILLED, PAUSED, type Script, writeDrill } from '../../drill/report/written-drills.ts'

function stateAt(script: Script, ms: number): LiveState {
  const state = liveState([
    { name: 'a', endpoint: A },
    { name: 'b', endpoint: B },
  ])
  for (const event of writeDrill(script)) if (event.t <= ms * 1e6) advance(state, event)
  return state
}

function linesAt(script: Script, ms: number, columns = 99): readonly string[] {
  return panel(stateAt(script, ms), ms * 1e6, { columns, rows: 23, colour: false })
}

describe('the panel', () => {
  it('shows jobs, listener, brokers, service and latency', () => {
    const text = linesAt(KILLED, 6_000).join('\n')
    assert.match(text, /embedded · kill · seed 42 .* 6\.0 s/)
    assert.match(text, /jobs {6}\d+ due {2}\d+ confirmed {2}\d in flight/)
    assert.match(text, /listener {2}\d+ received {2}\d+ acked/)
    assert.match(text, /★ a {2}serving {8}stomp:\/\/127\.0\.0\.1:61613/)
    assert.match(text, /\n {12}b {2}standing by/)
    assert.match(text, /service {3}jobs are being confirmed/)
    assert.match(text, /latency {3} *[▁-█]{10}/)
  })

  it('counts the outage up in tenths of a second, then says how it ended', () => {
    assert.match(linesAt(KILLED, 6_160).join('\n'), / NO CONFIRM FOR 0\.1 s /)
    assert.match(linesAt(PAUSED, 12_000).join('\n'), / NO CONFIRM FOR 6\.9 s /)
    assert.match(linesAt(KILLED, 7_000).join('\n'), /service {3}b took over after 0\.23 s/)
  })

  it('says who serves, and for how long that is watched', () => {
    const heading = (ms: number): string => {
      const state = stateAt(KILLED, ms)
      state.phase = { name: 'watching', windowMs: 10_000 }
      return panel(state, ms * 1e6, { columns: 79, rows: 23, colour: false }).join('\n')
    }
    assert.match(heading(6_160), /· healed; waiting until jobs flow again +6\.2 s$/m)
    assert.match(heading(7_000), /· b serves; watching it for 10 s +7\.0 s$/m)
  })

  it('keeps the clock in 80 columns while it waits for the heal, also beside a long seed', () => {
    const state = stateAt(KILLED, 7_000)
    state.title = 'embedded · kill · seed 4254646639'
    state.phase = { name: 'recovering', flowingMs: 1_000 }
    const text = panel(state, 7_000e6, { columns: 79, rows: 23, colour: false }).join('\n')
    assert.match(text, /· 1 s of flowing jobs, then the heal +7\.0 s$/m)
  })

  it('never overflows, from 40 columns to 200, whatever it is told', () => {
    for (const script of [KILLED, PAUSED, HOSTILE]) {
      for (const ms of [0, 100, 6_000, 6_200, 7_000, 20_000]) {
        for (let columns = 39; columns < 200; columns += 7) {
          for (const line of panel(stateAt(script, ms), ms * 1e6, { columns, rows: 23, colour: true })) {
            const shown = stripVTControlCharacters(line)
            assert.ok(textWidth(shown) <= columns, `${columns} columns: ${shown}`)
          }
        }
      }
    }
  })

  it('takes at most twelve lines, however many brokers there are, and no more than there are rows', () => {
    const brokers = Array.from({ length: 9 }, (_, index) => ({ name: `n${index}`, endpoint: `stomp://h:${index}` }))
    const lines = panel(liveState(brokers), 0, { columns: 80, rows: 23, colour: false })
    assert.ok(lines.length <= 12, String(lines.length))
    assert.match(lines.join('\n'), /and 5 more/)
    assert.equal(panel(liveState(brokers), 0, { columns: 80, rows: 3, colour: false }).length, 3)
  })

  it('colours only when asked to', () => {
    const state = stateAt(KILLED, 6_200)
    const size = { columns: 80, rows: 23 }
    const plain = panel(state, 6_200e6, { ...size, colour: false })
    const coloured = panel(state, 6_200e6, { ...size, colour: true })
    assert.doesNotMatch(plain.join(''), /\u001b/)
    assert.match(coloured.join(''), /\u001b\[/)
    assert.deepEqual(coloured.map(stripVTControlCharacters), plain)
  })

  it('lets no name steer the terminal', () => {
    const state = liveState([{ name: '\u001b[31ma', endpoint: 'x\u0007' }])
    assert.doesNotMatch(panel(state, 0, { columns: 80, rows: 23, colour: false }).join(''), /[\u001b\u0007]/)
  })
})

describe('the sparkline of latency', () => {
  it('rises with the slowest confirm of each fifth of a second', () => {
    const trace = latencyTrace()
    for (const [index, ms] of [1, 3, 30, 300, 3_000, 30_000].entries()) {
      traceDue(trace, index * 200e6)
      traceConfirm(trace, index * 200e6, ms)
    }
    const line = sparkline(trace, 1_000e6, 6)
    assert.equal(textWidth(line), 6)
    const heights = Array.from(line, (character) => character.codePointAt(0) ?? 0)
    assert.deepEqual(
      heights,
      heights.toSorted((one, other) => one - other),
    )
    assert.equal(line.at(0), '▁')
    assert.equal(line.at(-1), '█')
    assert.equal(trace.worstMs, 30_000)
  })

  it('shows jobs that wait for their confirm as dots, and nothing where no job was due', () => {
    const trace = latencyTrace()
    traceDue(trace, 400e6)
    assert.equal(sparkline(trace, 600e6, 4), '  · ')
  })

  it('forgets what is long past', () => {
    const trace = latencyTrace()
    for (let bucket = 0; bucket < 5_000; bucket += 1) traceDue(trace, bucket * 200e6)
    assert.ok(trace.slowestMs.size <= 600)
    traceConfirm(trace, 0, 5)
    assert.ok(trace.slowestMs.size <= 600)
  })
})
