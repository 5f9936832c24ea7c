/** The thread that a database lives in: SQLite makes its caller wait, and an application must not. */
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { UnderstudyError } from '../../src/errors.ts'
import type { Answer, Call, ThreadTask, ToThread } from './calls.ts'
import { beginChange, openDatabase } from './database.ts'
import { storageError } from './errors.ts'
import { failureReads } from './failure-reads.ts'
import { failureWrites } from './failure-writes.ts'
import { ledgerWrites } from './ledger-writes.ts'
import { resultRows } from './result-rows.ts'

/** How many calls share a transaction at most, and for how long: a longer one would keep other processes waiting. */
const MAX_TOGETHER = 500
const TOGETHER_MS = 50

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
  const database = openDatabase({ path: task.path, changes: task.kind !== 'failure-reads', outlivesPowerCut })
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

function perform({ operations }: Opened, call: Call): Answer {
  const { id, name, args } = call
  try {
    const operation = operations[name]
    if (!operation) throw new Error(`there is no ${name}`)
    return { id, value: operation(...args) }
  } catch (error) {
    return failed(call, error)
  }
}

function failed({ id }: Call, cause: unknown): Answer {
  const { code, message, retriable } = storageError(task.path, cause)
  return { id, failed: { code, message, retriable } }
}

/** What of the calls is done in one go, from the first of them on. */
function answerSome(calls: readonly Call[]): readonly Answer[] {
  try {
    opened ??= open()
    return task.kind === 'failure-reads' ? performSome(opened, calls, perform) : writeSome(opened, calls)
  } catch (error) {
    // Nothing can be opened, begun or committed: the rest would only wait for the same.
    return calls.map((call) => failed(call, error))
  }
}

/** Changes that wait at once share one commit, and with it one wait for the disk. */
function writeSome(opened: Opened, calls: readonly Call[]): readonly Answer[] {
  const { database } = opened
  beginChange(database)
  try {
    const answers = performSome(opened, calls, performApart)
    database.exec('COMMIT')
    return answers
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK')
  }
}

function performSome(opened: Opened, calls: readonly Call[], one: typeof perform): readonly Answer[] {
  const answers: Answer[] = []
  const until = performance.now() + TOGETHER_MS
  for (const call of calls) {
    answers.push(one(opened, call))
    if (answers.length === MAX_TOGETHER || performance.now() > until) break
  }
  return answers
}

/** A change that fails takes back what it did, and nobody else's. */
function performApart(opened: Opened, call: Call): Answer {
  const { database } = opened
  database.exec('SAVEPOINT one')
  const answer = perform(opened, call)
  if ('failed' in answer) {
    // A full disk, for one, ends the whole transaction.
    if (!database.isTransaction) throw new UnderstudyError(answer.failed.code, answer.failed.message, answer.failed)
    database.exec('ROLLBACK TO one')
  }
  database.exec('RELEASE one')
  return answer
}

const port = parentPort

function take(first: ToThread): void {
  const calls: Call[] = []
  let message: ToThread | undefined = first
  while (message !== undefined && message !== 'close') {
    calls.push(...message)
    message = port ? (receiveMessageOnPort(port)?.message as ToThread | undefined) : undefined
  }
  for (let at = 0; at < calls.length; ) {
    const answers = answerSome(at === 0 ? calls : calls.slice(at))
    at += answers.length
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    port?.postMessage(answers)
  }
  if (message !== 'close') return
  opened?.database.close()
  port?.close()
}

port?.on('message', take)
