import { type PeerEvent, type PeerSettings, settingsText } from '../peers/peer.ts'
import { type LineProgram, startLineProgram } from '../processes/line-program.ts'

/** The three whose reconnects are compared. */
export type PeerName = 'bare' | 'ours' | 'java'

export interface PeerProgram {
  readonly file: string
  readonly args: readonly string[]
  readonly settings: PeerSettings
}

/** A peer that runs in a process of its own, so that none of them can hold up another one's event loop. */
export interface PeerProcess extends Pick<LineProgram<PeerEvent>, 'failed' | 'stop'> {
  readonly name: PeerName
  /** All that it has told, in order. */
  readonly events: readonly PeerEvent[]
}

const LEAVES_WITHIN_MS = 3000

export function startPeer(name: PeerName, { file, args, settings }: PeerProgram): PeerProcess {
  const events: PeerEvent[] = []
  const program = startLineProgram<PeerEvent>(`the ${name} client`, [file, ...args], {
    leavesWithinMs: LEAVES_WITHIN_MS,
    onSaid: (event) => events.push(event),
  })
  program.tell(settingsText(settings))
  return { name, events, failed: program.failed, stop: () => program.stop() }
}
