import { formatCount } from '../../checker/exact-durations.ts'
import type { SuiteDrillResult, SuiteResult, SuiteRun } from '../../suite/suite-result.ts'
import { reasonsOf, sayLost, sayPrediction, sayTotals, seenInRuns, sumOf } from '../../suite/suite-words.ts'
import { contents, instant } from '../answer.ts'
import { distributionPlot } from '../plots/distribution-plot.ts'
import { formatMs, plural, unbroken } from '../durations.ts'
import { type Figure, figureRow } from '../figures.ts'
import { glyph } from '../../../page/glyphs.ts'
import { type Html, html } from '../../../page/html.ts'
import { nameSome } from '../name-some.ts'
import { page } from '../page.ts'
import { anchorOf, drillTable } from './drill-table.ts'
import { runTable } from './run-table.ts'
import { SUITE_STYLE } from './style.ts'

const MOST_REASONS = 5

/**
 * The page of a suite: the verdict first, all drills on one axis, then each with its runs and the way to their own
 * reports. One file that needs no network and runs no script; whatever came from the runs is escaped.
 */
export function renderSuitePage(result: SuiteResult): string {
  const { drills } = result
  const body = html`${head(result)}
    ${contents([
      ['drills', 'All drills'],
      ['each', 'Every run'],
      ['setting', 'How it was run'],
    ])}
    <main id="content">
    <section id="drills"><h2>All drills</h2>
    <p class="lead">The outages of all drills stand on one axis. r* is the smallest retry threshold at which no job of any run would have failed.</p>
    ${drillTable(drills)}</section>
    <section id="each"><h2>Every run</h2>
    <p class="lead">Each run is the way to its own report, with every job. Faults come at a random moment, so that the runs of one drill may differ much.</p>
    ${drills.map(drillSection)}</section>
    <section id="setting"><h2>How it was run</h2>
    ${facts([
      ['plan', result.plan],
      ['began', instant(result.startedAt)],
      ['ended', instant(result.endedAt)],
      ...Object.entries(result.versions),
    ])}
    <h3>The same again</h3>
    <pre class="command"><code>${result.command}</code></pre>
    <p class="lead">One run again: the command stands at the end of its own report, with its seed.</p></section>
    </main>`
  return page(`${result.verdict}: ${result.plan}`, body, { libraryStyle: SUITE_STYLE })
}

function head({ drills, verdict, plan, startedAt }: SuiteResult): Html {
  return html`<header class="answer ${verdict}">
    <p class="kicker">Suite of failover drills · ${plan} · ${instant(startedAt)}</p>
    <h1><span class="verdict">${glyph(verdict)} ${verdict.toUpperCase()}</span>${unbroken(sayTotals(drills))}</h1>
    <p class="sentence">${unbroken(sentence(drills))}</p>
    ${figureRow(figuresOf(drills))}
  </header>`
}

function sentence(drills: readonly SuiteDrillResult[]): string {
  const runs = drills.flatMap((drill) => drill.runs)
  const judged = runs.filter(({ jobs }) => jobs !== null)
  if (judged.length === 0) return 'No run came to a verdict, so nothing is known of the brokers.'
  const bad = drills.filter(({ counts }) => counts.fail > 0).map(({ name }) => name)
  const open = drills.filter(({ counts, runs: all }) => all.length > 0 && counts.pass + counts.fail < all.length)
  const clauses = [
    bad.length > 0 ? `An objective was violated in ${nameSome(bad)}.` : 'No objective was violated.',
    ...(open.length > 0 ? [`Without a verdict on some run: ${nameSome(open.map(({ name }) => name))}.`] : []),
    ...notRun(drills),
  ]
  return clauses.join(' ')
}

function notRun(drills: readonly SuiteDrillResult[]): readonly string[] {
  const missing = drills.reduce((sum, { runs, repeat }) => sum + Math.max(0, repeat - runs.length), 0)
  return missing === 0 ? [] : [`${plural(missing, 'run')} of the plan ${missing === 1 ? 'has' : 'have'} not been made.`]
}

function figuresOf(drills: readonly SuiteDrillResult[]): readonly Figure[] {
  const runs = drills.flatMap((drill) => drill.runs)
  const passed = runs.filter(({ state }) => state === 'pass').length
  const skipped = runs.filter(({ state }) => state === 'skipped').length
  const lost = sayLost(runs)
  const outage = longest(drills, ({ outageMs }) => outageMs?.upper.max ?? null)
  const threshold = longest(drills, ({ retryThresholdMs }) => retryThresholdMs?.max ?? null)
  return [
    {
      name: 'Passed',
      value: `${formatCount(passed)} of ${formatCount(runs.length - skipped)}`,
      note: skipped === 0 ? 'runs' : `runs; ${formatCount(skipped)} skipped`,
      tone: runs.some(({ state }) => state === 'fail') ? 'bad' : 'plain',
    },
    {
      name: 'Lost',
      value: runs.some(({ jobs }) => jobs) ? lost : 'unknown',
      note: `of ${plural(sumOf(runs, 'acknowledged'), 'confirmed job')}`,
      tone: runs.some(({ jobs }) => (jobs?.lost ?? 0) > 0) ? 'bad' : 'plain',
    },
    {
      name: 'Longest outage',
      value: formatMs(outage.ms),
      note: outage.name === '' ? 'of a producer' : `at most, in ${outage.name}`,
    },
    {
      name: 'Retry threshold',
      value: formatMs(threshold.ms),
      note: threshold.name === '' ? 'of all runs' : `no job of any run fails; set by ${threshold.name}`,
    },
  ]
}

function longest(
  drills: readonly SuiteDrillResult[],
  of: (drill: SuiteDrillResult) => number | null,
): { readonly ms: number | null; readonly name: string } {
  let found: { readonly ms: number | null; readonly name: string } = { ms: null, name: '' }
  for (const drill of drills) {
    const ms = of(drill)
    if (ms !== null && (found.ms === null || ms > found.ms)) found = { ms, name: drill.name }
  }
  return found
}

function drillSection(drill: SuiteDrillResult, index: number): Html {
  const { name, lab, fault, predicted, runs } = drill
  const reasons = reasonsOf(runs)
  const more = reasons.length - MOST_REASONS
  return html`<section class="drill" id="${anchorOf(index)}"><h3>${name}</h3>
    <p class="meaning">${lab} · ${fault}${predicted && ` · predicted ${unbroken(sayPrediction(predicted))}: ${predicted.because}`}</p>
    ${
      runs.length === 0
        ? html`<p class="nothing">It has not been run.</p>`
        : html`<p>${unbroken(seenInRuns(drill).join(' · '))}</p>
    <ul class="reasons">${reasons.slice(0, MOST_REASONS).map((reason) => html`<li>${unbroken(reason)}</li>`)}${more > 0 && html`<li class="meaning">and ${plural(more, 'other reason')}</li>`}</ul>
    ${distribution(drill)}
    ${runTable(runs, name)}`
    }</section>`
}

// One mark alone is no distribution, and the table says it.
function distribution({ runs, predicted }: SuiteDrillResult): Html | null {
  const measured = runs.flatMap((run, index) => markOf(run, index))
  if (measured.length < 2) return null
  const upper = predicted?.upperMs ?? null
  // A prediction far beyond what was seen would press all marks into a corner.
  const near = upper !== null && upper <= 3 * Math.max(...measured.map(({ ms }) => ms))
  return distributionPlot({
    what: 'the outage W, by its upper bound',
    runs: measured,
    claims: near ? [{ ms: upper, label: `predicted at most ${formatMs(upper)}` }] : [],
  })
}

function markOf(
  { outageMs, phaseMs, seed }: SuiteRun,
  index: number,
): readonly { readonly ms: number; readonly title: string }[] {
  if (!outageMs) return []
  return [{ ms: outageMs.upper, title: `run ${index + 1}, phase ${formatMs(phaseMs)}, seed ${seed}` }]
}

function facts(rows: readonly (readonly [name: string, value: string])[]): Html {
  return html`<table class="facts"><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`
}
