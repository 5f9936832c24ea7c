import { Command } from 'commander'
import type { FailureQuery } from '../../../jobs/failures/query/query.ts'
import { confirm } from '../../terminal/confirmation.ts'
import { actorOption } from '../open-stores.ts'
import {
  failures,
  type FailuresContext,
  onFailures,
  queryOf,
  type StoredOptions,
  withFailures,
} from './failures-context.ts'

const FAILED: FailureQuery = { kind: 'field', field: 'status', text: 'failed' }
const RETRYING: FailureQuery = { kind: 'field', field: 'status', text: 'retrying' }

interface DropOptions extends StoredOptions {
  readonly yes?: true
  readonly actor?: string
}

/** `failures remove`: they are gone for good. */
export function removeCommand(context: FailuresContext): Command {
  return dropping(context, 'remove', 'forget kept failures, for good', [
    `understudy failures remove 'status:retried age>30d'`,
    'understudy failures remove status:discarded --yes',
  ])
}

/** `failures discard`: they stay, and nobody sends them back. */
export function discardCommand(context: FailuresContext): Command {
  return dropping(context, 'discard', 'mark kept failures as not wanted any more', [
    `understudy failures discard 'job:report.old status:failed'`,
    'understudy failures discard fingerprint:0f3a9c2b71d4e685 --yes',
  ])
}

function dropping(
  context: FailuresContext,
  action: 'remove' | 'discard',
  description: string,
  lines: readonly string[],
): Command {
  const command = new Command(action)
    .description(description)
    .argument('<query...>', 'which failures')
    .option('--yes', 'do not ask')
    .addOption(actorOption())
  return onFailures(command, lines).action(async (words: readonly string[], options: DropOptions) => {
    const query = queryOf(context, words)
    await withFailures(context, options, async (desk) => {
      const { terminal } = context
      // What is being sent back stays, and only what is failed can be discarded.
      const touched: FailureQuery = action === 'remove' ? { kind: 'not', of: RETRYING } : FAILED
      const matching = await desk.count({ kind: 'and', of: [query, touched] })
      if (matching > 0) await confirm(terminal, `${action} ${failures(matching)}?`, options.yes)
      const { actor } = options
      const count = matching === 0 ? 0 : await desk[action](query, actor === undefined ? {} : { actor })
      const done = action === 'remove' ? 'removed' : 'discarded'
      terminal.out(options.json ? `${JSON.stringify({ [done]: count })}\n` : `${failures(count)} ${done}\n`)
    })
  })
}
