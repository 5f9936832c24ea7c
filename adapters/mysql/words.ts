/**
 * Words as the full text index has them. What the server takes for a word depends on its settings, its list of stop
 * words and its idea of a letter; so each word is written in letters and digits of ASCII alone and begins with two that
 * make it long enough and no stop word. Nothing in it is an operator of the server's boolean mode.
 */
const LONG_ENOUGH = 'qq'

/** The words of a text, case and accents left out, in their order. */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
  return (plain.match(/[\p{L}\p{N}\p{Co}]+/gu) ?? []).map(
    (word) => LONG_ENOUGH + word.replaceAll(/[^a-z0-9]/gu, (letter) => `x${letter.codePointAt(0)?.toString(16)}x`),
  )
}

/** What a column of words holds: each between blanks, and something between the texts that is no word. */
export function wordsColumn(texts: readonly string[]): string {
  return ` ${texts.map((text) => wordsOf(text).join(' ')).join(' . ')} `
}
