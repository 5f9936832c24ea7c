import { type Clock, sleep } from '../../clock.ts'
import type { Aim, ProbeFinding } from '../fault.ts'

const PROOF_LIMIT_MS = 10_000
const LOOK_EVERY_MS = 1

/**
 * Waits until something proves that the fault took effect, and returns that; undefined when nothing did within 10 s,
 * or before `leave` held.
 * Whether the endpoint then refuses, hangs or still answers is told by the probes, and is a finding of its own.
 */
export async function waitForProof(
  aim: Aim,
  clock: Clock,
  signal: AbortSignal,
  leave: () => boolean,
): Promise<string | undefined> {
  const deadline = clock.now() + PROOF_LIMIT_MS
  for (;;) {
    const proof = await aim.proof()
    if (proof !== undefined || clock.now() >= deadline || leave()) return proof
    await sleep(clock, LOOK_EVERY_MS, signal)
  }
}

/** What the first probe after the fault met, in words. */
export function describeFinding(endpoint: string, finding: ProbeFinding): string {
  const address = endpoint.replace(/^[a-z+]+:\/\//, '')
  switch (finding) {
    case 'refused':
      return `${address} refuses connections`
    case 'mute':
      return `${address} accepts connections and answers nothing`
    case 'reset':
      return `${address} breaks connections off`
    case 'unreachable':
      return `${address} does not even accept connections`
    case 'serving':
      return `${address} still answers`
  }
}
