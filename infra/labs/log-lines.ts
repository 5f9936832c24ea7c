import { open, readFile } from 'node:fs/promises'
import { sleep, systemClock } from '../../src/clock.ts'
import type { Watch } from '../../src/drill/broker-control.ts'

const LOOK_EVERY_MS = 20

/**
 * Hands over every whole line that is appended to a file from now on, until closed. The file need not
 * exist yet.
 */
export async function followLines(path: string, onLine: (line: string) => void): Promise<Watch> {
  const stop = new AbortController()
  let position = await sizeOf(path)
  const run = async (): Promise<void> => {
    let rest = Buffer.alloc(0)
    while (!stop.signal.aborted) {
      const fresh = await readFrom(path, position)
      position += fresh.length
      rest = Buffer.concat([rest, fresh])
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        onLine(rest.toString('utf8', 0, end))
        rest = rest.subarray(end + 1)
      }
      if (fresh.length === 0) await sleep(systemClock, LOOK_EVERY_MS, stop.signal).catch(() => {})
    }
  }
  const running = run()
  return {
    close: async () => {
      stop.abort()
      await running
    },
  }
}

/**
 * The last line that says something, such as an error, `from` that byte on; undefined for an empty or
 * absent log.
 */
export async function lastMeaningfulLine(path: string, from = 0): Promise<string | undefined> {
  const log = await readFile(path).catch(() => Buffer.alloc(0))
  const lines = log
    .subarray(from)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    // Frames of a Java stack tell where, not what.
    .filter((line) => line !== '' && !/^(at |\.\.\. \d+ more)/.test(line))
  return lines.findLast((line) => /\b(error|exception|failed|fatal|denied|in use)\b/i.test(line)) ?? lines.at(-1)
}

export async function sizeOf(path: string): Promise<number> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return 0
  try {
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

async function readFrom(path: string, position: number): Promise<Buffer> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return Buffer.alloc(0)
  try {
    const chunk = Buffer.alloc(65_536)
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
    return chunk.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
