// What both sides share: the two tasks, the service's own exchanges and queues, and where results are kept.
import { setTimeout as sleep } from 'node:timers/promises'
import { type AppOptions, defineJob, type Job, type JobContext, replyResults, valkeyResults } from 'understudy-mq'

const USERS = 'user.account.create.demo-service'
const PAYMENTS = 'payment.invoice.create.demo-service'

/** A task takes so many seconds, and nothing else. */
async function work(seconds: number, { signal }: JobContext): Promise<number> {
  if (seconds > 0) await sleep(seconds * 1000, undefined, { signal })
  return seconds
}

// Published to an exchange, which knows by the routing key whose queue it is.
export const createAccount: Job<number, number, number> = defineJob({
  name: 'user.account.create',
  queue: USERS,
  to: 'exchange://user.commands/user.account.create',
  perform: work,
})

export const createInvoice: Job<number, number, number> = defineJob({
  name: 'payment.invoice.create',
  queue: PAYMENTS,
  to: 'exchange://payment.commands/payment.invoice.create',
  perform: work,
})

const { VALKEY_URL: valkey, USER_QUEUE_TYPE: type } = process.env

export const options: Pick<AppOptions, 'queues' | 'results'> = {
  // How long a task may wait and where it goes then is the operator's matter: the policies of definitions.json.
  queues: {
    [USERS]: {
      type: type === 'quorum' ? 'quorum' : 'classic',
      bindings: ['exchange://user.commands/user.account.create'],
      deadLetterTo: null,
    },
    [PAYMENTS]: {
      type: 'quorum',
      bindings: ['exchange://payment.commands/payment.invoice.*'],
      deadLetterTo: null,
    },
  },
  results: valkey === undefined ? replyResults() : valkeyResults({ url: valkey }),
}

/** How long the policies let a task wait. */
export const WAITS_AT_MOST_MS = 60_000

export const uri: string = process.env['UNDERSTUDY_URI'] ?? 'failover:(amqp://localhost:5672)'
