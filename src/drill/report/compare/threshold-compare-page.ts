import type { Search } from '../../threshold/search-file.ts'
import { meaningWords, verificationWords } from '../../threshold/words.ts'
import { contents, instant } from '../answer.ts'
import { unbroken } from '../durations.ts'
import { glyph } from '../../../page/glyphs.ts'
import { type Html, html } from '../../../page/html.ts'
import { page } from '../page.ts'
import { longestDrawn, outagePlot, pausePlot } from '../threshold/distributions.ts'
import { stateOf } from '../threshold/state.ts'
import { comparedTable, differing, summaryHead } from './compare-page.ts'
import { claimWords, type ThresholdComparison } from './threshold-comparison.ts'

/** One of the two searches, with the name that it is called by on the page. */
interface ThresholdSide {
  readonly name: string
  readonly search: Search
}

/** Two searches for the retry threshold as one page that needs no network and no script, in the design of the report. */
export function renderThresholdComparisonPage(
  comparison: ThresholdComparison,
  a: ThresholdSide,
  b: ThresholdSide,
): string {
  const { summary, rows, circumstances, cautions } = comparison
  const standings = new Set(rows.map(({ standing }) => standing))
  const tone = standings.has('worse') ? 'fail' : standings.has('better') ? 'pass' : 'plain'
  const mostMs = Math.max(longestDrawn(a.search), longestDrawn(b.search))
  const body = html`<header class="answer ${tone}">
    <p class="kicker">Two retry thresholds compared</p>
    ${summaryHead(summary)}
    <div class="sides">${side('A', a)}${side('B', b)}</div>
  </header>
  ${contents([
    ['measured', 'What was measured'],
    ['distribution', 'Distribution'],
    ['differs', 'What differs'],
    ['again', 'The same again'],
  ])}
  <main id="content">
    <section class="told"><h2>With care</h2><ul>${cautions.map((caution) => html`<li><span class="quiet">${glyph('note')}</span>${unbroken(caution)}</li>`)}</ul></section>
    <section id="measured"><h2>What was measured</h2>
    <p class="lead">B against A: the median of all measured outages, and the least and the greatest. Less is better in every duration.</p>
    ${comparedTable(rows)}</section>
    <section id="distribution"><h2>How long a job has to wait</h2>
    <p class="lead">All on one scale.</p>
    <div class="sides"><div class="side"><p class="kicker">A · ${a.name}</p>${pausePlot(a.search, mostMs)}${outagePlot(a.search, mostMs)}</div>
    <div class="side"><p class="kicker">B · ${b.name}</p>${pausePlot(b.search, mostMs)}${outagePlot(b.search, mostMs)}</div></div></section>
    <section id="differs"><h2>What differs between the searches</h2>${circumstances.length === 0 ? html`<p class="nothing">Nothing: the same lab, fault, question, brokers, settings and versions.</p>` : differing(circumstances)}</section>
    <section id="again"><h2>The same again</h2>
    <h3>A</h3><pre class="command"><code>${a.search.command}</code></pre>
    <h3>B</h3><pre class="command"><code>${b.search.command}</code></pre></section>
  </main>`
  return page('Two retry thresholds compared', body)
}

function side(letter: string, { name, search }: ThresholdSide): Html {
  const state = stateOf(search)
  const [first] = search.trials
  const when = first ? ` · ${instant(first.at)}` : ''
  const sentence = search.verify ? verificationWords(search) : meaningWords(search).join(' ')
  return html`<div class="side"><p class="kicker">${letter} · ${name}</p>
    <p class="line">${glyph(state.glyph)} ${state.words} · ${unbroken(claimWords(search))}</p>
    <p>${unbroken(sentence)}</p>
    <p class="meaning">${search.lab} · ${search.trial.fault}${when}</p></div>`
}
