import type { ChildProcess } from 'node:child_process'

/** How a process of the bench came to its end. */
export interface ProcessEnd {
  /** `SIGKILL`, `code 1`, or why it could not be started. What it wrote has been read by then. */
  readonly ended: Promise<string>
  /** Kills it when it has not ended by itself within so long. Returns once it is gone, with how it ended. */
  within(withinMs: number): Promise<string>
}

const OUTPUT_WITHIN_MS = 1000

/**
 * Watches a child that was started with `detached`, as the head of its process group. Whatever it started and left
 * behind may hold its outputs open for ever: they are given a second after its end, and what holds them is killed.
 */
export function endOf(child: ChildProcess): ProcessEnd {
  const outputs = [child.stdout, child.stderr].filter((output) => output !== null)
  // Not `close`, which never comes where the channel was disconnected.
  const read = Promise.all(
    outputs.map((output) => new Promise<void>((resolve) => void output.once('close', () => resolve()))),
  )
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => {
      const late = setTimeout(() => {
        killGroup(child)
        for (const output of outputs) output.destroy()
      }, OUTPUT_WITHIN_MS)
      void read.then(() => {
        clearTimeout(late)
        resolve(signal ?? `code ${code}`)
      })
    })
  })
  return {
    ended,
    within: async (withinMs) => {
      const late = setTimeout(() => child.kill('SIGKILL'), withinMs)
      const how = await ended
      clearTimeout(late)
      return how
    },
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // They have left the group, or ended meanwhile.
  }
}
