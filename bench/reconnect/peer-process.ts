import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type PeerEvent, type PeerSettings, settingsText } from '../peers/peer.ts'

/** The three whose reconnects are compared. */
export type PeerName = 'bare' | 'ours' | 'java'

export interface PeerProgram {
  readonly file: string
  readonly args: readonly string[]
  readonly settings: PeerSettings
}

/** A peer that runs in a process of its own, so that none of them can hold up another one's event loop. */
export interface PeerProcess {
  readonly name: PeerName
  /** All that it has told, in order. */
  readonly events: readonly PeerEvent[]
  /** Rejects when the process ends without having been told to. */
  readonly failed: Promise<never>
  /** Tells it to leave, and kills it when it does not within 3 s. Returns once it is gone, with how it ended. */
  stop(): Promise<string>
}

const LEAVES_WITHIN_MS = 3000

export function startPeer(name: PeerName, { file, args, settings }: PeerProgram): PeerProcess {
  // In a process group of its own, so that Ctrl-C reaches the bench alone; it leaves when its input ends.
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const events: PeerEvent[] = []
  let stopping = false
  let lastWords = ''
  // It may be gone before it has read its settings.
  child.stdin.on('error', () => {})
  child.stdin.write(settingsText(settings))
  createInterface({ input: child.stdout }).on('line', (line) => events.push(JSON.parse(line) as PeerEvent))
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '') lastWords = line.trim()
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal ?? `code ${code}${lastWords === '' ? '' : `: ${lastWords}`}`))
  })
  const failed = ended.then((how): Promise<never> => {
    if (stopping) return new Promise(() => {})
    throw new Error(`the ${name} client ended with ${how}`)
  })
  failed.catch(() => {})
  return {
    name,
    events,
    failed,
    stop: async () => {
      stopping = true
      child.stdin.end()
      const late = setTimeout(() => child.kill('SIGKILL'), LEAVES_WITHIN_MS)
      const how = await ended
      clearTimeout(late)
      return how
    },
  }
}
