import { formatCount, sayMs } from '../../checker/exact-durations.ts'
import { failureAtMost } from '../../threshold/binomial.ts'
import { sayPercent } from '../../threshold/claim.ts'
import { measuredOutages } from '../../threshold/measured.ts'
import type { Search } from '../../threshold/search-file.ts'
import type { TrialRecord } from '../../threshold/trial-record.ts'
import {
  confirmedWords,
  meaningWords,
  measuredWords,
  predictedWords,
  verificationWords,
} from '../../threshold/words.ts'
import { contents, instant } from '../answer.ts'
import { outagePlot, pausePlot } from './distributions.ts'
import { formatMs, unbroken } from '../durations.ts'
import { type Figure, figureRow } from '../figures.ts'
import { glyph } from '../../../page/glyphs.ts'
import { type Html, html } from '../../../page/html.ts'
import { page } from '../page.ts'
import { phasePlot } from './phase-plot.ts'
import { stateOf } from './state.ts'
import { THRESHOLD_STYLE } from './style.ts'
import { trialTable } from './trial-table.ts'

/**
 * The page of a search for the retry threshold, or of a verification: the claim first, then what it rests on. One
 * file that needs no network and runs no script; whatever came from the runs is escaped.
 */
export function renderThresholdPage(search: Search): string {
  const outages = measuredOutages(search.trials)
  const hasPrediction = search.target?.predicted !== null && search.target !== null
  const parts = [
    ['distribution', 'Distribution'],
    ['phases', 'Phases'],
    ...(hasPrediction ? [['predicted', 'Predicted'] as const] : []),
    ...(search.schedules.length > 0 ? [['policies', 'Other policies'] as const] : []),
    ['runs', 'Every run'],
    ['setting', 'How it was run'],
  ] as const
  const body = html`${head(search, outages)}
    ${contents(parts)}
    <main id="content">
    ${shortOf(search)}
    <section id="distribution"><h2>How long a job has to wait</h2>
    <p class="lead">${measuredWords(search)
      .map((words) => unbroken(`${words[0]?.toUpperCase() ?? ''}${words.slice(1)}.`))
      .join(' ')}</p>
    ${pausePlot(search)}
    ${outagePlot(search)}</section>
    <section id="phases"><h2>When the fault came</h2>
    <p class="lead">Every fault came at a random moment of the slowest period that the brokers have. Where the threshold depends on that moment, a test that always hurts them at the same one sees only a part of the truth.</p>
    ${phasePlot(search.trials, search.target?.slowestPeriodMs ?? 0)}</section>
    ${hasPrediction && html`<section id="predicted"><h2>Predicted beside measured</h2><ul>${predictedWords(search).map((words) => html`<li>${unbroken(words)}</li>`)}</ul></section>`}
    ${policies(search)}
    <section id="runs"><h2>Every run</h2>
    <p class="lead">The pause that was just enough is known to the time between two jobs, from above: a run can hold at a little less. The one-retry producer tries every broker once, waits, and tries every broker once more; only the runs that confirm or verify have it. The history of each run lies in <code>trials/</code>, beside this page.</p>
    ${trialTable(search.trials)}</section>
    ${setting(search)}
    </main>`
  const title = search.claim?.text ?? verificationWords(search)
  return page(`${title}, ${search.trial.fault} on ${search.lab}`, body, { libraryStyle: THRESHOLD_STYLE })
}

function head(search: Search, outages: readonly TrialRecord[]): Html {
  const { claim, verify, trial, lab, trials } = search
  const [first] = trials
  const when = first ? ` · ${instant(first.at)}` : ''
  const state = stateOf(search)
  const sentence = verify ? verificationWords(search) : meaningWords(search).join(' ')
  return html`<header class="answer ${state.tone}">
    <p class="kicker">${verify ? 'Retry threshold, verified' : 'Minimum retry threshold'} · ${lab} · ${trial.fault}${when}</p>
    <h1><span class="verdict">${glyph(state.glyph)} ${state.words}</span>${unbroken(claim?.text ?? sayMs(verify?.atMs ?? 0))}</h1>
    <p class="sentence">${unbroken(sentence)}</p>
    ${figureRow(figuresOf(search, outages))}
  </header>`
}

function figuresOf(search: Search, outages: readonly TrialRecord[]): readonly Figure[] {
  const { claim, measured, verify, trials, spentMs, method } = search
  const runs = trials.filter(({ article }) => article !== null)
  const failed = verify ? runs.filter(({ article }) => article?.held === false).length : 0
  const held = verify ? runs.length - failed : (claim?.confirmed?.held ?? 0)
  const of = verify ? runs.length : method.confirmRuns
  const most = verify ? failureAtMost(failed, runs.length, method.confidence) : claim?.confirmed?.failureAtMost
  return [
    {
      name: verify ? 'Verified threshold' : 'Retry threshold',
      value: verify
        ? formatMs(verify.atMs)
        : claim?.thresholdMs === null
          ? 'none'
          : formatMs(claim?.thresholdMs ?? null),
      note: verify ? 'that the runs were made with' : `for ${sayPercent(claim?.pass ?? method.pass)} of such faults`,
    },
    {
      name: 'Runs that held',
      value: `${formatCount(held)} of ${formatCount(of)}`,
      note: verify?.early
        ? 'as many as the sequential test asked for'
        : most === undefined
          ? 'not confirmed yet'
          : `a job fails in at most ${sayPercent(most)}`,
    },
    {
      name: 'Median',
      value: formatMs(measured?.medianMs ?? null),
      note: `of ${formatCount(outages.length)} measured outages`,
    },
    {
      name: 'Longest',
      value: formatMs(measured?.greatestMs ?? null),
      note: `shortest ${formatMs(measured?.leastMs ?? null)}`,
    },
    { name: 'Cost', value: formatCount(trials.length), note: `runs, ${formatMs(spentMs)} of labs at work` },
  ]
}

function shortOf({ claim }: Search): Html | null {
  if (!claim || claim.shortOf.length === 0) return null
  return html`<section class="told"><h2>What it is short of</h2><ul>${claim.shortOf.map((why) => html`<li><span class="doubtful">${glyph('unknown')}</span>${unbroken(why)}</li>`)}</ul></section>`
}

function policies({ schedules, method }: Search): Html | null {
  if (schedules.length === 0) return null
  return html`<section id="policies"><h2>Other retry policies over the same outages</h2>
    <p class="lead">Replayed, without a new run. An attempt takes no time in it; attempts that hang are not in it.</p>
    <div class="wide" role="region" aria-label="Other retry policies" tabindex="0"><table class="policies"><thead><tr><th scope="col">Policy</th><th scope="col" class="number">Gives up after</th><th scope="col" class="number">A job would have failed in</th><th scope="col" class="number">At most (${sayPercent(method.confidence)})</th></tr></thead>
    <tbody>${schedules.map(({ schedule, spanMs, failed, outages, failureAtMost: most }) => html`<tr><th scope="row"><code>${schedule}</code></th><td class="number">${formatMs(spanMs)}</td><td class="number">${formatCount(failed)} of ${formatCount(outages)} outages</td><td class="number">${sayPercent(most)}</td></tr>`)}</tbody></table></div></section>`
}

function setting(search: Search): Html {
  const { target, method, trial, versions, command, voids, seed } = search
  return html`<section id="setting"><h2>How it was run</h2>
    <div class="columns"><div>
      <h3>Brokers</h3>
      ${facts((target?.brokers ?? []).map(({ name, version, endpoint }) => [name, `${version} · ${endpoint}`]))}
      <h3>Settings of the brokers</h3>
      ${facts(Object.entries(target?.settings ?? {}).map(([name, value]) => [name, String(value)]))}
      <h3>Versions</h3>
      ${facts(Object.entries(versions))}
    </div><div>
      <h3>What was asked</h3>
      ${facts([
        ['p', String(method.pass)],
        ['confidence', sayPercent(method.confidence)],
        ['measured outages', formatCount(method.directTrials)],
        ['runs to confirm', formatCount(method.confirmRuns)],
        ['grid', formatMs(method.gridMs)],
        ['cap', formatMs(method.capMs)],
        ['seed', String(seed)],
      ])}
      <h3>What a run is</h3>
      ${facts([
        ['fault', trial.fault],
        ['a probing job every', formatMs(trial.everyMs)],
        ['a job of the one-retry producer every', formatMs(trial.jobEveryMs)],
        ['its dial and confirm within', formatMs(trial.deadlineMs)],
        ['confirmed', confirmedWords(search).join(' ') || 'not yet'],
        [
          'runs that said nothing',
          voids.length === 0 ? 'none' : voids.map(({ key, why }) => `${key}: ${why}`).join('; '),
        ],
      ])}
    </div></div>
    <h3>The same again</h3>
    <pre class="command"><code>${command}</code></pre></section>`
}

function facts(rows: readonly (readonly [name: string, value: string])[]): Html {
  return html`<table class="facts"><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${unbroken(value)}</td></tr>`)}</tbody></table>`
}
