import { existsSync } from 'node:fs'
import { Option } from 'commander'
import type { AppOptions } from '../../jobs/app.ts'
import { replyResults } from '../../jobs/results/reply.ts'
import {
  mysqlFailures,
  mysqlLedger,
  mysqlResults,
  sqliteFailures,
  sqliteLedger,
  sqliteResults,
  valkeyResults,
} from '../../stores.ts'
import { messageOf, UnderstudyError } from '../../errors.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { showLocation, type StoreLocation, storeLocation } from './store-location.ts'

const DEFAULT_FAILURES: StoreLocation = { kind: 'sqlite', path: 'failures.db' }
const REPLY: StoreLocation = { kind: 'reply' }

export function failuresOption(): Option {
  return optionalFailuresOption().default(DEFAULT_FAILURES, showLocation(DEFAULT_FAILURES))
}

/** The same without a default. */
export function optionalFailuresOption(): Option {
  return new Option(
    '--failures <store>',
    'where failures are kept: a file, mysql://user:password@host/database or none',
  )
    .env('UNDERSTUDY_FAILURES')
    .argParser(storeLocation(['sqlite', 'mysql', 'none']))
}

/** For whatever the audit of the failures notes. */
export function actorOption(): Option {
  return new Option('--actor <name>', 'who does it, for the audit; user@host when not given')
}

export function ledgerOption(): Option {
  return new Option('--ledger <store>', 'where finished runs are noted; beside the failures when not given').argParser(
    storeLocation(['sqlite', 'mysql', 'none']),
  )
}

export function resultsOption(): Option {
  return new Option('--results <store>', 'where results go: reply, sqlite:FILE, mysql://… or redis://host:6379')
    .env('UNDERSTUDY_RESULTS')
    .argParser(storeLocation(['reply', 'sqlite', 'mysql', 'redis', 'none']))
    .default(REPLY, showLocation(REPLY))
}

/** Where results are looked up: those that go by reply are nowhere. */
export function keptResultsOption(): Option {
  return new Option('--results <store>', 'where results are kept: sqlite:FILE, mysql://… or redis://host:6379')
    .env('UNDERSTUDY_RESULTS')
    .argParser(storeLocation(['sqlite', 'mysql', 'redis', 'reply', 'none']))
}

/** @throws Exit for a file that is not there and is to be read only. */
export function openFailures(
  location: StoreLocation,
  { mustExist = false }: { readonly mustExist?: boolean } = {},
): Pick<AppOptions, 'failures'> {
  switch (location.kind) {
    case 'sqlite':
      if (mustExist && !existsSync(location.path))
        throw new Exit(EXIT.unknown, `there is no ${location.path}; --failures says where failures are kept`)
      return named('--failures', () => ({ failures: sqliteFailures(location.path) }))
    case 'mysql':
      return named('--failures', () => ({ failures: mysqlFailures({ uri: location.uri }) }))
    case 'none':
    case 'redis':
    case 'reply':
      if (mustExist) throw new Exit(EXIT.badArguments, '--failures: none are kept; write where they are kept')
      return {}
  }
}

export function openLedger(location: StoreLocation): Pick<AppOptions, 'ledger'> {
  switch (location.kind) {
    case 'sqlite':
      return named('--ledger', () => ({ ledger: sqliteLedger(location.path) }))
    case 'mysql':
      return named('--ledger', () => ({ ledger: mysqlLedger({ uri: location.uri }) }))
    case 'none':
    case 'redis':
    case 'reply':
      return {}
  }
}

/** @throws Exit for a file that is not there and is to be read only. */
export function openResults(
  location: StoreLocation,
  { mustExist = false }: { readonly mustExist?: boolean } = {},
): Pick<AppOptions, 'results'> {
  switch (location.kind) {
    case 'reply':
      return { results: replyResults() }
    case 'sqlite':
      if (mustExist && !existsSync(location.path))
        throw new Exit(EXIT.unknown, `there is no ${location.path}; --results says where results are kept`)
      return named('--results', () => ({ results: sqliteResults(location.path) }))
    case 'mysql':
      return named('--results', () => ({ results: mysqlResults({ uri: location.uri }) }))
    case 'redis':
      return named('--results', () => ({ results: valkeyResults({ url: location.uri }) }))
    case 'none':
      return {}
  }
}

/** What a store has against its address is told with the option that it came from. */
function named<Store>(option: string, make: () => Store): Store {
  try {
    return make()
  } catch (error) {
    throw new Exit(EXIT.badArguments, `${option}: ${messageOf(error)}`)
  }
}

/**
 * Does something that stands on a store; one that is not there, or that is none, is a target that is missing.
 *
 * @throws Exit for trouble with a store, and what `work` throws.
 */
export async function onStores<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UnderstudyError && error.code === 'storage') throw new Exit(EXIT.unknown, error.message)
    throw error
  }
}
