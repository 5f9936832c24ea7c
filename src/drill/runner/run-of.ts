import type { Delivery } from '../../listener/delivery.ts'

/** The run that sent it; a message that does not say is of no run. */
export function runOf(delivery: Delivery): string {
  try {
    const { runId } = delivery.json<{ readonly runId?: unknown }>()
    return typeof runId === 'string' ? runId : ''
  } catch {
    return ''
  }
}
