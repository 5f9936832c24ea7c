import { isImpossible, messageOf } from '../../errors.ts'
import type { LedgerEntry } from '../ledger/ledger.ts'
import { Patience } from './patience.ts'
import type { Shop, Task } from './task.ts'

// What is done must be acknowledged some time, whatever is down: so long is tried before.
const IN_ALL_MS = 30_000

/**
 * What the ledger knows of a run that begins now. Without an answer nothing may be run: it is asked until it answers.
 * Undefined when the delivery has gone stale or the worker lets go meanwhile.
 */
export async function beginRun(shop: Shop, task: Task): Promise<LedgerEntry | undefined> {
  const { ledger, clock, logger } = shop.host
  // The first try is nearly always the only one.
  let patience: Patience | undefined
  for (;;) {
    try {
      const entry = await ledger.begin(task.key, shop.worker)
      task.begun = true
      return entry
    } catch (error) {
      logger.error({ jobId: task.jobId, error: messageOf(error) }, 'the ledger does not answer; the job waits for it')
    }
    if (shop.letGo.aborted || task.delivery.isStale) return undefined
    patience ??= new Patience(clock)
    await patience.wait(shop.letGo)
  }
}

/**
 * Notes that a run is finished. Where the ledger is down for longer than 30 s it is acknowledged without: another copy
 * of it comes only if that is lost too. No later run waits for that in vain, as none begins without the ledger.
 */
export async function finishRun(shop: Shop, task: Task): Promise<void> {
  const { ledger, clock, logger } = shop.host
  const until = clock.now() + IN_ALL_MS
  let patience: Patience | undefined
  for (;;) {
    try {
      await shop.bounds.within('the ledger', () => ledger.finish(task.key))
      return
    } catch (error) {
      const isOver = isImpossible(error) || shop.letGo.aborted || clock.now() >= until
      const fields = { jobId: task.jobId, error: messageOf(error) }
      logger.error(fields, `a finished job could not be noted; ${isOver ? 'given up' : 'tried again'}`)
      if (isOver) return
    }
    patience ??= new Patience(clock)
    await patience.wait(shop.letGo)
  }
}

/** That start of it does not count, told once. Best effort: where it fails, the run has one start more. */
export async function interruptRun(shop: Shop, task: Task): Promise<void> {
  if (!task.begun) return
  task.begun = false
  const { ledger, logger } = shop.host
  try {
    await shop.bounds.within('the ledger', () => ledger.interrupted(task.key))
  } catch (error) {
    logger.warn({ jobId: task.jobId, error: messageOf(error) }, 'a job that was let go could not be noted as such')
  }
}

/** The job that an operator sent back is done: its failure is history. */
export async function tellResolved({ host, bounds }: Shop, task: Task): Promise<void> {
  const { failures, clock, logger } = host
  const { requeues } = task.envelope
  if (failures === undefined || requeues === 0) return
  try {
    await bounds.within('the failure store', () => failures.resolved(task.jobId, requeues, clock.wallTime()))
  } catch (error) {
    logger.warn({ jobId: task.jobId, error: messageOf(error) }, 'the failure that a job made good could not be marked')
  }
}
