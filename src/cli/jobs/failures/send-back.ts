import { Command, InvalidArgumentError } from 'commander'
import type { App } from '../../../jobs/app.ts'
import type { FailureQuery } from '../../../jobs/failures/query/query.ts'
import { RequeueError, type RequeueOutcome } from '../../../jobs/failures/requeue/outcome.ts'
import type { RequeueOptions } from '../../../jobs/failures/requeue/options.ts'
import { messageOf } from '../../../errors.ts'
import { Exit, EXIT } from '../../exit-code.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { uriLast } from '../broker-words.ts'
import { confirm } from '../../terminal/confirmation.ts'
import { longDuration } from '../../arguments/duration.ts'
import { brokerWaitOption } from '../../with-connection.ts'
import {
  failures,
  type FailuresContext,
  onFailures,
  queryOf,
  type StoredOptions,
  withFailuresAndBrokers,
} from './failures-context.ts'
import { wholeNumber } from '../../arguments/whole-number.ts'
import { actorOption } from '../open-stores.ts'

interface RetryOptions extends StoredOptions {
  readonly limit?: number
  readonly rate?: number
  readonly maxAge?: number
  readonly dryRun?: true
  readonly to?: string
  readonly canary?: number
  readonly canaryTimeout?: number
  readonly actor?: string
  readonly yes?: true
  readonly brokerWait: number
}

const MOST = 2_147_483_647

/** `failures retry`: sends failed jobs back. */
export function retryCommand(context: FailuresContext): Command {
  const command = new Command('retry')
    .description('send failed jobs back to their queues')
    .argument('<query...>', 'which failures, and last a failover URI')
    .usage('[options] <query> <uri>')
    .option('--limit <n>', 'how many, the eldest first', wholeNumber(1, MOST))
    .option('--rate <n>', 'how many a second', perSecond)
    .option('--max-age <duration>', 'leave what failed longer ago, such as 2d', longDuration(1))
    .option('--dry-run', 'only say how many would go')
    .option('--to <queue>', 'another queue than each came from')
    .option('--canary <n>', 'send so many first, and the rest when they have succeeded', wholeNumber(1, MOST))
    .option('--canary-timeout <duration>', 'how long the first ones may take; 1m when not given', longDuration(1))
    .addOption(actorOption())
    .option('--yes', 'do not ask, which it does from two failures on')
    .addOption(brokerWaitOption())
  const lines = [
    `understudy failures retry 'error:"ECONNREFUSED" age<2h' amqp://localhost --dry-run`,
    'understudy failures retry job:image.resize amqp://localhost --canary 1 --rate 50 --yes',
  ]
  return onFailures(command, lines, ['UNDERSTUDY_URI']).action(
    async (words: readonly string[], options: RetryOptions) => {
      await retry(words, options, context)
    },
  )
}

async function retry(words: readonly string[], options: RetryOptions, context: FailuresContext): Promise<void> {
  const { uri, rest } = uriLast(words)
  if (rest.length === 0) throw new Exit(EXIT.badArguments, 'which failures? All are "status:failed"')
  const query = queryOf(context, rest)
  if (options.canaryTimeout !== undefined && options.canary === undefined)
    throw new Exit(EXIT.badArguments, '--canary-timeout goes with --canary')
  const { terminal } = context
  await withFailuresAndBrokers(context, uri, options, async (app) => {
    const { claimed, tooOld } = await app.failures.requeue(query, { ...requeueOptions(options), dryRun: true })
    if (options.dryRun) {
      if (options.json) terminal.out(`${JSON.stringify({ dryRun: true, matching: claimed, tooOld }, null, 2)}\n`)
      else terminal.out(`${failures(claimed)} would go back${tooOldText(tooOld)}\n`)
      return
    }
    if (claimed > 1) await confirm(terminal, `send ${failures(claimed)} back${tooOldText(tooOld)}?`, options.yes)
    await sendBack(app, query, options, terminal)
  })
}

async function sendBack(app: App, query: FailureQuery, options: RetryOptions, terminal: Terminal): Promise<void> {
  let outcome: RequeueOutcome
  let trouble = ''
  try {
    outcome = await app.failures.requeue(query, { ...requeueOptions(options), signal: terminal.interrupted })
  } catch (error) {
    if (!(error instanceof RequeueError)) throw error
    outcome = error.outcome
    trouble = messageOf(error)
  }
  terminal.out(options.json ? `${JSON.stringify(outcome, null, 2)}\n` : outcomeText(outcome))
  if (trouble !== '') throw new Exit(terminal.interrupted.aborted ? EXIT.interrupted : EXIT.unknown, trouble)
  if (outcome.stoppedByCanary) throw new Exit(EXIT.violated, canaryText(outcome))
}

function requeueOptions(options: RetryOptions): RequeueOptions {
  const { limit, rate, maxAge, to, canary, canaryTimeout, actor } = options
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(rate === undefined ? {} : { rate }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(to === undefined ? {} : { to }),
    ...(canary === undefined ? {} : { canary }),
    ...(canaryTimeout === undefined ? {} : { canaryTimeout }),
    ...(actor === undefined ? {} : { actor }),
  }
}

function outcomeText({ sent, released, unconfirmed, tooOld }: RequeueOutcome): string {
  const [how, perhaps] =
    unconfirmed === 0 ? ['sent', ''] : ['confirmed', `: brokers may have ${unconfirmed} of them all the same`]
  const left = released === 0 ? '' : `; ${released} not ${how}, and failed as before${perhaps}`
  return `${failures(sent)} sent back${left}${tooOldText(tooOld)}\n`
}

function canaryText({ canary }: RequeueOutcome): string {
  if (canary === undefined) return 'the rest stayed'
  const { sent, succeeded, failed, waiting } = canary
  return `of the first ${sent}, ${succeeded} succeeded, ${failed} failed and ${waiting} had not ended: the rest stayed`
}

function tooOldText(tooOld: number): string {
  return tooOld === 0 ? '' : `, and ${tooOld} older than --max-age would not`
}

function perSecond(text: string): number {
  const rate = Number(text)
  if (!/^\d{1,9}(?:\.\d{1,3})?$/.test(text) || rate <= 0)
    throw new InvalidArgumentError('Write how many a second, such as 50 or 0.5.')
  return rate
}
