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

/** @throws Exit for a file that is not there and is to be read only. */
export function openFailures(
  location: StoreLocation,
  { mustExist = false }: { readonly mustExist?: boolean } = {},
): Pick<AppOptions, 'failures'> {
  switch (location.kind) {
    case 'sqlite':
      if (mustExist && !existsSync(location.path))
        throw new Exit(EXIT.unknown, `there is no ${location.path}; --failures says where failures are kept`)
      return { failures: sqliteFailures(location.path) }
    case 'mysql':
      return { failures: mysqlFailures({ uri: location.uri }) }
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
      return { ledger: sqliteLedger(location.path) }
    case 'mysql':
      return { ledger: mysqlLedger({ uri: location.uri }) }
    case 'none':
    case 'redis':
    case 'reply':
      return {}
  }
}

export function openResults(location: StoreLocation): Pick<AppOptions, 'results'> {
  switch (location.kind) {
    case 'reply':
      return { results: replyResults() }
    case 'sqlite':
      return { results: sqliteResults(location.path) }
    case 'mysql':
      return { results: mysqlResults({ uri: location.uri }) }
    case 'redis':
      return { results: valkeyResults({ url: location.uri }) }
    case 'none':
      return {}
  }
}
