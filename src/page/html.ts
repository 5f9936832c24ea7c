import { createHash } from 'node:crypto'
import { printable } from './printable.ts'

/** Markup that may stand in a page as it is. */
export interface Html {
  readonly markup: string
}

/** What a template takes: text is escaped, markup is not, nothing leaves nothing. */
export type Content = Html | string | number | false | null | undefined | readonly Content[]

/** What was made here: nothing that came out of JSON is among them, whatever its fields are called. */
class Markup implements Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }
}

/** A template whose every value is escaped, unless it is markup of another template. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let markup = strings[0] ?? ''
  for (const [index, value] of values.entries()) markup += render(value) + (strings[index + 1] ?? '')
  return new Markup(markup)
}

/** Markup that this package wrote itself. Never for anything that came from a run. */
export function trusted(markup: string): Html {
  return new Markup(markup)
}

export function escapeHtml(text: string): string {
  return printable(text).replaceAll(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/**
 * Data for the page's own script. It stands in a `<script type="application/json">`, which ends at the
 * first `</script`, so every character that could begin a tag or a comment is written as a JSON escape.
 */
export function dataIsland(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return trusted(`<script type="application/json" id="${escapeHtml(id)}">${json}</script>`)
}

/** The source expression by which a content security policy allows exactly this inline text. */
export function policyHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`
}

function render(value: Content): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string') return escapeHtml(value)
  if (typeof value === 'number') return String(value)
  if (value instanceof Markup) return value.markup
  if (Array.isArray(value)) return value.map(render).join('')
  // Types do not hold for what others sent: an object of theirs is text like everything else.
  return escapeHtml(JSON.stringify(value) ?? '')
}
