import { formatCount } from '../../checker/exact-durations.ts'
import { confirmOf } from '../../checker/jobs-ledger.ts'
import { formatMs, formatOffset, plural } from '../durations.ts'
import { fateMark } from './fate-marks.ts'
import { type FaultPlace, type NameOf, whyItHappened } from './fate-words.ts'
import { type Html, html, trusted } from '../../../page/html.ts'
import { FATES, type Fate, type JobStory } from './job-stories.ts'
import { printableLine } from '../../../page/printable.ts'
import type { RunAxis } from '../plots/run-axis.ts'
import { storySteps } from './story-steps.ts'

// What a page without script lists: enough to know what happened, and little enough for a phone.
const MOST_ROWS = 200
const MOST_TIMELINES = 40
const MOST_STEPS = 40

/** The fate of every job: a map and a list that the page's script fills, and the troubled ones for a page without. */
export function fateSection(
  stories: readonly JobStory[],
  fault: FaultPlace | null,
  axis: RunAxis,
  nameOf: NameOf,
): Html {
  const counts = new Map<Fate, number>()
  for (const { fates } of stories) for (const fate of fates) counts.set(fate, (counts.get(fate) ?? 0) + 1)
  return html`<section id="jobs">
    <h2>The fate of every job</h2>
    <p class="lead">${inWords(stories.length, counts.get('once') ?? 0)}</p>
    ${stories.length > 0 && finder(stories.length, counts)}
    ${withoutScript(stories, fault, axis, nameOf)}
  </section>`
}

function inWords(all: number, once: number): string {
  if (all === 0) return 'No job was sent.'
  if (once === all) {
    return `${all === 1 ? 'The one job was' : `All ${plural(all, 'job')} were`} acknowledged on the first attempt and delivered once.`
  }
  return `${plural(once, 'job')} of ${formatCount(all)} ${once === 1 ? 'was' : 'were'} acknowledged on the first attempt and delivered once. ${all - once === 1 ? 'One was not' : `${formatCount(all - once)} were not`}.`
}

function finder(all: number, counts: ReadonlyMap<Fate, number>): Html {
  const troubled = all - (counts.get('once') ?? 0)
  const choices: readonly (readonly [string, Html | null, string, number])[] = [
    ...(troubled > 0 ? [['troubled', null, 'all but the plain ones', troubled] as const] : []),
    ['all', null, 'every job', all],
    ...FATES.filter((fate) => counts.has(fate)).map(
      (fate) => [fate, fateMark(fate), fate === 'once' ? 'plain' : fate, counts.get(fate) ?? 0] as const,
    ),
  ]
  return html`<div class="script-only">
    <canvas id="job-map" class="map" role="img" aria-label="A map of every job in the order they fell due; the list beneath holds the same."></canvas>
    <p class="readout" id="map-readout" data-idle="Each mark is a job, in the order they fell due. Choose one to see its story."></p>
    <form class="finder" id="finder" role="search">
      <label class="field" for="find">Find jobs by id, fate or broker <kbd>/</kbd><input type="search" id="find" autocomplete="off" spellcheck="false" placeholder="000045 or lost"></label>
      <label class="field" for="at-endpoint">Sent to or delivered by<select id="at-endpoint"></select></label>
      <fieldset class="fates"><legend class="unseen">Fate</legend>${choices.map(
        ([value, mark, words, count], index) =>
          html`<label><input type="radio" name="fate" value="${value}"${index === 0 && trusted(' checked')}>${mark}${words} <span class="count">${formatCount(count)}</span></label>`,
      )}</fieldset>
    </form>
    <p class="meaning" id="fate-meaning"></p>
    <div class="status"><span id="found" role="status"></span><span><button type="button" id="page-back">Back</button> <button type="button" id="page-on">Next</button></span></div>
    <div class="job-head" aria-hidden="true"><span>Fate</span><span>Job</span><span class="number">Due</span><span class="number">Confirmed after</span><span class="number">Sent</span><span class="number">Delivered</span></div>
    <div class="jobs" id="job-list"></div>
  </div>`
}

function withoutScript(
  stories: readonly JobStory[],
  fault: FaultPlace | null,
  axis: RunAxis,
  nameOf: NameOf,
): Html | null {
  const troubled = stories.filter((story) => story.fates[0] !== 'once')
  if (troubled.length === 0) return null
  const worstFirst = FATES.flatMap((fate) => troubled.filter((story) => story.fates[0] === fate))
  const rows = worstFirst.slice(0, MOST_ROWS)
  return html`<noscript>
    <p>With its script this page shows every job and finds each one. Without, here are those that were not plain, the worst first.</p>
    <div class="jobs">${rows.map((story, index) => row(story, fault, axis, nameOf, index < MOST_TIMELINES))}</div>
    ${rows.length < troubled.length && html`<p class="nothing">${plural(troubled.length - rows.length, 'more job')} not listed here; the events file has every one.</p>`}
  </noscript>`
}

function row(story: JobStory, fault: FaultPlace | null, axis: RunAxis, nameOf: NameOf, withSteps: boolean): Html {
  const { job, fates, deliveries } = story
  const [worst = 'once', ...also] = fates
  const confirmed = confirmOf(job)?.endNs
  const after = confirmed === undefined || job.dueNs === null ? 'never' : formatMs((confirmed - job.dueNs) / 1e6)
  const due = job.dueNs === null ? 'no' : formatOffset(job.dueNs - axis.originNs)
  return html`<details class="job"><summary><span class="fate">${fateMark(worst)}${worst}</span><span class="id">${printableLine(job.id, 80)}</span><span class="number" data-name="Due">${due}</span><span class="number" data-name="Confirmed after">${after}</span><span class="number" data-name="Sent">${job.attempts.length} ×</span><span class="number" data-name="Delivered">${deliveries.length} ×</span></summary><div class="story"><p class="why">${whyItHappened(story, fault, nameOf)}${also.length > 0 && ` Also: ${also.join(', ')}.`}</p>${withSteps && steps(story, axis, nameOf)}</div></details>`
}

function steps(story: JobStory, axis: RunAxis, nameOf: NameOf): Html {
  const all = storySteps(story, nameOf)
  return html`<ol>${all.slice(0, MOST_STEPS).map((step) => html`<li><time>${formatOffset(step.atNs - axis.originNs)}</time><span class="what">${step.what}</span></li>`)}${
    all.length > MOST_STEPS && html`<li>… ${all.length - MOST_STEPS} more in the events file</li>`
  }</ol>`
}
