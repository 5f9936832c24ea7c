import { systemClock } from '../../clock.ts'
import type { LinkRole, StatusEvent } from '../../failover/status.ts'
import { formatDuration } from '../arguments/duration.ts'

// The second link comes up a moment after the first; how it does is no news.
const SECOND_LINK_MS = 1000

interface LinkStory {
  state: 'new' | 'up' | 'lost'
  upSince: number
  /** Whether trouble of its own was told, so that its end is told too. */
  wasTold: boolean
}

/**
 * Status events as lines for a person. Failed attempts come many times a second while nothing serves,
 * so each endpoint's answer is said once per outage. Of the two links, which are lost and found together, one is told
 * of; the other when it is lost alone, or is not there a second later.
 */
export function statusLines(
  print: (line: string) => void,
  now: () => number = () => systemClock.now(),
): (event: StatusEvent) => void {
  const said = new Set<string>()
  const links: Readonly<Record<LinkRole, LinkStory>> = {
    producer: { state: 'new', upSince: 0, wasTold: false },
    listener: { state: 'new', upSince: 0, wasTold: false },
  }
  const tellUp = (role: LinkRole, line: string): void => {
    const link = links[role]
    const other = links[otherThan(role)]
    const isNews = other.state !== 'up' || link.wasTold
    Object.assign(link, { state: 'up', upSince: now(), wasTold: false })
    if (!isNews) return
    // The outage that was told is over, whichever of the two it was told of.
    if (other.state !== 'up') other.wasTold = false
    said.clear()
    print(line)
  }
  return (event) => {
    switch (event.type) {
      case 'connected':
        tellUp(event.role, `connected to ${event.endpoint}`)
        break
      case 'interrupted': {
        const isTwin = links[otherThan(event.role)].state === 'lost'
        Object.assign(links[event.role], { state: 'lost', wasTold: !isTwin })
        if (isTwin) break
        said.clear()
        print(`interrupted: ${event.error.message}`)
        break
      }
      case 'attempt-failed': {
        const other = links[otherThan(event.role)]
        if (other.state === 'up' && now() - other.upSince < SECOND_LINK_MS) break
        if (other.state === 'up') links[event.role].wasTold = true
        const line = `trying: ${event.error.message}`
        if (said.has(line)) break
        said.add(line)
        print(line)
        break
      }
      case 'resumed':
        tellUp(
          event.role,
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

function otherThan(role: LinkRole): LinkRole {
  return role === 'producer' ? 'listener' : 'producer'
}
