/** The end of a command's help: what it looks like in use, and the environment variables that it reads. */
export function examples(lines: readonly string[], variables: readonly Variable[] = []): string {
  const shown = lines.map((line) => `\n  ${line}`).join('')
  const read = variables.map((name) => `\n  ${name.padEnd(LONGEST)}  stands in for ${STANDS_IN_FOR[name]}`).join('')
  return `\nExamples:${shown}${read === '' ? '' : `\n\nEnvironment:${read}`}`
}

/** An environment variable that commands read. */
export type Variable = keyof typeof STANDS_IN_FOR

const STANDS_IN_FOR = {
  UNDERSTUDY_URI: '<uri>',
  UNDERSTUDY_FAILURES: '--failures',
  UNDERSTUDY_RESULTS: '--results',
} as const

const LONGEST = Math.max(...Object.keys(STANDS_IN_FOR).map(({ length }) => length))
