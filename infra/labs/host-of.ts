import type { LabState } from './lab-state.ts'

/** Where a broker, or what it leans on, can be reached: an address of the lab's own network, or 127.0.0.1. */
export function hostOf({ network }: Pick<LabState, 'network'>, name: string): string {
  return network?.hosts[name] ?? '127.0.0.1'
}
