import { parse } from 'node:path'
import { InvalidArgumentError } from 'commander'

/** Where a store is, as `--failures`, `--ledger` and `--results` say it. */
export type StoreLocation =
  | { readonly kind: 'none' }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mysql' | 'redis'; readonly uri: string }
  /** Results alone: to the enqueuer that waits for them. */
  | { readonly kind: 'reply' }

type Kind = StoreLocation['kind']
type PlacedKind = Exclude<Kind, 'none' | 'reply'>

const FORMS: Readonly<Record<Kind, string>> = {
  none: 'none',
  sqlite: 'a file such as failures.db or sqlite:failures.db',
  mysql: 'mysql://host/database',
  redis: 'redis://host:6379',
  reply: 'reply',
}

const KIND_OF_SCHEME: Readonly<Record<string, PlacedKind>> = {
  sqlite: 'sqlite',
  mysql: 'mysql',
  mariadb: 'mysql',
  redis: 'redis',
  rediss: 'redis',
  valkey: 'redis',
  valkeys: 'redis',
}

/** Reads where a store is, of the kinds that may be. What it throws quotes no credentials. */
export function storeLocation(allowed: readonly Kind[]): (text: string) => StoreLocation {
  const wrong = (): InvalidArgumentError =>
    new InvalidArgumentError(`Write ${orList(allowed.map((kind) => FORMS[kind]))}.`)
  return (text) => {
    const location = read(text)
    if (location === undefined || !allowed.includes(location.kind)) throw wrong()
    return location
  }
}

function read(text: string): StoreLocation | undefined {
  if (text === 'none' || text === 'reply') return { kind: text }
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined) return text === '' ? undefined : { kind: 'sqlite', path: text }
  const kind = KIND_OF_SCHEME[scheme]
  if (kind === 'sqlite') {
    const path = text.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
    return path === '' ? undefined : { kind, path }
  }
  if (kind === undefined || !URL.canParse(text) || new URL(text).host === '') return undefined
  return { kind, uri: text.replace(/^mariadb:/i, 'mysql:').replace(/^valkey(s?):/i, 'redis$1:') }
}

/** Where a ledger is when only the failures have a place: beside them. */
export function besideFailures(failures: StoreLocation): StoreLocation {
  if (failures.kind !== 'sqlite') return failures
  const { ext } = parse(failures.path)
  // A file of its own: what is noted for every job must not wait for what is kept of the failed ones.
  return { kind: 'sqlite', path: `${failures.path.slice(0, failures.path.length - ext.length)}-ledger${ext}` }
}

/** As it may be shown, without credentials. */
export function showLocation(location: StoreLocation): string {
  switch (location.kind) {
    case 'none':
    case 'reply':
      return location.kind
    case 'sqlite':
      return location.path
    case 'mysql':
    case 'redis':
      return withoutLogin(location.uri)
  }
}

function withoutLogin(uri: string): string {
  const url = new URL(uri)
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
