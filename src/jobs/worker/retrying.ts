import { isImpossible, isRefused, messageOf } from '../../errors.ts'
import { WrittenBody } from '../../producer/payload.ts'
import { applicationHeaders, writeEnvelope } from '../envelope.ts'
import type { AttemptRecord } from '../failures/failure.ts'
import { Patience } from './patience.ts'
import type { Shop, Task } from './task.ts'

/** What became of a retry: a broker has it, no broker will and why, or it is left to another delivery. */
export type RetryEnd = 'sent' | 'left' | { readonly refused: string }

// A broker that looks for a new leader refuses for a while, in the same words as for good.
const MOST_REFUSALS = 10

/**
 * Sends the next attempt of a job, the same message otherwise, and waits for the confirm. Tries until a broker has it,
 * or refuses it for good, or the delivery is stale, or the worker lets go.
 */
export async function sendRetry(
  shop: Shop,
  task: Task,
  attempts: readonly AttemptRecord[],
  delayMs: number,
): Promise<RetryEnd> {
  const { host, letGo } = shop
  const patience = new Patience(host.clock)
  for (let refusals = 0; ; ) {
    try {
      await send(shop, task, attempts, delayMs)
      return 'sent'
    } catch (error) {
      host.logger.error(
        { jobId: task.jobId, queue: task.queue, error: messageOf(error) },
        'the next attempt of a job could not be sent',
      )
      if (isRefused(error)) refusals++
      if (isImpossible(error) || refusals >= MOST_REFUSALS) return { refused: messageOf(error) }
    }
    if (letGo.aborted || task.delivery.isStale) return 'left'
    await patience.wait(letGo)
  }
}

async function send(
  { host, letGo }: Shop,
  { delivery, envelope, queue, jobId }: Task,
  history: readonly AttemptRecord[],
  delayMs: number,
): Promise<void> {
  const { priority } = envelope
  const dueAt = delayMs > 0 ? host.clock.wallTime() + delayMs : undefined
  const headers = writeEnvelope(
    { ...envelope, queue, attempt: envelope.attempt + 1, dueAt, history },
    applicationHeaders(delivery.headers),
  )
  await host.declareQueue(queue)
  await host.connection.send(`queue://${queue}`, new WrittenBody(delivery.bytes, delivery.contentType), {
    id: jobId,
    headers,
    signal: letGo,
    ...(delayMs > 0 ? { delayMs } : {}),
    ...(priority === undefined || !host.connection.can('priority') ? {} : { priority }),
    ...(delivery.correlationId === undefined ? {} : { correlationId: delivery.correlationId }),
    ...(delivery.replyTo === undefined ? {} : { replyTo: delivery.replyTo }),
  })
}
