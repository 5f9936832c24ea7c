import { type Html, html } from '../../../page/html.ts'
import { literal } from '../literal.ts'
import { type QueryTrouble, queryTroubleView } from './query-trouble.ts'

/** The box of a search of failures, and what is wrong with what stands in it. */
export function searchLine(query: string, trouble: QueryTrouble | undefined): Html {
  return html`<div class="finder-line">
        <label for="q">Search failures</label>
        <input id="q" name="q" type="search" value="${literal(query)}" autocomplete="off" spellcheck="false" autocapitalize="none" maxlength="4000"
          ${trouble && html` aria-invalid="true" aria-describedby="q-trouble"`}>
        <button type="submit" class="strong">Search</button>
      </div>
      ${trouble && queryTroubleView('q-trouble', query, trouble)}`
}
