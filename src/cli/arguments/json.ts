import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { messageOf } from '../../errors.ts'
import { fileProblem } from '../../folder.ts'
import { Exit, EXIT } from '../exit-code.ts'

const SHOWN = 60

/**
 * The value of an option that is JSON.
 *
 * @throws Exit that names the option and where it stops being JSON.
 */
export function jsonValue(option: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new Exit(EXIT.badArguments, `${option} is no JSON: ${messageOf(error)}${shellHint(text)}`)
  }
}

/**
 * The JSON in a file; `-` is standard input.
 *
 * @throws Exit that names the file.
 */
export async function jsonFile(option: string, path: string): Promise<unknown> {
  let text: string
  try {
    text = path === '-' ? await textOf(process.stdin) : await readFile(path, 'utf8')
  } catch (error) {
    throw new Exit(EXIT.badArguments, `${option} ${path} cannot be read: ${fileProblem(error)}`)
  }
  return jsonValue(`${option} ${path}`, text)
}

/**
 * Every line of a stream as JSON; empty ones are left out.
 *
 * @throws Exit that names the line. What came before it has been handed out.
 */
export async function* jsonLines(stream: Readable, signal: AbortSignal): AsyncGenerator<unknown, void, undefined> {
  let number = 0
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY, signal })) {
    number++
    if (line.trim() !== '') yield jsonValue(`line ${number}`, line)
  }
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks).toString('utf8')
}

/** What a shell leaves of JSON without quotes around it is worth a look. */
function shellHint(text: string): string {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
  return `; it reads ${shown.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD')}`
}
