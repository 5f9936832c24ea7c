import type { Watch } from '../../../src/drill/broker-control.ts'
import type { LabFolder } from '../lab-folder.ts'
import { followLines } from '../log-lines.ts'

/** One line of a node's log in RabbitMQ's own layout. */
export interface RabbitmqLine {
  /** Wall time in milliseconds. */
  readonly wall: number
  readonly text: string
}

/** What a node's log says of one queue of the default virtual host. */
export interface QueueLine extends RabbitmqLine {
  readonly queue: string
  readonly said: string
}

/** Undefined for a line in another layout, such as those before the log is configured. */
export function parseLine(line: string): RabbitmqLine | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d+[+-]\d\d:\d\d) \[\w+\] <[\d.]+> (.*)$/.exec(line)
  const [, date, time, text] = match ?? []
  return text === undefined ? undefined : { wall: Date.parse(`${date}T${time}`), text }
}

/** One line of an error: all of them are `of` the same. Undefined for any other line. */
export function parseError(line: string): { readonly of: string; readonly text: string } | undefined {
  const match = /^(\S+ \S+ \[(?:error|critical)\] <[\d.]+>)(?: (.*))?$/.exec(line)
  const [, of, text] = match ?? []
  return of === undefined ? undefined : { of, text: text ?? '' }
}

export function parseQueueLine(line: string): QueueLine | undefined {
  const entry = parseLine(line)
  const match = QUEUE_PREFIXES.map((prefix) => prefix.exec(entry?.text ?? '')).find((found) => found !== null)
  const [, queue, said] = match ?? []
  return entry === undefined || queue === undefined || said === undefined ? undefined : { ...entry, queue, said }
}

// The second by a replica that was restarted.
const QUEUE_PREFIXES = [/^queue '(.*)' in vhost '\/': (.*)$/, /^\{'%2F_(.*)',[^,]*@[^,]*\}: (.*)$/]

/** Whether the node whose log says this has become the leader of that queue. */
export function isElection({ said }: QueueLine): boolean {
  return said.includes('-> leader in term')
}

/** Whether a node says that it was started: what it led before it leads no more. */
export function isStart(line: string): boolean {
  return /^ ?Starting RabbitMQ \d/.test(parseLine(line)?.text ?? '')
}

/** Hands over every line that any node logs from now on, until closed. */
export async function followLogs(folder: LabFolder, onLine: (node: string, line: string) => void): Promise<Watch> {
  const { nodes } = folder.read()
  const logs = await Promise.all(
    nodes.map(async (node) => await followLines(folder.log(node), (line) => onLine(node, line))),
  )
  return {
    close: async () => {
      await Promise.all(logs.map(async (log) => await log.close()))
    },
  }
}
