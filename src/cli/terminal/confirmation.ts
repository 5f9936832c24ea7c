import { once } from 'node:events'
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
  // The line is the terminal's own to edit: so the end of input counts, too, that came before the question.
  const asking = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  const { interrupted: signal } = terminal
  // An end of input answers no question.
  const ended = once(asking, 'close').then(() => '')
  try {
    const answer = await Promise.race([asking.question(`${question} [y/N] `, { signal }), ended])
    if (!/^\s*y(es)?\s*$/i.test(answer)) throw new Exit(EXIT.interrupted, 'nothing was changed')
  } catch (error) {
    if (error instanceof Exit) throw error
    throw new Exit(EXIT.interrupted, 'nothing was changed')
  } finally {
    asking.close()
  }
}
