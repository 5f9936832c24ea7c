import type { DrillResult, FailoverPart } from '../../result.ts'
import { contents, firstLine, instant } from '../answer.ts'
import { formatMs, unbroken } from '../durations.ts'
import { glyph } from '../../../page/glyphs.ts'
import { headline } from '../headline.ts'
import { type Html, html } from '../../../page/html.ts'
import { page } from '../page.ts'
import { percent } from '../plots/plot-frame.ts'
import { type Comparison, type Row, type Standing } from './comparison.ts'

/** One of the two drills, with the name that it is called by on the page. */
export interface Side {
  readonly name: string
  readonly result: DrillResult
}

/** Two drills side by side as one page that needs no network and no script, in the design of the report. */
export function renderComparisonPage(comparison: Comparison, a: Side, b: Side): string {
  const { verdict, measured, circumstances } = comparison
  const body = html`<header class="answer ${verdict.standing === 'worse' ? 'fail' : verdict.standing === 'better' ? 'pass' : 'plain'}">
    <p class="kicker">Two failover drills compared</p>
    ${summaryHead(comparison.summary)}
    <div class="sides">${side('A', a)}${side('B', b)}</div>
  </header>
  ${contents([
    ['measured', 'What was measured'],
    ['parts', 'The failovers'],
    ['differs', 'What differs'],
    ['again', 'The same again'],
  ])}
  <main id="content">
    <section class="told"><h2>With care</h2><ul>${comparison.cautions.map((caution) => html`<li><span class="quiet">${glyph('note')}</span>${caution.replaceAll('`', '')}</li>`)}</ul></section>
    <section id="measured"><h2>What was measured</h2>
    <p class="lead">B against A. Less is better in every row. Bars share the scale of their row.</p>
    ${measuredTable([verdict, ...measured], a.result, b.result)}</section>
    <section id="parts"><h2>The failovers, part by part</h2>${parts(a.result, b.result)}</section>
    <section id="differs"><h2>What differs between the runs</h2>${circumstances.length === 0 ? html`<p class="nothing">Nothing: the same lab, fault, brokers, settings and versions.</p>` : differing(circumstances)}</section>
    <section id="again"><h2>The same again</h2>
    <h3>A</h3><pre class="command"><code>${a.result.command}</code></pre>
    <h3>B</h3><pre class="command"><code>${b.result.command}</code></pre></section>
  </main>`
  return page(`${a.result.target.lab} compared`, body)
}

/** The first sentence large, what it rests on beneath. */
export function summaryHead(summary: string): Html {
  const [first = '', ...rest] = summary.split(/(?<=\.) (?=B is )/)
  return html`<h1>${unbroken(first)}</h1>${rest.length > 0 && html`<p class="sentence">${unbroken(rest.join(' '))}</p>`}`
}

function side(letter: string, { name, result }: Side): Html {
  const when = result.fault.injectedAt === null ? '' : ` · ${instant(result.fault.injectedAt)}`
  return html`<div class="side"><p class="kicker">${letter} · ${name}</p>
    <p class="line">${glyph(result.verdict)} ${firstLine(result)}</p>
    <p>${unbroken(headline(result))}</p>
    <p class="meaning">${result.target.lab} · ${[result.fault.name, result.fault.node].join(' ').trim()}${when}</p></div>`
}

const STANDING_GLYPH: Readonly<Record<Standing, Html | null>> = {
  better: glyph('pass'),
  worse: glyph('fail'),
  same: null,
  other: null,
}

function measuredTable(rows: readonly Row[], a: DrillResult, b: DrillResult): Html {
  return comparedTable(rows, (row, side) => {
    const bars = barsOf(row.name, a, b)
    return bars && bar(bars[side])
  })
}

/** Rows of two sides, with how B stands against A; `below` draws what stands beneath the value of side 0 or 1. */
export function comparedTable(rows: readonly Row[], below: (row: Row, side: 0 | 1) => Html | null = () => null): Html {
  return html`<table class="facts compared">
    <thead><tr><td></td><th scope="col">A</th><th scope="col">B</th><th scope="col">B against A</th></tr></thead>
    <tbody>${rows.map(
      (row) =>
        html`<tr><th scope="row">${row.name}</th><td data-name="A">${unbroken(row.a)}${below(row, 0)}</td><td data-name="B">${unbroken(row.b)}${below(row, 1)}</td>
        <td class="${row.standing}">${STANDING_GLYPH[row.standing]} ${standingInWords(row)}</td></tr>`,
    )}</tbody>
  </table>`
}

function standingInWords({ standing, difference }: Row): string {
  if (standing === 'same' && difference === '') return 'the same'
  return standing === 'same' || standing === 'other' ? unbroken(difference) : `${standing}: ${unbroken(difference)}`
}

const DURATIONS: Readonly<Record<string, (result: DrillResult) => number | null>> = {
  'failover time': ({ failoverMs }) => failoverMs,
  'producer outage': ({ outage }) => outage.producerMs?.upper ?? null,
  'consumer outage': ({ outage }) => outage.consumerMs,
  recovery: ({ recoveryMs }) => recoveryMs,
  'retry threshold': ({ retryThresholdMs }) => retryThresholdMs,
  'median latency': ({ latencyMs }) => latencyMs?.p50 ?? null,
  'p99 latency': ({ latencyMs }) => latencyMs?.p99 ?? null,
  'longest latency': ({ latencyMs }) => latencyMs?.max ?? null,
}

function barsOf(name: string, a: DrillResult, b: DrillResult): readonly [number, number] | null {
  const of = DURATIONS[name]
  const [one, other] = [of?.(a) ?? 0, of?.(b) ?? 0]
  const most = Math.max(one, other)
  return most === 0 ? null : [one / most, other / most]
}

function bar(share: number): Html {
  return html`<svg width="100%" height="6" aria-hidden="true"><rect class="bar" width="${percent(share)}" height="6" rx="1"/></svg>`
}

function parts(a: DrillResult, b: DrillResult): Html {
  const most = Math.max(a.failoverMs ?? 0, b.failoverMs ?? 0)
  if (most === 0)
    return html`<p class="nothing">In neither did another broker take over, so there are no parts to show.</p>`
  return html`<p class="lead">Both on one scale, from the fault to the first confirm of another broker.</p>
    <table class="waterfall">
    <thead><tr><th scope="col">Part</th><td></td><th scope="col" class="number">Took</th></tr></thead>
    <tbody>${partRows('A', a, most)}${partRows('B', b, most)}</tbody></table>`
}

function partRows(letter: string, { failoverMs, failoverParts }: DrillResult, most: number): Html {
  if (failoverMs === null)
    return html`<tr><th scope="row">${letter}<span class="meaning">nobody took over</span></th><td class="drawn"></td><td></td></tr>`
  let before = 0
  const rows = failoverParts.map((part: FailoverPart) => {
    const from = before
    before += part.ms
    return html`<tr><th scope="row">${letter} · ${part.name}</th><td class="drawn"><svg width="100%" height="18" aria-hidden="true"><line class="rail" x1="0" x2="100%" y1="9" y2="9"/><rect class="bar" x="${percent(from / most)}" width="${percent(part.ms / most)}" y="3" height="12" rx="1"/><line class="bar-start" x1="${percent(from / most)}" x2="${percent(from / most)}" y1="2" y2="16"/></svg></td><td class="number">${formatMs(part.ms)}</td></tr>`
  })
  return html`${rows}<tr class="whole"><th scope="row">${letter} · failover time</th><td></td><td class="number">${formatMs(failoverMs)}</td></tr>`
}

/** What was run differently, without a word of better or worse. */
export function differing(rows: readonly Row[]): Html {
  return html`<table class="facts compared"><thead><tr><td></td><th scope="col">A</th><th scope="col">B</th></tr></thead>
    <tbody>${rows.map(({ name, a, b }) => html`<tr><th scope="row">${name}</th><td data-name="A">${a}</td><td data-name="B">${b}</td></tr>`)}</tbody></table>`
}
