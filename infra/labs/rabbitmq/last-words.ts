import { readFile } from 'node:fs/promises'
import type { LabFolder } from '../lab-folder.ts'
import { lastMeaningfulLine } from '../log-lines.ts'
import { parseError } from './log.ts'
import { withoutRabbitmqSecrets } from './secrets.ts'

/** Long enough for the reason of a port that is taken, which stands at the end of a line of its options. */
const MOST = 300
const SHOWN_END = 100

/**
 * Why a node did not start, in one line: the first error of its log, `from` that byte on, in its own words; what
 * follows are the consequences. Without the lab's secrets. Undefined for an empty or absent log.
 */
export async function lastWords(folder: LabFolder, node: string, from: number): Promise<string | undefined> {
  const path = folder.log(node)
  const log = await readFile(path).catch(() => Buffer.alloc(0))
  const said = firstError(log.subarray(from).toString('utf8')) ?? (await lastMeaningfulLine(path, from))
  // Before it is cut: half a secret is one too.
  return said === undefined ? undefined : shortened(withoutRabbitmqSecrets(folder, said))
}

/** RabbitMQ writes an error as several lines of one time stamp and one process, of which some have no words. */
function firstError(log: string): string | undefined {
  const words: string[] = []
  let first: string | undefined
  for (const line of log.split('\n')) {
    const error = parseError(line)
    if (error === undefined) {
      if (words.length > 0) break
      continue
    }
    if (error.of !== first && words.length > 0) break
    first = error.of
    const text = error.text.trim()
    if (/\w/.test(text) && text !== 'BOOT FAILED') words.push(text)
  }
  return words.length === 0 ? undefined : words.join(' ')
}

function shortened(text: string): string {
  if (text.length <= MOST) return text
  return `${text.slice(0, MOST - SHOWN_END)} … ${text.slice(-SHOWN_END)}`
}
