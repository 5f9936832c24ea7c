import type { StatusEvent } from '../../failover/status.ts'
import { formatDuration } from '../arguments/duration.ts'

/**
 * Status events as lines for a person. Failed attempts come many times a second while nothing serves,
 * so each endpoint's answer is said once per outage.
 */
export function statusLines(print: (line: string) => void): (event: StatusEvent) => void {
  const said = new Set<string>()
  return (event) => {
    switch (event.type) {
      case 'connected':
        said.clear()
        print(`connected to ${event.endpoint}`)
        break
      case 'interrupted':
        said.clear()
        print(`interrupted: ${event.error.message}`)
        break
      case 'attempt-failed': {
        const line = `trying: ${event.error.message}`
        if (said.has(line)) return
        said.add(line)
        print(line)
        break
      }
      case 'resumed':
        said.clear()
        print(
          `resumed on ${event.endpoint} after ${formatDuration(event.outageMs)} and ${event.passes} ${event.passes === 1 ? 'pass' : 'passes'} over the list`,
        )
        break
      case 'switching':
        print(`going back to ${event.endpoint}`)
        break
      case 'cancelled':
        print(`the subscription to ${event.destination} was ended by ${event.endpoint}: ${event.error.message}`)
        break
      case 'blocked':
        print(`${event.endpoint} takes nothing more for now: ${event.reason}`)
        break
      case 'unblocked':
        print(`${event.endpoint} takes messages again`)
        break
      case 'failed':
        print(`failed: ${event.error.message}`)
        break
      case 'reconnecting':
      case 'subscribed':
      case 'closed':
        break
    }
  }
}
