import { type Clock, sleep } from '../../clock.ts'
import { UnderstudyError } from '../../errors.ts'
import type { BrokerControl, BrokerNode, FaultName, ProcessState } from '../broker-control.ts'
import type { ProbeFinding } from '../history.ts'

interface FaultKind {
  readonly inject: (control: BrokerControl, node: string) => Promise<void>
  /** What the operating system must say of the process for the fault to count. */
  readonly state: ProcessState
  /** What its endpoint is expected to do then. */
  readonly finding: ProbeFinding
  readonly signal: string
}

export const FAULTS: Readonly<Record<FaultName, FaultKind>> = {
  kill: { inject: (control, node) => control.kill(node), state: 'gone', finding: 'refused', signal: 'SIGKILL' },
  stop: { inject: (control, node) => control.stop(node), state: 'gone', finding: 'refused', signal: 'SIGTERM' },
  pause: { inject: (control, node) => control.pause(node), state: 'paused', finding: 'mute', signal: 'SIGSTOP' },
}

export const FAULT_NAMES: readonly FaultName[] = ['kill', 'stop', 'pause']

const PROOF_LIMIT_MS = 10_000
const LOOK_EVERY_MS = 1

/**
 * Waits until the process is in the state that the fault was to bring about. Whether the endpoint then
 * refuses, hangs or still answers is told by the probes, and is a finding of its own.
 *
 * @throws UnderstudyError `deadline` when it never got there: then nothing was proven.
 */
export async function proveProcess(
  control: BrokerControl,
  node: BrokerNode,
  fault: FaultName,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const { state, signal: sent } = FAULTS[fault]
  const deadline = clock.now() + PROOF_LIMIT_MS
  while (control.state(node.name) !== state) {
    if (clock.now() >= deadline) {
      throw new UnderstudyError(
        'deadline',
        `${sent} was sent to ${node.name}, which is still ${control.state(node.name)} after ${PROOF_LIMIT_MS} ms`,
      )
    }
    await sleep(clock, LOOK_EVERY_MS, signal)
  }
  return `the process of ${node.name} is ${state} (${sent})`
}

/** What the first probe after the fault met, in words. */
export function describeFinding(node: BrokerNode, finding: ProbeFinding): string {
  const address = `${node.host}:${node.port}`
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
