import { join } from 'node:path'
import { countOf, formatCount, sayMs } from '../../drill/checker/exact-durations.ts'
import { formatSeconds } from '../../drill/report/durations.ts'
import { runsLeft } from '../../drill/threshold/cost.ts'
import type { Search } from '../../drill/threshold/search-file.ts'
import type { TrialRecord } from '../../drill/threshold/trial-record.ts'
import {
  confirmedWords,
  meaningWords,
  measuredWords,
  predictedWords,
  scheduleWords,
  verificationWords,
} from '../../drill/threshold/words.ts'
import { trialMsOf } from './run.ts'

const LABEL_WIDTH = 11

/** What a search will cost, before it begins: how many runs, about how long, and whether the budget is enough. */
export function costText(search: Search, parallel: number, budgetMs: number): string {
  const { method, verify, trials } = search
  const eachMs = trialMsOf(search)
  const totalMs = Math.ceil(runsLeft(search) / parallel) * eachMs || 0
  const what = verify
    ? `${countOf(verify.runs, 'run')} of the one-retry producer at ${sayMs(verify.atMs)}`
    : `${countOf(method.directTrials, 'measured outage')}, then ${countOf(method.confirmRuns, 'run')} of the one-retry producer at the candidate`
  const done = trials.length === 0 ? '' : `; ${formatCount(trials.length)} are done`
  const labs = parallel === 1 ? '' : ` on ${parallel} labs`
  const cost = `${what}${done}: about ${sayLong(eachMs)} each, about ${sayLong(totalMs)} in all${labs}`
  if (totalMs <= budgetMs) return `${cost}; the budget is ${sayLong(budgetMs)}`
  return `${cost}. The budget of ${sayLong(budgetMs)} will not be enough: the claim will be weaker, or ask for more with --budget or --parallel`
}

/** One line for a run that has ended. */
export function progressText(record: TrialRecord, search: Search, parallel: number): string {
  const { method, verify } = search
  const number = record.index + 1
  const place =
    record.kind === 'direct'
      ? `outage ${number} of ${method.directTrials}`
      : record.kind === 'verify'
        ? `run ${number} of ${verify?.runs ?? number}`
        : `run ${number} of ${method.confirmRuns} at ${sayMs(record.article?.atMs ?? 0)}`
  const outage =
    record.down.length === 0
      ? 'no job was held up'
      : record.outageMs
        ? `no service for up to ${sayMs(record.outageMs.upper)}`
        : 'the service was not back'
  const leftMs = Math.ceil(runsLeft(search) / parallel) * trialMsOf(search)
  const left = leftMs > 0 ? ` (about ${sayLong(leftMs)} left)` : ''
  return `${place}: ${outage}${faredText(record)}${left}`
}

/**
 * Where a run held, the pause that its outage needed is not told: it is an upper bound, known to the time between two
 * jobs, and may lie a little above the pause that held.
 */
function faredText({ article, thresholdMs, stalledMs, down }: TrialRecord): string {
  if (article?.held) return '; held: no job failed'
  const enough =
    thresholdMs === null ? 'no pause is known to be enough' : `a pause of ${sayMs(thresholdMs)} would have been enough`
  if (!article) return thresholdMs === 0 && down.length === 0 ? '' : `; ${enough}`
  const { failed, jobs } = article
  if (failed > 0) return `; ${formatCount(failed)} of ${countOf(jobs, 'job')} failed; ${enough}`
  return `; no job failed, but this process itself stood still for ${sayMs(stalledMs)}, so that it does not count as held`
}

/** The end of a search for a person: the claim first. */
export function endText(search: Search, end: { readonly folder: string; readonly outOfBudget: boolean }): string {
  const { claim, verify, method, trials, voids, spentMs } = search
  const lines: string[] = []
  const say = (label: string, ...texts: readonly string[]): void => {
    for (const [index, text] of texts.entries()) lines.push((index === 0 ? label : '').padEnd(LABEL_WIDTH) + text)
  }
  if (verify) lines.push(verificationWords(search), '')
  else if (claim) lines.push(claim.text, ...meaningWords(search), '')
  if (end.outOfBudget) say('budget', 'it was used up before the search was done; `--resume` goes on')
  if (claim) {
    say('short of', ...claim.shortOf)
    if (claim.raised > 0) {
      say('raised', `${countOf(claim.raised, 'time')}, as a job failed in a run at the candidate before`)
    }
    if (claim.confirmed) {
      say('confirmed', ...confirmedWords(search))
    }
  }
  say('measured', ...measuredWords(search))
  say('predicted', ...predictedWords(search))
  say('schedules', ...search.schedules.map((fate) => scheduleWords(fate, method.confidence)))
  const again = voids.length === 0 ? '' : `, ${formatCount(voids.length)} more said nothing and were made again`
  say('cost', `${countOf(trials.length, 'run')}${again}; ${sayLong(spentMs)} of labs at work`)
  say('report', join(end.folder, 'report.html'))
  say('again', search.command)
  return `${lines.join('\n')}\n`
}

/** A time that is only about so long. */
function sayLong(ms: number): string {
  return formatSeconds(Math.max(1000, Math.round(ms / 1000) * 1000)).replace(/\.\d+ s$/, ' s')
}
