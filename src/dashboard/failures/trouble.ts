import { type ErrorCode, messageOf, UnderstudyError } from '../../errors.ts'
import { glyph } from '../../page/glyphs.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'

/** What went wrong, as a page and as a status. */
export interface ToldTrouble {
  readonly status: 400 | 404 | 409 | 500 | 503
  readonly title: string
  readonly main: Html
}

/** One clear line for anything that was thrown, and never its stack. */
export function tellTrouble(error: unknown, backTo: string): ToldTrouble {
  const { status, title, advice } = kindOf(error)
  // Of an error that is not ours nobody knows what its message holds.
  const message = error instanceof UnderstudyError ? printableLine(messageOf(error), 500) : undefined
  const main = html`<h1>${glyph('fail')} ${title}</h1>
    ${message !== undefined && html`<p>${message}.</p>`}
    <p class="quiet">${advice}</p>
    <div class="choices"><a class="button" href="${backTo}">Back to the failures</a></div>`
  return { status, title, main }
}

function kindOf(error: unknown): Kind {
  if (!(error instanceof UnderstudyError))
    return { status: 500, title: 'Something went wrong here', advice: 'The log of the dashboard says more.' }
  const known = KINDS.get(error.code)
  if (known) return known
  return {
    status: 503,
    title: 'The failure store cannot be reached',
    advice: 'Failed jobs are safe: while it is away, workers leave them with the broker. Try again in a while.',
  }
}

interface Kind {
  readonly status: ToldTrouble['status']
  readonly title: string
  readonly advice: string
}

/** Everything else is that the store is away. */
const KINDS: ReadonlyMap<ErrorCode, Kind> = new Map([
  ['invalid-option', { status: 400, title: 'That cannot be', advice: 'Nothing was changed.' }],
  ['pending-full', { status: 409, title: 'Not now', advice: 'Nothing was changed.' }],
  [
    'unsupported',
    {
      status: 404,
      title: 'No failures are kept here',
      advice: 'Start the dashboard with the failure store that your workers use.',
    },
  ],
])
