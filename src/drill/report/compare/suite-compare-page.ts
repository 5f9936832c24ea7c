import type { SuiteResult } from '../../suite/suite-result.ts'
import { sayTotals } from '../../suite/suite-words.ts'
import { contents, instant } from '../answer.ts'
import { unbroken } from '../durations.ts'
import { glyph } from '../../../page/glyphs.ts'
import { type Html, html } from '../../../page/html.ts'
import { page } from '../page.ts'
import { comparedTable, differing, summaryHead } from './compare-page.ts'
import type { SuiteComparison } from './suite-comparison.ts'

/** One of the two suites, with the name that it is called by on the page. */
interface SuiteSide {
  readonly name: string
  readonly suite: SuiteResult
}

/** Two suites side by side as one page that needs no network and no script, in the design of the report. */
export function renderSuiteComparisonPage(comparison: SuiteComparison, a: SuiteSide, b: SuiteSide): string {
  const { summary, drills, circumstances, cautions } = comparison
  const standings = new Set(drills.flatMap(({ rows }) => rows.map(({ standing }) => standing)))
  const tone = standings.has('worse') ? 'fail' : standings.has('better') ? 'pass' : 'plain'
  const body = html`<header class="answer ${tone}">
    <p class="kicker">Two suites of failover drills compared</p>
    ${summaryHead(summary)}
    <div class="sides">${side('A', a)}${side('B', b)}</div>
  </header>
  ${contents([
    ['measured', 'What was measured'],
    ['differs', 'What differs'],
    ['again', 'The same again'],
  ])}
  <main id="content">
    <section class="told"><h2>With care</h2><ul>${cautions.map((caution) => html`<li><span class="quiet">${glyph('note')}</span>${caution}</li>`)}</ul></section>
    <section id="measured"><h2>What was measured</h2>
    <p class="lead">B against A, drill by drill: the median of all runs, and the least and the greatest. Less is better in every duration.</p>
    ${drills.length === 0 ? html`<p class="nothing">The two have no drill of the same name.</p>` : drills.map(({ name, rows }) => html`<h3>${name}</h3>${comparedTable(rows)}`)}</section>
    <section id="differs"><h2>What differs between the suites</h2>${circumstances.length === 0 ? html`<p class="nothing">Nothing: the same plan, drills and versions.</p>` : differing(circumstances)}</section>
    <section id="again"><h2>The same again</h2>
    <h3>A</h3><pre class="command"><code>${a.suite.command}</code></pre>
    <h3>B</h3><pre class="command"><code>${b.suite.command}</code></pre></section>
  </main>`
  return page('Two suites compared', body)
}

function side(letter: string, { name, suite }: SuiteSide): Html {
  return html`<div class="side"><p class="kicker">${letter} · ${name}</p>
    <p class="line">${glyph(suite.verdict)} ${suite.verdict.toUpperCase()}</p>
    <p>${unbroken(sayTotals(suite.drills))}</p>
    <p class="meaning">${suite.plan} · ${instant(suite.startedAt)}</p></div>`
}
