import { type Html, trusted } from '../../page/html.ts'
import { UNPRINTABLE } from '../../page/printable.ts'

/**
 * Text that comes back from a form as it went out: whole, and with what cannot be seen. For the values of boxes; what
 * is only shown is spelled out by `html` itself.
 */
export function literal(text: string): Html {
  return trusted(text.toWellFormed().replaceAll(SPELLED, (character) => `&#${character.charCodeAt(0)};`))
}

/** What would end the value, and what would turn the source of the page around. */
const SPELLED = new RegExp(`[&<>"'\`]|${UNPRINTABLE.source}`, 'gu')

/** The inside of a textarea, which swallows a first line end. */
export function literalLines(text: string): Html {
  return trusted(`\n${literal(text).markup}`)
}

const PART = 1_000

/** Text to be shown that may be longer than `html` shows of one value, in parts that it takes whole. */
export function longText(text: string, longest: number): readonly string[] {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text
  const parts: string[] = []
  for (let at = 0; at < cut.length; ) {
    let end = Math.min(at + PART, cut.length)
    // Not between the halves of a character.
    if (/[\ud800-\udbff]/.test(cut.charAt(end - 1))) end++
    parts.push(cut.slice(at, end))
    at = end
  }
  return parts
}
