const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** What is nested deeper stands no further to the right, and what would become longer than this stays as it is. */
const DEEPEST = 40
const LONGEST = 4_000_000

/**
 * JSON on several lines, each of its values letter by letter as it was: reading and writing it would round long
 * numbers and drop doubled names. Undefined for what is no JSON.
 */
export function indentJson(text: string): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  let written = ''
  let depth = 0
  let before = ''
  const line = (): string => `\n${'  '.repeat(Math.min(depth, DEEPEST))}`
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']'
    if (closes) depth--
    const opened = before === '{' || before === '['
    if (closes ? !opened : opened || before === ',') written += line()
    else if (before === ':') written += ' '
    written += token
    if (written.length > LONGEST) return text
    if (token === '{' || token === '[') depth++
    before = token
  }
  return written
}
