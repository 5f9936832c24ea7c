/** The end of a command's help: what it looks like in use, and the environment variables that it reads. */
export function examples(lines: readonly string[], variables: readonly string[] = []): string {
  const environment = variables.length === 0 ? '' : `\n\nWhere it is not said, ${variables.map(meaning).join('; ')}.`
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}${environment}`
}

const MEANINGS: Readonly<Record<string, string>> = {
  UNDERSTUDY_URI: 'the brokers',
  UNDERSTUDY_FAILURES: 'the failures',
  UNDERSTUDY_RESULTS: 'the results',
}

function meaning(variable: string): string {
  return `${variable} says where ${MEANINGS[variable] ?? 'it is'} are`
}
