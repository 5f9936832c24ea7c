import { delayedTarget, isOfDelays } from './delay-route.ts'

const FIRST = 'x-first-death-'
const LAST = 'x-last-death-'
const ABOUT = ['queue', 'reason', 'exchange'] as const

/** A table of `x-death`: one queue and one reason, and how often. */
type Death = Readonly<Record<string, unknown>>

/**
 * The headers without what RabbitMQ wrote about our delay levels, where a message dies on its way as it were. Real
 * deaths stay, as if there had been no delay.
 */
export function withoutDelays(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const all = headers['x-death']
  if (!Array.isArray(all) || !all.some(isDelay)) return headers
  const rest: Record<string, unknown> = Object.assign(Object.create(null) as object, headers)
  // The latest stands first.
  const deaths = all.filter((death) => !isDelay(death)).map((death) => asSent(death as Death))
  for (const about of ABOUT) {
    for (const [name, death] of [
      [`${FIRST}${about}`, deaths.at(-1)],
      [`${LAST}${about}`, deaths[0]],
    ] as const) {
      if (!Object.hasOwn(headers, name)) continue
      if (death) rest[name] = death[about]
      else delete rest[name]
    }
  }
  if (deaths.length > 0) rest['x-death'] = deaths
  else delete rest['x-death']
  return rest
}

function isDelay(death: unknown): boolean {
  const queue = (death as Death | null)?.['queue']
  return typeof queue === 'string' && isOfDelays(queue)
}

/** A message that was delayed comes to its queue from an exchange of ours, and was sent to the queue. */
function asSent(death: Death): Death {
  const keys = death['routing-keys']
  const [key] = Array.isArray(keys) ? keys : []
  const target = delayedTarget(String(death['exchange']), String(key))
  return target === undefined ? death : { ...death, exchange: '', 'routing-keys': [target] }
}
