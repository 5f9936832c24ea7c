import { formatCount } from '../checker/durations.ts'
import { confirmOf } from '../checker/jobs-ledger.ts'
import { formatMs, formatOffset, plural } from './durations.ts'
import { FATE_MEANING, type FaultPlace, type NameOf, whyItHappened } from './fate-words.ts'
import { type Html, html, trusted } from './html.ts'
import { FATES, type Fate, type JobEvent, type JobStory } from './job-stories.ts'
import { outcomeWords } from './lanes.ts'
import { printableLine } from './printable.ts'
import type { RunAxis } from './run-axis.ts'

// A report of a run in which everything went wrong must still open on a phone.
const MOST_ROWS = 2_000
const MOST_TIMELINES = 200
const MOST_MILD_TIMELINES = 40
const MOST_STEPS = 40
const MOST_OPEN = 12

const GRAVE: ReadonlySet<Fate> = new Set<Fate>(['lost', 'post-ack duplicate', 'unexpected', 'resurrected', 'failed'])
const MILD: ReadonlySet<Fate> = new Set<Fate>(['sent again', 'recovered', 'redelivery'])

/** Every job that is not simply acknowledged and delivered once, worst first, each with why and its timeline. */
export function fateTable(stories: readonly JobStory[], fault: FaultPlace | null, axis: RunAxis, nameOf: NameOf): Html {
  const told = stories.filter((story) => story.fates[0] !== 'once')
  const plain = stories.length - told.length
  if (told.length === 0) return html`<p class="nothing">${everyJob(stories.length)}</p>`
  let listed = 0
  let closed = 0
  const groups = FATES.flatMap((fate) => {
    const members = told.filter((story) => story.fates[0] === fate)
    if (members.length === 0) return []
    const first = listed
    const shown = members.slice(0, Math.max(0, MOST_ROWS - listed))
    listed += shown.length
    const open = Math.min(MOST_TIMELINES - first, MILD.has(fate) ? MOST_MILD_TIMELINES : MOST_TIMELINES)
    closed += Math.max(0, shown.length - Math.max(0, open))
    const rows = shown.map((story, index) => row(story, fault, axis, nameOf, index < open))
    return [group(fate, members.length, rows)]
  })
  return html`<p>${plural(plain, 'job')} of ${formatCount(stories.length)} ${plain === 1 ? 'was' : 'were'} acknowledged on the first attempt and delivered once. ${told.length === 1 ? 'This one was not' : 'These were not'}; a row opens to its events.</p>
  ${groups}
  ${listed < told.length && html`<p class="nothing">${plural(told.length - listed, 'more job')} not listed here; the events file has every one.</p>`}
  ${closed > 0 && html`<p class="nothing">The first rows of each kind open to their events; those of ${plural(closed, 'other job')} are in the events file.</p>`}`
}

function group(fate: Fate, count: number, rows: readonly Html[]): Html {
  // A long outage makes hundreds of jobs alike. They are all here, but not in the way of the few that matter.
  const open = GRAVE.has(fate) || rows.length <= MOST_OPEN
  return html`<details class="group"${open && trusted(' open')}>
    <summary><span class="fate ${weight(fate)}">${fate}</span> ${plural(count, 'job')}: ${FATE_MEANING[fate]}</summary>
    <table class="fates">
      <thead><tr><th scope="col" class="job">Job</th><th scope="col" class="number">Due</th><th scope="col" class="number">Confirmed after</th><th scope="col" class="number">Sent</th><th scope="col" class="number">Delivered</th><th scope="col" class="why">What happened</th></tr></thead>
      <tbody>${rows}</tbody>
    </table>
  </details>`
}

function row(story: JobStory, fault: FaultPlace | null, axis: RunAxis, nameOf: NameOf, withTimeline: boolean): Html {
  const { job, fates, deliveries } = story
  const confirmed = confirmOf(job)?.endNs
  const also = fates.slice(1)
  const why = html`${whyItHappened(story, fault, nameOf)}${also.length > 0 && html` <span class="also">Also: ${also.join(', ')}.</span>`}`
  const after = confirmed === undefined || job.dueNs === null ? 'never' : formatMs((confirmed - job.dueNs) / 1e6)
  // Without room between the cells: there may be thousands.
  return html`<tr><th scope="row" class="job">${printableLine(job.id, 80)}</th><td>${job.dueNs === null ? '–' : formatOffset(job.dueNs - axis.originNs)}</td><td>${after}</td><td>${job.attempts.length} ×</td><td>${deliveries.length} ×</td><td class="why">${withTimeline ? html`<details><summary>${why}</summary>${timeline(story, axis, nameOf)}</details>` : why}</td></tr>`
}

function timeline({ events }: JobStory, axis: RunAxis, nameOf: NameOf): Html {
  // The due event is written when the ticker gets to it; the schedule's own time is the one that counts.
  const steps = events
    .map((event) => ({ atNs: event.type === 'due' ? event.dueNs : event.t, what: eventInWords(event, events, nameOf) }))
    .sort((one, other) => one.atNs - other.atNs)
  return html`<ol class="timeline">${steps
    .slice(0, MOST_STEPS)
    .map((step) => html`<li><time>${formatOffset(step.atNs - axis.originNs)}</time> ${step.what}</li>`)}${
    steps.length > MOST_STEPS && html`<li>… ${steps.length - MOST_STEPS} more in the events file</li>`
  }</ol>`
}

function eventInWords(event: JobEvent, events: readonly JobEvent[], nameOf: NameOf): string {
  switch (event.type) {
    case 'due':
      return `due, number ${event.sequence}`
    case 'att':
      return `attempt ${event.k} ${event.endpoint === null ? 'with no broker connected' : `to ${nameOf(event.endpoint)}`}`
    case 'res':
      return `attempt ${event.k} ${outcomeWords(event.outcome)}`
    case 'giveup':
      return 'given up'
    case 'dlv': {
      const number = events.filter((other) => other.type === 'dlv').indexOf(event) + 1
      const flag = event.redelivered ? ', marked as redelivered' : ''
      return `delivery ${number} from ${nameOf(event.endpoint)}, sent by attempt ${event.k}${flag}`
    }
    case 'cack':
      return `delivery ${event.n} acknowledged by the listener`
    case 'cackok':
      return `acknowledge of delivery ${event.n} settled`
  }
}

function weight(fate: Fate): string {
  return GRAVE.has(fate) ? 'grave' : MILD.has(fate) ? 'mild' : 'middling'
}

function everyJob(count: number): string {
  if (count === 0) return 'No job was sent.'
  const subject = count === 1 ? 'The one job was' : `All ${plural(count, 'job')} were`
  return `${subject} acknowledged on the first attempt and delivered once.`
}
