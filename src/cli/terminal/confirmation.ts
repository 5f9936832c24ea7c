import { createInterface } from 'node:readline/promises'
import { Exit, EXIT } from '../exit-code.ts'
import type { Terminal } from './terminal.ts'

/**
 * Asks before something that touches more than was seen. With `yes` nobody is asked.
 *
 * @throws Exit when the answer is no, or when there is nobody who could answer.
 */
export async function confirm(terminal: Terminal, question: string, yes: boolean | undefined): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY || !terminal.interactive)
    throw new Exit(EXIT.badArguments, `${question} Say so with --yes; nobody can be asked here`)
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(`${question} [y/N] `, { signal: terminal.interrupted })
    if (!/^\s*y(es)?\s*$/i.test(answer)) throw new Exit(EXIT.interrupted, 'nothing was changed')
  } catch (error) {
    if (error instanceof Exit) throw error
    throw new Exit(EXIT.interrupted, 'nothing was changed')
  } finally {
    asking.close()
  }
}
