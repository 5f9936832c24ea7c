import { formatMs } from '../../drill/report/durations.ts'
import type { Search } from '../../drill/threshold/search-file.ts'
import { measuredWords, meaningWords, predictedWords, verificationWords } from '../../drill/threshold/words.ts'
import { type Html, html } from '../../page/html.ts'

/** What a search for the retry threshold has found so far, in its own words. */
export function searchFacts(search: Search): Html {
  const { claim, trials, spentMs } = search
  const lines = [
    ...meaningWords(search),
    ...(search.verify ? [`${verificationWords(search)}.`] : []),
    ...(claim?.shortOf ?? []),
    ...measuredWords(search).map(asSentence),
    ...predictedWords(search).map((line) => asSentence(`by the brokers' own settings: ${line}`)),
  ]
  return html`<section><h2>What was found</h2>
<ul class="told">${lines.map((line) => html`<li>${line}</li>`)}</ul>
<p class="quiet">${trials.length} trials in ${formatMs(spentMs)}.</p></section>`
}

function asSentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}${clause.endsWith('.') ? '' : '.'}`
}
