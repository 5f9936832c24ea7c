import { open } from 'node:fs/promises'
import type { Watch } from '../../../src/drill/broker-control.ts'
import { parseLogLine } from './config.ts'
import type { LabFolder } from '../lab-folder.ts'
import { followLines } from '../log-lines.ts'

/** A line of a broker's log. */
export interface BrokerLine {
  readonly node: string
  /** Wall time in milliseconds, as the line itself carries it. */
  readonly wall: number
  readonly text: string
}

/** Hands over what the brokers of a lab write into their logs from now on, until closed. */
export async function watchLogs(folder: LabFolder, onLine: (line: BrokerLine) => void): Promise<Watch> {
  const logs = await Promise.all(
    folder.read().nodes.map(async (node) => {
      return await followLines(folder.log(node), (line) => {
        const entry = parseLogLine(line)
        if (entry !== undefined) onLine({ node, ...entry })
      })
    }),
  )
  return {
    close: async () => {
      await Promise.all(logs.map(async (log) => await log.close()))
    },
  }
}

/** What was appended to a log; a broker that starts writes a few kilobytes. */
export async function textSince(path: string, from: number): Promise<string> {
  const file = await open(path)
  try {
    const text = Buffer.alloc(Math.max((await file.stat()).size - from, 0))
    const { bytesRead } = await file.read(text, 0, text.length, from)
    return text.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
