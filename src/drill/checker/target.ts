import type { Timeline } from './timeline.ts'

type Places = Pick<Timeline, 'run' | 'probes'>

/** Whether clients come to the brokers through this endpoint, so that it says nothing of which one served. */
export function isEntrance({ run }: Pick<Timeline, 'run'>, endpoint: string | null): boolean {
  return run.entrances?.some((entrance) => entrance.endpoint === endpoint) ?? false
}

/** What stands at an endpoint: a broker's name, or an entrance's; the endpoint itself where nothing names it. */
export function nameAt({ run, probes }: Places, endpoint: string): string {
  const places = [...(run.brokers ?? []), ...(run.entrances ?? [])]
  const named = places.find((place) => place.endpoint === endpoint)?.name
  return named ?? probes.find((probe) => probe.endpoint === endpoint)?.node ?? endpoint
}

/** The broker at an endpoint; null at an entrance. */
export function nodeAt(places: Places, endpoint: string): string | null {
  return isEntrance(places, endpoint) ? null : nameAt(places, endpoint)
}

/** What was hurt, in a sentence: a broker by its name, anything else with its article, as in `the database`. */
export function sayTarget({ run, fault }: Pick<Timeline, 'run' | 'fault'>): string {
  const { node, endpoint } = fault ?? { node: '', endpoint: null }
  const places = [...(run.brokers ?? []), ...(run.entrances ?? [])]
  const isName = endpoint !== null || places.some(({ name }) => name === node)
  return isName || /\s/.test(node) ? node : `the ${node}`
}

/** A clause that begins with what was hurt, as a sentence begins. The names of brokers stay as they are. */
export function asBeginning(clause: string): string {
  return clause.startsWith('the ') ? `T${clause.slice(1)}` : clause
}
