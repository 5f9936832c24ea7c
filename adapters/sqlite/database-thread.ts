/** The thread that a database lives in: SQLite makes its caller wait, and an application must not. */
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Answer, Call, ThreadTask, ToThread } from './calls.ts'
import { openDatabase } from './database.ts'
import { storageError } from './errors.ts'
import { failureReads } from './failure-reads.ts'
import { failureWrites } from './failure-writes.ts'
import { ledgerWrites } from './ledger-writes.ts'
import { resultRows } from './result-rows.ts'

/** How many calls share a transaction at most: a longer one would keep other processes waiting. */
const MAX_TOGETHER = 500

type Operation = (...args: readonly unknown[]) => unknown

interface Opened {
  readonly database: DatabaseSync
  readonly operations: Readonly<Record<string, Operation>>
}

const task = workerData as ThreadTask
let opened: Opened | undefined

function open(): Opened {
  // A failure is acknowledged to its broker once it is kept here: this file is then all there is of it. Of a run that
  // the ledger forgets, the broker still has the message; a result that is lost is lost to whoever waits for it, and
  // the job is done all the same.
  const outlivesPowerCut = task.kind !== 'ledger' && task.kind !== 'results'
  const database = openDatabase({ path: task.path, outlivesPowerCut })
  switch (task.kind) {
    case 'failure-reads':
      return { database, operations: named(failureReads(database)) }
    case 'failure-writes':
      return { database, operations: named(failureWrites(database)) }
    case 'ledger':
      return { database, operations: named(ledgerWrites(database, task.keepForMs)) }
    case 'results':
      return { database, operations: named(resultRows(database)) }
  }
}

function named(operations: object): Readonly<Record<string, Operation>> {
  return operations as Readonly<Record<string, Operation>>
}

function perform({ operations }: Opened, { id, name, args }: Call): Answer {
  const operation = operations[name]
  if (!operation) throw new Error(`there is no ${name}`)
  return { id, value: operation(...args) }
}

function failed({ id }: Call, cause: unknown): Answer {
  const { code, message, retriable } = storageError(task.path, cause)
  return { id, failed: { code, message, retriable } }
}

function readAll(calls: readonly Call[]): readonly Answer[] {
  return calls.map((call) => {
    try {
      return perform((opened ??= open()), call)
    } catch (error) {
      return failed(call, error)
    }
  })
}

/** Changes that wait at once share one commit, and with it one wait for the disk. */
function writeAll(calls: readonly Call[]): readonly Answer[] {
  try {
    opened ??= open()
    const { database } = opened
    database.exec('BEGIN IMMEDIATE')
    try {
      const answers = calls.map((call) => writeOne(database, call))
      database.exec('COMMIT')
      return answers
    } finally {
      if (database.isTransaction) database.exec('ROLLBACK')
    }
  } catch (error) {
    return calls.map((call) => failed(call, error))
  }
}

/** One that fails takes back what it did, and nobody else's. */
function writeOne(database: DatabaseSync, call: Call): Answer {
  if (!opened) throw new Error('the database is closed')
  database.exec('SAVEPOINT one')
  try {
    return perform(opened, call)
  } catch (error) {
    // A full disk, for one, ends the whole transaction.
    if (!database.isTransaction) throw error
    database.exec('ROLLBACK TO one')
    return failed(call, error)
  } finally {
    if (database.isTransaction) database.exec('RELEASE one')
  }
}

const port = parentPort

function take(first: ToThread): void {
  const calls: Call[] = []
  let message: ToThread | undefined = first
  while (message !== undefined && message !== 'close') {
    calls.push(...message)
    message = port ? (receiveMessageOnPort(port)?.message as ToThread | undefined) : undefined
  }
  for (let at = 0; at < calls.length; at += MAX_TOGETHER) {
    const together = calls.slice(at, at + MAX_TOGETHER)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    port?.postMessage(task.kind === 'failure-reads' ? readAll(together) : writeAll(together))
  }
  if (message !== 'close') return
  opened?.database.close()
  port?.close()
}

port?.on('message', take)
