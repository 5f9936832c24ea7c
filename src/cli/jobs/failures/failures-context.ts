import type { Command } from 'commander'
import type { App } from '../../../jobs/app.ts'
import type { FailureDesk } from '../../../jobs/failures/desk.ts'
import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { parseQuery } from '../../../jobs/failures/query/parser.ts'
import type { FailureQuery } from '../../../jobs/failures/query/query.ts'
import { Exit, EXIT } from '../../exit-code.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples, type Variable } from '../../examples.ts'
import { failuresOption, openFailures } from '../open-stores.ts'
import { explainQuery } from './query-argument.ts'
import type { StoreLocation } from '../store-location.ts'
import { withApp, withStores } from '../with-app.ts'

/** What the commands about kept failures have from outside. */
export interface FailuresContext {
  readonly terminal: Terminal
  /** Of a table. */
  readonly width: number
}

export interface StoredOptions {
  readonly failures: StoreLocation
  readonly json?: true
}

/** Options and help that all of them have. */
export function onFailures(command: Command, lines: readonly string[], variables: readonly Variable[] = []): Command {
  return command
    .addOption(failuresOption())
    .option('--json', 'print one JSON document')
    .addHelpText('after', examples(lines, [...variables, 'UNDERSTUDY_FAILURES']))
}

/** Does something with the store alone; no broker is dialled. */
export function withFailures<Value>(
  { terminal }: FailuresContext,
  { failures }: StoredOptions,
  work: (desk: FailureDesk, app: App) => Promise<Value>,
): Promise<Value> {
  return withStores(terminal, openFailures(failures, { mustExist: true }), (app) => work(app.failures, app))
}

/** Does something with the store, which must be there, and with brokers. */
export function withFailuresAndBrokers<Value>(
  { terminal }: FailuresContext,
  uri: string,
  { failures, brokerWait }: StoredOptions & { readonly brokerWait: number },
  work: (app: App) => Promise<Value>,
): Promise<Value> {
  return withApp(terminal, { uri, waitMs: brokerWait, ...openFailures(failures, { mustExist: true }) }, work)
}

/**
 * The query that words of a command line are.
 *
 * @throws Exit for one that cannot be read; a caret shows where.
 */
export function queryOf({ terminal }: FailuresContext, words: readonly string[]): FailureQuery {
  const text = words.join(' ')
  return explainQuery(terminal, text, () => parseQuery(text))
}

/**
 * A failure by its id, or by the beginning of it as a table shows it.
 *
 * @throws Exit when there is none, or more than one.
 */
export async function failureOf(desk: FailureDesk, id: string): Promise<KeptFailure> {
  const exact = await desk.show(id)
  if (exact !== undefined) return exact
  const [, beginning = id, requeues] = /^(.*)\.(\d+)$/.exec(id) ?? []
  const pattern = `${beginning}*${requeues === undefined ? '' : `.${requeues}`}`
  const found = await desk.search({ kind: 'field', field: 'id', text: pattern }, { limit: 2 })
  const [first, second] = found.failures
  if (first === undefined) throw new Exit(EXIT.unknown, `there is no failure ${id}`)
  if (second === undefined) return first
  throw new Exit(
    EXIT.badArguments,
    `${id} is the beginning of several: ${first.id}, ${second.id}${found.next ? ', …' : ''}`,
  )
}

/** `1 failure`, `2 failures`. */
export function failures(count: number): string {
  return `${count} ${count === 1 ? 'failure' : 'failures'}`
}
