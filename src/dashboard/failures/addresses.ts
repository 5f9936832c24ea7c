import type { Html } from '../../page/html.ts'
import { literal } from './literal.ts'

/** What stands behind the ? of an address: what is undefined is left out. */
export type AddressParameters = Readonly<Record<string, string | number | undefined>>

/** An address, whole however long it is: as a value in a template, and as text for a redirection. */
export interface Address extends Html {
  readonly text: string
}

/** The address of a page of this dashboard. */
export function addressOf(basePath: string, path: string, parameters: AddressParameters = {}): Address {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) search.append(name, String(value))
  const behind = search.toString()
  const text = `${basePath}${path}${behind === '' ? '' : `?${behind}`}`
  return Object.assign(literal(text), { text })
}

/** The page of one failure, or something below it. Ids come from messages of anybody. */
export function failureAddress(basePath: string, id: string, below = ''): Address {
  return addressOf(basePath, `/failures/${encodeURIComponent(id.toWellFormed())}${below}`)
}

/** The failures that a query finds. */
export function searchAddress(basePath: string, query: string, parameters: AddressParameters = {}): Address {
  return addressOf(basePath, '/failures', { q: query, ...parameters })
}

/** A query for exactly this value of a field. */
export function queryFor(field: string, value: string): string {
  const quoted = `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return `${field}:${/^[\w.-]+$/.test(value) ? value : quoted}`
}
