// Control characters, and those that turn the direction of the text around them: an id may hold them to
// look like another id, or to move a terminal's cursor.
export const UNPRINTABLE: RegExp =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu
export const LONE_SURROGATE: RegExp = /[\ud800-\udfff]/gu

/**
 * Text of others (job ids, reasons, endpoints) as it may be shown: what cannot be seen is spelled out as
 * `\u{1b}`, and anything longer than `longest` characters is cut with an ellipsis. Defaults to 2,000.
 */
export function printable(text: string, longest = 2_000): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text
  return cut.replaceAll(UNPRINTABLE, spell).replaceAll(LONE_SURROGATE, spell)
}

/** The same on one line, a line end spelled out like everything else that cannot be seen. */
export function printableLine(text: string, longest = 200): string {
  return printable(text, longest).replaceAll(/[\n\t]/g, spell)
}

export function spell(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
