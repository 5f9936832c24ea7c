import type { Logger } from '../logger.ts'
import type { StatusEvent } from './status.ts'

/**
 * One line for every status event: `warn` for what takes a link away, `info` for what brings one back,
 * `debug` for the steps between, `error` for the end. Fields beside the message never hold a credential.
 */
export function logStatus(logger: Logger, event: StatusEvent): void {
  const { role } = event
  switch (event.type) {
    case 'connected':
      logger.info({ role, endpoint: event.endpoint, afterMs: event.afterMs }, `connected to ${event.endpoint}`)
      return
    case 'resumed': {
      const { endpoint, outageMs, passes } = event
      logger.info({ role, endpoint, outageMs, passes }, `connected again, to ${endpoint}`)
      return
    }
    case 'interrupted': {
      const { endpoint, error } = event
      logger.warn({ role, endpoint, code: error.code }, `link lost: ${error.message}`)
      return
    }
    case 'attempt-failed': {
      const { endpoint, error } = event
      logger.debug({ role, endpoint, code: error.code }, `not connected: ${error.message}`)
      return
    }
    case 'reconnecting':
      logger.debug({ role, passes: event.passes, delayMs: event.delayMs }, 'no broker of the list answered')
      return
    case 'switching':
      logger.info({ role, endpoint: event.endpoint }, `going back to ${event.endpoint}`)
      return
    case 'subscribed': {
      const { endpoint, destination } = event
      logger.info({ role, endpoint, destination }, `subscribed to ${destination}`)
      return
    }
    case 'cancelled': {
      const { endpoint, destination, error } = event
      const what = `the broker ended the subscription: ${error.message}`
      logger.warn({ role, endpoint, destination, code: error.code }, what)
      return
    }
    case 'blocked':
      logger.warn({ role, endpoint: event.endpoint }, `the broker takes nothing more for now: ${event.reason}`)
      return
    case 'unblocked':
      logger.info({ role, endpoint: event.endpoint }, 'the broker reads on')
      return
    case 'failed':
      logger.error({ role, code: event.error.code }, event.error.message)
      return
    case 'closed':
      logger.debug({ role }, 'closed')
      return
  }
}
