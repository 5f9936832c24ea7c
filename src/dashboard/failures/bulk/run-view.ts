import type { Clock } from '../../../clock.ts'
import { type Glyph, glyph } from '../../../page/glyphs.ts'
import { type Html, html } from '../../../page/html.ts'
import { formatCount } from '../../parts/figures.ts'
import { ago } from '../../parts/time.ts'
import { choiceText, outcomeSentences } from './confirm-words.ts'
import type { RequeueRun } from './requeue-runs.ts'

/** A line about what this visitor is sending back, for the list of failures. */
export function runNotice(basePath: string, run: RequeueRun): Html {
  return html`<p class="notice" id="${noticeId(run)}">${noticePart(basePath, run)}</p>`
}

export function noticeId({ id }: RequeueRun): string {
  return `notice-${id}`
}

/** The part of the line that changes. */
export function noticePart(basePath: string, run: RequeueRun): Html {
  const address = `${basePath}/failures/runs/${run.id}`
  if (run.endedAt !== undefined)
    return html`${glyph(endOf(run).shape)} What you sent back has ended. <a href="${address}">See what came of it</a>`
  return html`${glyph('busy')} You are sending failures back: ${progressText(run)}. <a href="${address}">See how far it is</a>`
}

/** A requeue: how far it is, or what came of it. The part that changes by itself has an id of its own. */
export function runView(basePath: string, run: RequeueRun, clock: Pick<Clock, 'wallTime'>, mayAct: boolean): Html {
  return html`<h1>Sending back</h1>
    <p class="lead">${run.what}</p>
    ${choiceText(run.choice).map((sentence) => html`<p class="quiet">${sentence}</p>`)}
    <p class="quiet">Started by ${run.actor} ${ago(clock, run.startedAt)}.</p>
    <section class="run" id="${runPartId(run)}">${runPart(basePath, run, clock, mayAct)}</section>
    <p class="unseen" role="status" id="${runToldId(run)}">${runTold(run)}</p>`
}

export function runToldId({ id }: RequeueRun): string {
  return `run-told-${id}`
}

/** What is said to who hears the page: how it ended, and not every one that was sent. */
export function runTold(run: RequeueRun): string {
  return run.endedAt === undefined ? '' : `It has ended: ${endOf(run).title.toLowerCase()}.`
}

export function runPartId({ id }: RequeueRun): string {
  return `run-${id}`
}

/** The part of its page that changes. */
export function runPart(basePath: string, run: RequeueRun, clock: Pick<Clock, 'wallTime'>, mayAct: boolean): Html {
  return run.endedAt === undefined ? runningPart(basePath, run, mayAct) : endedPart(basePath, run, clock)
}

function runningPart(basePath: string, run: RequeueRun, mayAct: boolean): Html {
  const most = run.claimed ?? run.expected
  return html`<h2>${run.isCancelled ? 'Stopping' : 'On the way'}</h2>
    <p><progress max="${Math.max(1, most)}" value="${run.sent}" aria-label="Sent back"></progress></p>
    <p>${progressText(run)}.${waitsForCanary(run) && ' Waiting for the first ones to succeed.'}</p>
    <p class="quiet">It goes on when you leave this page.</p>
    <div class="choices">
      ${mayAct && !run.isCancelled && html`<form method="post" action="${basePath}/failures/runs/${run.id}/cancel"><button type="submit">Stop it</button></form>`}
      <a class="button" href="${basePath}/failures/runs/${run.id}">Look again</a>
    </div>`
}

function endedPart(basePath: string, run: RequeueRun, clock: Pick<Clock, 'wallTime'>): Html {
  const { tone, shape, title } = endOf(run)
  return html`<h2 class="${tone}">${glyph(shape)} ${title}</h2>
    ${outcomeSentences(run).map((sentence) => html`<p>${sentence}</p>`)}
    <p class="quiet">Ended ${ago(clock, run.endedAt ?? clock.wallTime())}.</p>
    <div class="choices"><a class="button" href="${basePath}/failures">Back to the failures</a></div>`
}

interface End {
  readonly tone: 'good' | 'bad' | 'plain'
  readonly shape: Glyph
  readonly title: string
}

function endOf({ outcome, trouble }: RequeueRun): End {
  if (outcome === undefined || trouble !== undefined || outcome.stoppedByCanary)
    return { tone: 'bad', shape: 'fail', title: 'Not all went' }
  // Perhaps somebody else has just sent them.
  if (outcome.sent === 0) return { tone: 'plain', shape: 'note', title: 'Nothing was sent' }
  return { tone: 'good', shape: 'pass', title: 'Done' }
}

function waitsForCanary({ choice, sent, claimed }: RequeueRun): boolean {
  const { canary = 0 } = choice
  return canary > 0 && sent === Math.min(canary, claimed ?? canary)
}

function progressText({ sent, claimed, expected }: RequeueRun): string {
  return `${formatCount(sent)} of ${formatCount(claimed ?? expected)} sent`
}
