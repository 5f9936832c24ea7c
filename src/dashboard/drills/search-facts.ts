import { formatMs } from '../../drill/report/durations.ts'
import type { Search } from '../../drill/threshold/search-file.ts'
import { measuredWords, meaningWords, predictedWords, verificationWords } from '../../drill/threshold/words.ts'
import { type Html, html } from '../../page/html.ts'

/**
 * What a search for the retry threshold has found so far, in its own words.
 *
 * @param ended whether it came to its report: before, it claims nothing.
 */
export function searchFacts(search: Search, ended: boolean): Html {
  const { claim, trials, spentMs } = search
  const lines = [
    ...(ended ? meaningWords(search) : []),
    ...(search.verify ? [`${verificationWords(search)}.`] : []),
    ...(claim?.shortOf ?? []),
    ...measuredWords(search).map(asSentence),
    ...predictedWords(search).map((line) => asSentence(`by the brokers' own settings: ${line}`)),
  ]
  return html`<section><h2>${ended ? 'What was found' : 'What was found so far'}</h2>
<ul class="told">${lines.map((line) => html`<li>${line}</li>`)}</ul>
<p class="quiet">${trials.length} trials in ${formatMs(spentMs)}.</p></section>`
}

function asSentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}${clause.endsWith('.') ? '' : '.'}`
}
