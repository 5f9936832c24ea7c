import { messageOf } from '../../errors.ts'
import { failureMessage } from '../failures/failure-record.ts'
import type { Failure } from '../failures/failure.ts'
import { FAILED_QUEUE } from '../job-host.ts'
import { Patience } from './patience.ts'
import type { Shop, Task } from './task.ts'

/**
 * Puts a failure where it is safe: into the failure store, or where that is down or there is none into the broker's
 * own queue of failures. Tries until one of them has it, the delivery is stale or the worker lets go; resolves with
 * whether it is safe. The same failure kept twice is kept once.
 */
export async function keepSafe(shop: Shop, task: Task, failure: Failure): Promise<boolean> {
  const patience = new Patience(shop.host.clock)
  for (;;) {
    if ((await keepInStore(shop, failure)) || (await keepInQueue(shop, failure))) return true
    if (shop.letGo.aborted || task.delivery.isStale) return false
    await patience.wait(shop.letGo)
  }
}

async function keepInStore({ host, bounds }: Shop, failure: Failure): Promise<boolean> {
  const { failures, logger } = host
  if (failures === undefined) return false
  try {
    await bounds.within('keeping a failure', () => failures.keep([failure]))
    return true
  } catch (error) {
    const fields = { jobId: failure.jobId, store: failures.name, error: messageOf(error) }
    logger.error(fields, `a failed job could not be kept; it goes to queue ${FAILED_QUEUE}`)
    return false
  }
}

async function keepInQueue({ host, letGo }: Shop, failure: Failure): Promise<boolean> {
  const { connection, logger } = host
  const { payload, options } = failureMessage(failure)
  try {
    await host.declareQueue(FAILED_QUEUE)
    await connection.send(`queue://${FAILED_QUEUE}`, payload, { ...options, signal: letGo })
    return true
  } catch (error) {
    const fields = { jobId: failure.jobId, queue: FAILED_QUEUE, error: messageOf(error) }
    logger.error(fields, 'a failed job could be kept nowhere; it stays unacknowledged and is tried again')
    return false
  }
}
